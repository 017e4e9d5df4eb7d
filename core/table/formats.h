#pragma once
#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/compression/compression.h"

namespace meg {

class InputFile;
class OutputFile;
class TableReader;
class RowWriter;
struct ReadOptions;

/// A kind of file that holds a table. All kinds are one line each in formats.cpp, from which suffixes, what --format
/// takes and what errors list are made.
struct FileFormat {
  std::string_view name;                     ///< as --format says it: "csv.gz"
  std::array<std::string_view, 2> suffixes;  ///< of files, ".csv.gz"; some have a second one
  std::string_view magic;                    ///< the first bytes; empty: text
  Compression compression;                   ///< in which it is written; what is read shows its own
  char delimiter;                            ///< of text; 0: read, what its first line shows; written, the table's own
  std::unique_ptr<TableReader> (*open_reader)(const FileFormat& format, const std::filesystem::path& path,
                                              std::unique_ptr<InputFile> file, const ReadOptions& how);
  bool is_text() const { return magic.empty(); }
  std::unique_ptr<RowWriter> (*open_writer)(const FileFormat& format, OutputFile& file);
};

std::span<const FileFormat> file_formats();
/// Their names, "csv, csv.gz, ..."; and of those that a file may be called after, their suffixes.
std::string format_names();
std::string format_suffixes();

/// The format of a file that is written: of the name `asked`, else of its suffix; of standard output, devices and pipes
/// csv. Throws Error for a name or suffix of no format.
const FileFormat& format_to_write(const std::filesystem::path& path, std::string_view asked = "");

/// The format of a file that is read, which begins with `head`: of the name `asked`, else of its suffix, else of its
/// first bytes; csv where none says anything. Throws Error where the first bytes are not those of the format.
const FileFormat& format_to_read(const std::filesystem::path& path, std::string_view asked, std::string_view head);

/// The files of a table: those named, of a folder all of a known suffix, by name. Throws Error for a folder without.
std::vector<std::filesystem::path> table_files(std::span<const std::filesystem::path> paths);

}  // namespace meg
