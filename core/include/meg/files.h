#pragma once
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "meg/table.h"

namespace meg {

/// Tables from and to files: csv and tsv, each also .gz and .zst, parquet, arrow, feather, arrows (a stream), told by
/// the file's suffix, and where that says nothing by its first bytes; or as `format` says: "csv.gz". "-" is standard
/// input and standard output. docs/files.md says more. All functions throw Error, naming the file, where it cannot be
/// read or written, is damaged, is no table, or is of a format that meg has not; and may be called from any thread.

/// How files are read. All but the format concerns text files alone: csv and tsv.
struct ReadOptions {
  /// Where the files' names and first bytes do not tell: "csv.gz".
  std::string format{};
  /// What stands between two values, an ASCII character; 0: a tab in tsv, else the one of , ; tab | that gives all
  /// lines as many values.
  char separator = 0;
  /// Whether the first line holds the names of the columns. Else, and where it holds numbers alone, they are called
  /// column_1, column_2, ...
  bool header = true;
  /// What iconv calls the files' encoding, where it is not UTF-8: "UTF-16", "WINDOWS-1252", "SHIFT_JIS".
  std::string encoding{};
  /// Gets a sentence for what a reader took for granted: that quotes inside unquoted values are characters, say.
  std::function<void(const std::string& sentence)> on_note{};
};

/// All rows of a file, or of a folder's files. Of text files the columns are utf8, is_text(), and get their types where
/// they are learned; of others they have the file's types.
Table read_table(const std::filesystem::path& path, const ReadOptions& how = {});
/// The rows of the files of one table, one after the other. Throws Error also where columns differ.
Table read_table(std::span<const std::filesystem::path> paths, const ReadOptions& how = {});

/// Writes a table; the file appears whole or not at all.
void write_table(const Table& table, const std::filesystem::path& path, const std::string& format = "");

}  // namespace meg
