#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/input_file.h"
#include "core/table/formats.h"
#include "core/table/read/csv.h"
#include "meg/files.h"
#include "meg/table.h"

namespace meg {

/// A table that is read part by part. All functions throw Error, naming the file.
class TableReader {
 public:
  virtual ~TableReader() = default;
  /// The next rows; nothing behind the last. All parts have the same columns, and there is one at least, which may be
  /// without rows.
  virtual std::optional<Table> next() = 0;
  /// How a text file is written; known from the first part on.
  virtual CsvStyle style() const { return {}; }
};

/// The files of one table, one after the other: those named, "-" for standard input, of a folder all of a known suffix.
/// Throws Error also where files have other columns than the first, or columns of other types.
std::unique_ptr<TableReader> open_tables(std::span<const std::filesystem::path> paths, const ReadOptions& how = {});

/// read_table of meg/files.h; `style` gets how the file of a text table is written.
Table read_styled_table(std::span<const std::filesystem::path> paths, const ReadOptions& how, CsvStyle& style);

/// Readers of one format each.
std::unique_ptr<TableReader> open_csv_reader(const FileFormat& format, const std::filesystem::path& path,
                                             std::unique_ptr<InputFile> file, const ReadOptions& how);
std::unique_ptr<TableReader> open_parquet_reader(const FileFormat& format, const std::filesystem::path& path,
                                                 std::unique_ptr<InputFile> file, const ReadOptions& how);
std::unique_ptr<TableReader> open_arrow_reader(const FileFormat& format, const std::filesystem::path& path,
                                               std::unique_ptr<InputFile> file, const ReadOptions& how);
std::unique_ptr<TableReader> open_arrow_stream_reader(const FileFormat& format, const std::filesystem::path& path,
                                                      std::unique_ptr<InputFile> file, const ReadOptions& how);

}  // namespace meg
