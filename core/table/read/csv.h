#pragma once
#include <string>
#include <string_view>

#include "meg/table.h"

namespace meg {

class InputFile;

/// How a CSV file is written.
struct CsvStyle {
  char delimiter = ',';
};

/// Reads RFC 4180 CSV: quotes, embedded newlines, CRLF, a byte-order mark; the delimiter, where it is not given, is the
/// one (of , ; tab |) that occurs most outside quotes in the first line. The first line holds the names, unless every
/// value in it is a number: then the columns are named column_1, column_2, ... Blank lines are passed over. The columns
/// of the table are utf8, the cells as they are written, unquoted: it is_text(). Where `style` is given, it gets the
/// file's. The file is read in blocks of a few MiB.
/// Throws Error, naming file and line, where the file cannot be read, is empty, not text (NUL bytes, invalid UTF-8, an
/// archive, a model), has only a header, an unterminated quote, a ragged row, an empty or repeated name, or a line over
/// 1 MiB.
Table read_csv(InputFile& file, CsvStyle* style = nullptr, char delimiter = 0);

/// The same from text; `name` stands for the file in errors.
Table parse_csv(std::string_view text, const std::string& name, CsvStyle* style = nullptr, char delimiter = 0);

}  // namespace meg
