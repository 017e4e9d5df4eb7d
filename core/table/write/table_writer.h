#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "core/output_file.h"
#include "core/table/formats.h"
#include "core/table/infer/schema.h"
#include "core/table/read/csv.h"
#include "meg/table.h"

namespace meg {

/// How cells are written where a file is text.
struct TextStyle {
  Schema schema = {};    ///< how cells of the columns of these names are spelled
  char delimiter = ',';  ///< between cells, where the format does not say
  int threads = 0;       ///< that print; 0: one a core
};

/// The rows of one table, in one format.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual void start(const Table& columns, const TextStyle& style) = 0;
  virtual void write(const Table& rows) = 0;
  virtual void finish() = 0;
};

/// A table that is written part by part; the file appears whole or not at all. All functions throw Error, naming the
/// file.
class TableWriter {
 public:
  /// `format`: where the file's name does not tell. Throws Error for a name of no format that meg writes, before any
  /// work.
  explicit TableWriter(const std::filesystem::path& path, const std::string& format = "");

  /// Once, before the rows: their columns, of a table that may be without rows.
  void start(const Table& columns, const TextStyle& style = {});
  void write(const Table& rows);
  void finish();

 private:
  OutputFile file_;
  std::unique_ptr<RowWriter> rows_;
};

/// Writers of one format each.
std::unique_ptr<RowWriter> open_csv_writer(const FileFormat& format, OutputFile& file);
std::unique_ptr<RowWriter> open_parquet_writer(const FileFormat& format, OutputFile& file);
std::unique_ptr<RowWriter> open_arrow_writer(const FileFormat& format, OutputFile& file);
std::unique_ptr<RowWriter> open_arrow_stream_writer(const FileFormat& format, OutputFile& file);

}  // namespace meg
