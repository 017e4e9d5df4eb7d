#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "core/table/formats.h"
#include "core/table/read/table_reader.h"

namespace meg::cli {

inline constexpr const char* kTableHelp = "The table: a file, several files, or a folder of them; - is standard input";
inline constexpr const char* kOutHelp =
    "Where to write the table, in the format of the file's suffix; - is standard output";

inline constexpr const char* kInFormat = "Format of the tables that are read, where their names do not tell: ";
inline constexpr const char* kOutFormat = "Format of --out, where its name does not tell: ";

/// --format, which lists all that there are.
inline void add_format(CLI::App& command, std::string& format, const char* help) {
  command.add_option("--format", format, help + format_names());
}

inline Table read_tables(const std::vector<std::string>& paths, const std::string& format) {
  const std::vector<std::filesystem::path> files(paths.begin(), paths.end());
  return read_table(files, format);
}

}  // namespace meg::cli
