#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/infer/datetime.h"
#include "core/table/infer/number.h"
#include "core/table/infer/number_style.h"
#include "meg/schema.h"
#include "meg/table.h"

namespace meg {

/// Whether a model learns the cells of a column; those of identifier and text columns are made anew, see TextColumns.
inline bool is_modelled(ColumnType type) { return is_categorical(type) || is_numeric(type); }

/// Whether a cell is one of the words of a column: the categories, or what stands among its numbers.
inline bool is_word(const ColumnSchema& column, std::string_view cell) {
  if (is_categorical(column.type)) return std::binary_search(column.values.begin(), column.values.end(), cell);
  return !cell.empty() && std::find(column.words.begin(), column.words.end(), cell) != column.words.end();
}

/// Whether a cell is one of the column's words for missing values, blanks around it aside.
inline bool is_missing_word(const ColumnSchema& column, std::string_view cell) {
  const std::vector<std::string>& words = column.missing_words;
  return !words.empty() && std::find(words.begin(), words.end(), trimmed(cell)) != words.end();
}

/// Whether a cell of the column stands for no value: what any column knows as missing, and in columns of numbers and
/// dates also n.a., -, ., #N/A, ..., see is_gap; but for what is a word of the column. Empty cells always do, and what
/// was said to.
inline bool is_missing(const ColumnSchema& column, std::string_view cell) {
  return cell.empty() || is_missing_word(column, cell) ||
         ((is_missing(cell) || (is_numeric(column.type) && is_gap(cell))) && !is_word(column, cell));
}

/// Infers every column's type from its values; `types` says it for some columns instead:
/// - boolean: two words of one of the pairs true/false, yes/no, t/f, y/n; 0/1 stays integer (it inverts exactly there);
/// - datetime: every value is one, in one format; also whole numbers 20061212, at least 10 different ones;
/// - integer, decimal: every value is a number; an integer column whose values are all different, rise by one from row
///   to row and are at least 20 is an identifier; whole numbers with leading zeros that make all as long (02139), and
///   those most of which have such zeros, 7 digits behind a plus (+4930123456), or are beyond 2^53, are words; so are
///   at least 50 whole numbers that are all different, where the column's name ends in the word id, key, uuid or guid;
/// - otherwise words: categorical where values repeat (at most half as many values as rows, or at most 20), identifier
///   where all differ and none holds a blank, else free text.
/// Numbers may be amounts of money, shares, have a unit or groups of thousands, all in one style (see NumberStyle),
/// where there are more than 20 different ones or the type is asked for. Decimals are those of the first 15 significant
/// digits, which are what a double holds: 0.30000000000000004 has one. A column without any value is categorical with
/// no values. Columns in `drop` are left out. Cells that say one of the words in `missing` are missing. Throws Error
/// where `types` or `drop` names a column that is not there, where all are dropped, or for a type that a value is not
/// of. threads = 0 takes all cores; they change no result.
///
/// The columns of a typed table keep their type, and only nulls are missing: bool is boolean; int64 integer, or an
/// identifier, as above; float64 decimal; dictionary categorical; date, timestamp and time datetime; duration integer,
/// in its unit; utf8 is told from its texts as above.
Schema infer_schema(const Table& table, const AskedTypes& types = {}, const std::vector<std::string>& drop = {},
                    int threads = 0, const std::vector<std::string>& missing = {});

/// The same with the table as the schema reads it, every cell parsed once.
struct InferredTable;
InferredTable infer_table(Table table, const AskedTypes& types = {}, const std::vector<std::string>& drop = {},
                          int threads = 0, const std::vector<std::string>& missing = {});

/// A cell as a number: its value, seconds since 1970, or the place of its category in `values`; nothing where it is not
/// of this column.
std::optional<double> parse_cell(const ColumnSchema& column, std::string_view cell);
/// The same. Throws Error, naming the column, where the cell is not of it.
double to_number(const ColumnSchema& column, std::string_view cell);
/// That Error.
[[noreturn]] void fail_cell(const ColumnSchema& column, std::string_view cell);
/// And back: appends the cell that `number` stands for, spelled as the column spells it.
void append_value(const ColumnSchema& column, double number, std::string& out);

/// How far the clock of a column that came as text is ahead, where it shows `seconds`, of the UTC that timestamps of
/// `type` are of.
double ahead_of_utc(const ColumnSchema& column, const DataType& type, double seconds);
/// number_of() as the column has it: datetimes that came as text with their time zone are of that zone.
double number_of(const ColumnSchema& column, const Array& values, std::size_t i);

/// Appends cell i of a column of a typed table, spelled as the schema's column says, else as append_cell() does.
void append_spelled(const ColumnSchema& column, const Array& values, std::size_t i, std::string& out);

/// A schema as JSON: an array with one object a column; with rules an object {"columns": that array, "rules": texts}.
std::string schema_to_json(const Schema& schema, const std::vector<std::string>& rules = {});
/// And back, as schema_to_json wrote it.
Schema schema_from_json(std::string_view json);
/// What a schema file asks for.
struct SchemaFile {
  AskedTypes types;
  std::vector<std::string> rules;
};
/// Reads an array of objects with "name" and "type", of datetimes "format" and of numbers "style", as `meg schema`
/// writes them, or with "sdtype" and "locale"; what else it writes is passed over. Or an object with "columns", such an
/// array, and "rules", an array of texts; either may be left out. Throws Error where it is no such file, names a column
/// twice, or has what `meg schema` does not write.
SchemaFile read_schema_file(const std::string& path);

}  // namespace meg
