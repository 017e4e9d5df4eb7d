#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "core/fail.h"
#include "core/table/arrow/format.h"
#include "core/table/arrow/import_array.h"
#include "core/table/table_builder.h"
#include "meg/arrow.h"

namespace meg {

namespace {

template <class T>
T moved(T* from) {
  return std::exchange(*from, T{});
}

/// Released when it goes.
template <class T>
struct Released {
  T value;
  explicit Released(T* from) : value(moved(from)) {}
  Released(const Released&) = delete;
  ~Released() {
    if (value.release) value.release(&value);
  }
};

std::string name_of(const ArrowSchema& field, std::int64_t place) {
  const std::string name = field.name ? field.name : "";
  if (name.empty()) fail("column {} has no name", place + 1);
  return name;
}

void check_columns(const ArrowSchema& schema) {
  if (schema.n_children < 0) fail("the table cannot have {} columns", schema.n_children);
  if (!schema.format || std::string_view(schema.format) != "+s")
    fail("a table was expected, whose columns are the fields of a struct (Arrow's format '+s'), not '{}'",
         schema.format ? schema.format : "");
  if (schema.n_children == 0) fail("the table has no columns");
  for (std::int64_t c = 0; c < schema.n_children; ++c)
    if (!schema.children || !schema.children[c] || !schema.children[c]->format) fail("column {} has no type", c + 1);
}

/// Throws Error where rows are not those of the table's columns, or one is null as a whole.
void check_rows(const ArrowSchema& schema, const ArrowArray& rows) {
  if (rows.n_children != schema.n_children)
    fail("the rows have {} columns, the table has {}", rows.n_children, schema.n_children);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 2;
  if (rows.length < 0 || rows.offset < 0 || rows.length > kMost || rows.offset > kMost)
    fail("the table cannot have {} rows behind {} others", rows.length, rows.offset);
  for (std::int64_t c = 0; c < rows.n_children; ++c) {
    const std::string name = name_of(*schema.children[c], c);
    if (!rows.children || !rows.children[c]) fail("column '{}' has no values", name);
    const std::int64_t length = rows.children[c]->length;
    if (rows.offset + rows.length > length)
      fail("column '{}' has {} rows, fewer than the table's {}", name, length, rows.offset + rows.length);
  }
  if (rows.null_count == 0 || rows.n_buffers < 1 || !rows.buffers || !rows.buffers[0]) return;
  const auto* const bits = static_cast<const std::uint8_t*>(rows.buffers[0]);
  for (std::int64_t i = rows.offset; i < rows.offset + rows.length; ++i)
    if ((bits[i / 8] >> i % 8 & 1) == 0) fail("row {} is null as a whole", i - rows.offset + 1);
}

/// Takes the fields out of `rows` one by one.
Table import_rows(const ArrowSchema& schema, ArrowArray& rows) {
  check_rows(schema, rows);
  std::vector<NamedArray> columns;
  for (std::int64_t c = 0; c < schema.n_children; ++c) {
    ArrowArray& field = *rows.children[c];
    const std::string name = name_of(*schema.children[c], c);
    // The struct's own offset and length cut the columns.
    field.offset += rows.offset;
    if (rows.offset != 0 || field.length != rows.length) field.null_count = -1;
    field.length = rows.length;
    columns.push_back({name, import_array(*schema.children[c], field, name)});
  }
  return Table(std::move(columns));
}

/// Types of the columns, without rows.
Table import_columns(const ArrowSchema& schema) {
  check_columns(schema);
  std::vector<NamedArray> columns;
  for (std::int64_t c = 0; c < schema.n_children; ++c) {
    const ArrowSchema& field = *schema.children[c];
    const std::string name = name_of(field, c);
    const void* none[3]{};
    ArrowArray values{}, empty{};
    values.n_buffers = empty.n_buffers = 3;
    values.buffers = empty.buffers = none;
    if (field.dictionary) empty.dictionary = &values;
    // Nothing of it is to be released, nor kept: there are no rows.
    columns.push_back({name, import_array(field, empty, name)});
  }
  return Table(std::move(columns));
}

}  // namespace

Table import_table(ArrowSchema* schema, ArrowArray* rows) {
  const Released<ArrowSchema> columns(schema);
  Released<ArrowArray> taken(rows);
  check_columns(columns.value);
  return import_rows(columns.value, taken.value);
}

ArrowImport::ArrowImport(ArrowArrayStream* stream) : stream_(moved(stream)) {
  if (!stream_.release) fail(ErrorCode::kInvalidArgument, "the Arrow stream has been read already: make a new one");
  try {
    if (!stream_.get_schema || !stream_.get_next)
      fail(ErrorCode::kInvalidArgument, "the Arrow stream has no functions that give its rows");
    check(stream_.get_schema(&stream_, &schema_));
    columns_ = import_columns(schema_);
  } catch (...) {
    if (schema_.release) schema_.release(&schema_);
    stream_.release(&stream_);
    throw;
  }
}

ArrowImport::ArrowImport(ArrowImport&& other) noexcept
    : stream_(moved(&other.stream_)), schema_(moved(&other.schema_)), columns_(std::move(other.columns_)) {}

ArrowImport& ArrowImport::operator=(ArrowImport&& other) noexcept {
  std::swap(stream_, other.stream_);
  std::swap(schema_, other.schema_);
  std::swap(columns_, other.columns_);
  return *this;
}

ArrowImport::~ArrowImport() {
  if (schema_.release) schema_.release(&schema_);
  if (stream_.release) stream_.release(&stream_);
}

void ArrowImport::check(int code) {
  if (code == 0) return;
  const char* const said = stream_.get_last_error ? stream_.get_last_error(&stream_) : nullptr;
  // A sentence: behind the first line there are places in the other side's sources.
  const std::string_view text = said ? said : "", line = text.substr(0, text.find_first_of("\r\n"));
  fail("{}", line.empty() ? std::string_view(std::strerror(code)) : line);
}

std::optional<Table> ArrowImport::next() {
  ArrowArray rows{};
  check(stream_.get_next(&stream_, &rows));
  if (!rows.release) return std::nullopt;  // the end
  Released<ArrowArray> taken(&rows);
  return import_rows(schema_, taken.value);
}

Table ArrowImport::rest() {
  return all_rows([this] { return next(); }).value_or(columns_);
}

}  // namespace meg
