#pragma once
#include <string>
#include <string_view>

#include "meg/files.h"
#include "meg/table.h"

namespace meg {

class InputFile;

/// How a CSV file is written.
struct CsvStyle {
  char delimiter = ',';
};

/// Reads CSV as CsvParser takes it, with or without a byte-order mark. find_separator() tells the separator where `how`
/// does not. The first line holds the names, unless `how` says otherwise or all its values are unquoted numbers. The
/// columns of the table are utf8, the cells as they are written, unquoted: it is_text(). Where `style` is given, it
/// gets the file's. The file is read in blocks of a few MiB.
///
/// A column without a name is called column_N, N being its place. Rows may all have one value more than the header: an
/// empty one, because lines end with a separator, which is dropped; or the names of the rows, as R writes them, in a
/// first column without a name. A last column without name and values is dropped, too.
///
/// Throws Error, naming file and line, where the file cannot be read, is empty, not text (NUL bytes outside quotes,
/// invalid UTF-8, an archive, a model), has only a header, an unterminated quote, a ragged row, a repeated name, or a
/// line over 1 MiB.
Table read_csv(InputFile& file, CsvStyle* style = nullptr, const ReadOptions& how = {});

/// The same from text; `name` stands for the file in errors.
Table parse_csv(std::string_view text, const std::string& name, CsvStyle* style = nullptr, const ReadOptions& how = {});

}  // namespace meg
