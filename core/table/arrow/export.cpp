#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/table/arrow/export_array.h"
#include "core/table/arrow/format.h"
#include "meg/arrow.h"
#include "meg/error.h"

namespace meg {

namespace {

/// What an exported schema keeps until it is released; the fields' are their own.
struct KeptSchema {
  std::string format, name;
  std::vector<ArrowSchema> fields;
  std::vector<ArrowSchema*> children;
  ArrowSchema dictionary{};
};

struct KeptRows {
  std::vector<ArrowArray> fields;
  std::vector<ArrowArray*> children;
  const void* validity = nullptr;  // no row is null as a whole
};

/// A consumer may have moved single fields away, which are released by then.
template <class T, class Kept>
void release(T* value) {
  const std::unique_ptr<Kept> kept(static_cast<Kept*>(value->private_data));
  for (T& field : kept->fields)
    if (field.release) field.release(&field);
  if (value->dictionary && value->dictionary->release) value->dictionary->release(value->dictionary);
  value->release = nullptr;
}

void set_schema(std::string format, std::string name, std::int64_t flags, ArrowSchema* out) {
  auto kept = std::make_unique<KeptSchema>();
  kept->format = std::move(format);
  kept->name = std::move(name);
  *out = {};
  out->format = kept->format.c_str();
  out->name = kept->name.c_str();
  out->flags = flags;
  out->release = &release<ArrowSchema, KeptSchema>;
  out->private_data = kept.release();
}

void export_field(const std::string& name, const DataType& type, ArrowSchema* out) {
  set_schema(format_of(type), name, ARROW_FLAG_NULLABLE | (type.ordered ? ARROW_FLAG_DICTIONARY_ORDERED : 0), out);
  if (type.id != TypeId::kDictionary) return;
  ArrowSchema& dictionary = static_cast<KeptSchema*>(out->private_data)->dictionary;
  set_schema(dictionary_format_of(type), "", ARROW_FLAG_NULLABLE, &dictionary);
  out->dictionary = &dictionary;
}

/// A stream of what a function returns.
struct Stream {
  Table columns;
  std::function<std::optional<Table>()> next;
  std::string error;
};

Stream& stream_of(ArrowArrayStream* stream) { return *static_cast<Stream*>(stream->private_data); }

/// 0, or a code of an error, which the stream keeps. Nothing is thrown: C calls it.
template <class Act>
int said_by(ArrowArrayStream* stream, const Act& act) noexcept {
  Stream& self = stream_of(stream);
  try {
    try {
      act(self);
      return 0;
    } catch (const std::bad_alloc&) {
      self.error = "out of memory";
      return ENOMEM;
    } catch (const std::exception& error) {
      self.error = error.what();
      return EINVAL;
    }
  } catch (...) {  // what is no exception of the standard library, or no memory for the sentence
    self.error.clear();
    return EINVAL;
  }
}

int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  *out = {};
  const int code = said_by(stream, [&](Stream& self) { export_schema(self.columns, out); });
  if (code != 0 && out->release) out->release(out);
  return code;
}

int get_next(ArrowArrayStream* stream, ArrowArray* out) {
  *out = {};
  return said_by(stream, [&](Stream& self) {
    if (const auto rows = self.next()) export_table(*rows, out);
  });
}

const char* get_last_error(ArrowArrayStream* stream) {
  const std::string& error = stream_of(stream).error;
  return error.empty() ? nullptr : error.c_str();
}

void release_stream(ArrowArrayStream* stream) {
  const std::unique_ptr<Stream> kept(&stream_of(stream));
  stream->release = nullptr;
}

}  // namespace

void export_schema(const Table& columns, ArrowSchema* schema) {
  set_schema("+s", "", 0, schema);
  auto& kept = *static_cast<KeptSchema*>(schema->private_data);
  kept.fields.resize(columns.columns());
  for (std::size_t c = 0; c < columns.columns(); ++c) {
    export_field(columns.name(c), columns[c].type(), &kept.fields[c]);
    kept.children.push_back(&kept.fields[c]);
  }
  schema->n_children = static_cast<std::int64_t>(kept.children.size());
  schema->children = kept.children.data();
}

void export_table(const Table& rows, ArrowArray* out) {
  auto kept = std::make_unique<KeptRows>();
  kept->fields.resize(rows.columns());
  *out = {};
  try {
    for (std::size_t c = 0; c < rows.columns(); ++c) {
      export_array(rows[c], rows.name(c), &kept->fields[c]);
      kept->children.push_back(&kept->fields[c]);
    }
  } catch (...) {
    for (ArrowArray* field : kept->children) field->release(field);
    throw;
  }
  out->length = static_cast<std::int64_t>(rows.rows());
  out->n_buffers = 1;
  out->buffers = &kept->validity;
  out->n_children = static_cast<std::int64_t>(kept->children.size());
  out->children = kept->children.data();
  out->release = &release<ArrowArray, KeptRows>;
  out->private_data = kept.release();
}

void export_stream(const Table& columns, std::function<std::optional<Table>()> next, ArrowArrayStream* out) {
  auto stream = std::make_unique<Stream>(Stream{columns.slice(0, 0), std::move(next), ""});
  *out = {&get_schema, &get_next, &get_last_error, &release_stream, stream.release()};
}

void export_stream(const Table& table, ArrowArrayStream* out) {
  export_stream(
      table, [rest = std::optional(table)]() mutable { return std::exchange(rest, std::nullopt); }, out);
}

}  // namespace meg
