#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/console.h"
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

/// The flags that say how tables are read, the same for every command that reads one. Must stay where it is once its
/// flags are added.
struct ReadFlags {
  std::string format;
  char separator = 0;
  bool no_header = false;
  std::string encoding;

  /// `which`: the tables that the flags of text files are about, where it is not all.
  void add_to(CLI::App& command, const std::string& which = "") {
    add_format(command, format, kInFormat);
    add_text_flags(command, which);
  }
  /// Where --format is the one of --out.
  void add_text_flags(CLI::App& command, const std::string& which = "") {
    const std::string text_files = which.empty() ? "CSV: " : "CSV " + which + ": ";
    command
        .add_option_function<std::string>(
            "--separator", [this](const std::string& word) { separator = separator_of(word); },
            text_files +
                "what stands between two values, where the lines do not show it: a character, or comma, "
                "semicolon, tab, pipe, space")
        ->type_name("CHARACTER");
    command.add_flag("--no-header", no_header,
                     text_files + "the first line is a row, and the columns are called column_1, ...");
    command
        .add_option("--encoding", encoding,
                    text_files + "the encoding, where it is not UTF-8: UTF-16, WINDOWS-1252, SHIFT_JIS, ... (iconv -l)")
        ->type_name("NAME");
  }

  /// What the reader takes for granted is said, unless the command is quiet.
  ReadOptions options(bool quiet = false) const {
    ReadOptions out{.format = format, .separator = separator, .header = !no_header, .encoding = encoding};
    if (!quiet) out.on_note = say;
    return out;
  }

  /// Of synthetic rows, which meg writes in UTF-8 and with a header, whatever the real table was.
  ReadOptions of_synthetic(bool quiet = false) const {
    ReadOptions out = options(quiet);
    out.separator = 0;
    out.header = true;
    out.encoding.clear();
    return out;
  }

 private:
  static char separator_of(const std::string& word) {
    constexpr std::pair<std::string_view, char> kWords[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'},
                                                            {"\\t", '\t'},  {"pipe", '|'},      {"space", ' '}};
    for (const auto& [name, character] : kWords)
      if (word == name) return character;
    if (word.size() == 1 && word[0] > ' ' && word != "\"") return word[0];
    throw CLI::ValidationError(
        "--separator", "must be one ASCII character, or comma, semicolon, tab, pipe or space, not '" + word + "'");
  }
};

inline Table read_tables(const std::vector<std::string>& paths, const ReadOptions& how) {
  const std::vector<std::filesystem::path> files(paths.begin(), paths.end());
  return read_table(files, how);
}

}  // namespace meg::cli
