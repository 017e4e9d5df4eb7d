#pragma once
#include <filesystem>
#include <span>
#include <string>

#include "meg/table.h"

namespace meg {

/// Tables from and to files: csv and tsv, each also .gz and .zst, parquet, arrow, feather, arrows (a stream), told by
/// the file's suffix, and where that says nothing by its first bytes; or as `format` says: "csv.gz". "-" is standard
/// input and standard output. docs/files.md says more. All functions throw Error, naming the file, where it cannot be
/// read or written, is damaged, is no table, or is of a format that meg has not; and may be called from any thread.

/// All rows of a file, or of a folder's files. Of text files the columns are utf8, is_text(), and get their types where
/// they are learned; of others they have the file's types.
Table read_table(const std::filesystem::path& path, const std::string& format = "");
/// The rows of the files of one table, one after the other. Throws Error also where columns differ.
Table read_table(std::span<const std::filesystem::path> paths, const std::string& format = "");

/// Writes a table; the file appears whole or not at all.
void write_table(const Table& table, const std::filesystem::path& path, const std::string& format = "");

}  // namespace meg
