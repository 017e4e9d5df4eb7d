#pragma once
#include <stdint.h>

// The Arrow C data interface and C stream interface, as Apache Arrow specifies them
// (https://arrow.apache.org/docs/format/CDataInterface.html): how tables go from one library to another of the same
// process without a copy.

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

#ifdef __cplusplus
extern "C" {
#endif

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

#ifdef __cplusplus
extern "C" {
#endif

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

#ifdef __cplusplus
}  // extern "C"
#endif

#endif  // ARROW_C_STREAM_INTERFACE

#ifdef __cplusplus

#include <functional>
#include <optional>

#include "meg/table.h"

namespace meg {

/// A table of an Arrow record batch: a struct array, whose fields are the columns. Takes both (their release is null
/// afterwards, also where an Error is thrown) and keeps the memory of columns that meg holds as Arrow does: int64,
/// float64, bool, utf8, dictionaries of utf8 with places of 32 bits, dates in days, timestamps, times and durations.
/// Others are converted, and go out as they came in (DataType::stored): integers of other widths, half and single
/// floats, decimals of up to 15 digits (18 of whole numbers), dates in milliseconds, texts with offsets of 64 bits or
/// as views, binaries that are UTF-8, columns of nulls alone. Dictionaries of other values than texts become these
/// values. Throws Error, naming the column, for all other types, for values that a column of the table cannot hold, and
/// where offsets, places or texts are not as Arrow says.
Table import_table(ArrowSchema* schema, ArrowArray* rows);

/// Tables of the record batches of a stream, one after the other. Not thread-safe.
class ArrowImport {
 public:
  /// Takes the stream, whose release is null afterwards, also where an Error is thrown: where the stream has none of
  /// these columns, or has been read already.
  explicit ArrowImport(ArrowArrayStream* stream);
  ArrowImport(ArrowImport&& other) noexcept;
  ArrowImport& operator=(ArrowImport&& other) noexcept;
  ~ArrowImport();

  /// The columns, without rows.
  const Table& columns() const { return columns_; }
  /// The next rows; nothing behind the last. Throws Error with what the stream says, or as import_table does.
  std::optional<Table> next();
  /// All rows that are left, as one table.
  Table rest();

 private:
  void check(int code);

  ArrowArrayStream stream_{};
  ArrowSchema schema_{};
  Table columns_;
};

/// The columns of a table as Arrow's: a struct of them. The caller releases it.
void export_schema(const Table& columns, ArrowSchema* schema);
/// And the rows, as a struct array. The memory of columns that Arrow holds as meg does is shared, and lives as long as
/// either side needs it. Throws Error where a column's values do not fit the type that it came in with.
void export_table(const Table& rows, ArrowArray* out);
/// A stream of the tables that next() returns until it returns nothing, all with the columns of `columns`. What next()
/// throws is the stream's error.
void export_stream(const Table& columns, std::function<std::optional<Table>()> next, ArrowArrayStream* out);
/// A stream of one table.
void export_stream(const Table& table, ArrowArrayStream* out);

}  // namespace meg

#endif  // __cplusplus
