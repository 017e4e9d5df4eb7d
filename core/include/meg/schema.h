#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meg/table.h"

namespace meg {

enum class ColumnType {
  kCategorical,  ///< words or codes, counted
  kBoolean,      ///< two words: true and false, yes and no, 1 and 0
  kInteger,      ///< whole numbers
  kDecimal,      ///< numbers with digits behind the point
  kDatetime,     ///< dates, times of the day, or both, or lengths of time, in one format
  kIdentifier,   ///< a different value in every row, which only looks like those of the table
  kText          ///< free text, likewise
};

/// The type's name in files and messages: "categorical", "boolean", "integer", ...
std::string_view type_name(ColumnType type);
/// And back. Throws Error, with the names there are.
ColumnType type_of(std::string_view name);

/// Whether the cells of a column are counted in categories.
inline bool is_categorical(ColumnType type) { return type == ColumnType::kCategorical || type == ColumnType::kBoolean; }
/// Whether the cells of a column are places on a line: integer, decimal, datetime.
inline bool is_numeric(ColumnType type) {
  return type == ColumnType::kInteger || type == ColumnType::kDecimal || type == ColumnType::kDatetime;
}

/// How the numbers of a column are written, where it is not as C++ does: $1,234.50, 1.234,5 kg, 12 %, (17.70), 1.5E+03.
struct NumberStyle {
  std::string prefix = {}, suffix = {};  ///< what stands around every number
  std::string grouping = {};             ///< between thousands, "" for nothing
  std::string point = ".";
  bool plus = false;             ///< before what is above zero
  bool inner_sign = false;       ///< the sign stands behind the prefix, $-5; parentheses do so, $(5)
  bool lakhs = false;            ///< groups of two digits above the thousands: 1,02,000
  bool parentheses = false;      ///< around what is negative: (5)
  bool minus_behind = false;     ///< 5-
  std::string minus = "-";       ///< or another sign, U+2212
  bool no_zero = false;          ///< before the point: .5
  std::string exponent = {};     ///< E where it is a capital
  bool always_exponent = false;  ///< 1.5e+03, as many digits in every number

  bool is_plain() const { return *this == NumberStyle(); }
  bool operator==(const NumberStyle&) const = default;
};

/// How far a column's clock is ahead of UTC from a moment on, as the table writes it: +02:00.
struct UtcOffset {
  double from = 0;  ///< seconds since 1970, as the clock shows them
  std::string text;
};

/// What is known of a column before anything is learned from it.
struct ColumnSchema {
  std::string name;
  ColumnType type = ColumnType::kText;
  std::size_t missing = 0;                 ///< rows without a value
  std::size_t distinct = 0;                ///< different values, missing not counted
  std::string missing_word;                ///< how the table spells a missing value, "" or "NA", ...
  std::vector<std::string> missing_words;  ///< that stand for missing values here, as was said: -999
  int decimals = 0;                  ///< most digits behind the point (of decimal columns, or of a datetime's seconds)
  int fewest_decimals = 0;           ///< of decimal columns: digits behind the point that every number has, 7.2500
  int significant = 0;               ///< of decimal columns: numbers have so many significant digits, 1.25e-08; 0: all
  NumberStyle style;                 ///< of integer and decimal columns: $1,234.50
  double smallest = 0, largest = 0;  ///< of integer, decimal and datetime (seconds since 1970) columns
  std::string format;                ///< of datetime columns, in strftime's letters: "%d.%m.%Y"
  std::vector<UtcOffset> offsets;    ///< of datetimes whose format ends with %z
  /// Of integer, decimal and datetime columns: the words that stand among the numbers, "..", "<0.01", "0000-00-00".
  std::vector<std::string> words;
  std::vector<std::string> values;  ///< of categorical and boolean columns, sorted, spelled as in the file
  std::string kind;                 ///< of identifier and text columns: "JSON", "e-mail addresses", ...; "" of no kind
  /// Of identifier and text columns: what the cells stand for, "email", as was said; new cells are then drawn from
  /// lists, without regard to the table. See "Stand-ins" in docs/tables.md.
  std::string sdtype;
  std::string locale;        ///< whose lists: "de_DE"; empty: en_US
  std::string maybe_sdtype;  ///< what the column's name and cells look like; a hint alone
  /// The type that the column has in a typed table and gets again on its way out; none: it came as text, and gets the
  /// type that fits, see output_type().
  std::optional<DataType> typed_as;
  std::vector<std::string> levels;  ///< of dictionary columns: all of the dictionary, in its order
};

using Schema = std::vector<ColumnSchema>;

/// Why nothing is learned of a column, "all of its values differ"; empty of those that are learned.
std::string why_not_learned(const ColumnSchema& column);

/// The type to use instead of the inferred one.
struct AskedType {
  AskedType(ColumnType asked = ColumnType::kText, std::string in_format = {})
      : type(asked), format(std::move(in_format)) {}
  ColumnType type;
  std::string format;                ///< of datetime columns; empty: the first that fits
  std::optional<NumberStyle> style;  ///< of numbers; none: that which fits
  /// What the cells stand for, "email": the column then is text, or an identifier where `type` says so.
  std::string sdtype;
  std::string locale;  ///< of the sdtype, "de_DE"; empty: en_US
};
/// By the column's name.
using AskedTypes = std::map<std::string, AskedType>;

}  // namespace meg
