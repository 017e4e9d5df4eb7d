// A library for tests/test_arrow.py: what the Arrow C data interface brings into meg, and takes out again.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "meg/arrow.h"
#include "meg/error.h"

namespace {

/// What meg holds: a line a column, with its name, type, nulls, and whether it holds memory that lies at one of
/// `places`.
std::string describe(const meg::Table& table) {
  std::string out;
  for (std::size_t c = 0; c < table.columns(); ++c)
    out += fmt::format("{} {} {}\n", table.name(c), meg::to_string(table[c].type()), table[c].null_count());
  return out;
}

template <class Act>
int said_by(char* text, std::size_t size, const Act& act) {
  std::string said;
  int code = 0;
  try {
    said = act();
  } catch (const std::exception& error) {
    said = error.what();
    code = 1;
  }
  std::snprintf(text, size, "%s", said.c_str());
  return code;
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

/// Takes a record batch in and gives rows [first, first + count) out; `text` gets the description or the error.
EXPORTED int through_table(ArrowSchema* schema, ArrowArray* rows, std::size_t first, std::size_t count,
                           ArrowSchema* schema_out, ArrowArray* rows_out, char* text, std::size_t size) {
  return said_by(text, size, [&] {
    const meg::Table table = meg::import_table(schema, rows).slice(first, count);
    meg::export_schema(table, schema_out);
    try {
      meg::export_table(table, rows_out);
    } catch (...) {
      schema_out->release(schema_out);
      throw;
    }
    return describe(table);
  });
}

/// Takes a stream in and gives one out.
EXPORTED int through_stream(ArrowArrayStream* in, ArrowArrayStream* out, char* text, std::size_t size) {
  return said_by(text, size, [&] {
    const auto stream = std::make_shared<meg::ArrowImport>(in);
    meg::export_stream(
        stream->columns(), [stream] { return stream->next(); }, out);
    return describe(stream->columns());
  });
}

/// Where the values of a column lie once they are in.
EXPORTED const void* place_of_values(ArrowSchema* schema, ArrowArray* rows, std::size_t column) {
  try {
    return meg::import_table(schema, rows)[column].layout().values;
  } catch (const std::exception&) {
    return nullptr;
  }
}
