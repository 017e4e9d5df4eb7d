#include "core/table/schema.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include "core/error.h"

namespace meg {

namespace {

/// At least this many rows before "all values differ" says identifier.
constexpr std::size_t kIdentifierRows = 20;
/// A word column with this few values is categorical however few rows it has.
constexpr std::size_t kFewValues = 20;
/// 2^53: not all whole numbers from here on are doubles.
constexpr double kBeyondWholeDoubles = 9007199254740992;
/// The fewest digits of a number with a plus that is one to call.
constexpr std::size_t kTelephoneDigits = 7;
/// Codes of so few digits are categories however few rows there are.
constexpr std::size_t kShortCode = 3;
/// Digits behind the point that the smallest numbers need.
constexpr int kMostDecimals = 340;

constexpr std::array<std::string_view, 7> kTypeNames{"categorical", "boolean",    "integer", "decimal",
                                                     "datetime",    "identifier", "text"};

using Values = std::unordered_set<std::string_view>;

std::string_view without_sign(std::string_view number) {
  return number.substr(number.starts_with('-') || number.starts_with('+') ? 1 : 0);
}

/// 02139
bool has_leading_zero(std::string_view number) {
  const std::string_view text = without_sign(number);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

/// +4930123456, and numbers of more digits than a double holds.
bool is_long_code(std::string_view number, double value) {
  const std::string_view text = without_sign(number);
  const bool is_long = std::abs(value) >= kBeyondWholeDoubles || (number[0] == '+' && text.size() >= kTelephoneDigits);
  return is_long && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string lower(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Digits behind the point of a number as it is written; an exponent moves the point.
int decimals_of(std::string_view number) {
  const std::size_t exponent = std::min(number.find_first_of("eE"), number.size());
  const std::size_t point = number.substr(0, exponent).find('.');
  const int digits = point == std::string_view::npos ? 0 : static_cast<int>(exponent - point - 1);
  const int shift =
      exponent < number.size() ? static_cast<int>(parse_number(number.substr(exponent + 1)).value_or(0)) : 0;
  return std::clamp(digits - shift, 0, kMostDecimals);
}

bool is_boolean(const Values& values) {
  constexpr std::array<std::array<std::string_view, 2>, 4> kPairs{
      {{"false", "true"}, {"no", "yes"}, {"f", "t"}, {"n", "y"}}};
  if (values.size() != 2) return false;
  const std::string a = lower(*values.begin()), b = lower(*std::next(values.begin()));
  return std::any_of(kPairs.begin(), kPairs.end(), [&](const auto& pair) {
    return (a == pair[0] && b == pair[1]) || (a == pair[1] && b == pair[0]);
  });
}

/// The first datetime format that all values are in; empty where there is none.
std::string common_format(const Values& values) {
  for (const std::string& format : datetime_formats())
    if (std::all_of(values.begin(), values.end(),
                    [&](std::string_view cell) { return parse_datetime(cell, format).has_value(); }))
      return format;
  return {};
}

/// The words a table uses for a missing value, counted; the one used most spells them all.
class MissingWords {
 public:
  void add(std::string_view word) { ++count_[word]; }
  std::string most_used() const {
    const auto by_count = [](const auto& a, const auto& b) { return a.second < b.second; };
    const auto at = std::max_element(count_.begin(), count_.end(), by_count);
    return at == count_.end() ? std::string() : std::string(at->first);
  }

 private:
  std::map<std::string_view, std::size_t> count_;
};

/// What one pass over a column's cells finds out.
struct Survey {
  Values values;
  std::size_t present = 0;
  bool numeric = true, whole = true, rises_by_one = true, has_blank = false;
  std::size_t leading_zeros = 0, long_codes = 0;
  std::size_t shortest = ~std::size_t{0}, longest = 0;  // digits
  std::string_view no_number;                           // the first value that is none
  /// Whole numbers that are names, as most of them show, or leading zeros that make all as long: postal codes, account
  /// and telephone numbers.
  bool is_coded() const {
    return whole && (2 * (leading_zeros + long_codes) > present || (leading_zeros > 0 && shortest == longest));
  }
};

Survey survey(const Table& table, std::size_t column, ColumnSchema& out) {
  Survey s;
  MissingWords words;
  double previous = 0;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const std::string_view cell = table.cell(r, column);
    if (is_missing(cell)) {
      ++out.missing;
      words.add(cell);
      continue;
    }
    s.values.insert(cell);
    s.has_blank = s.has_blank || cell.find(' ') != std::string_view::npos;
    const bool first = s.present++ == 0;
    if (!s.numeric) continue;
    const std::optional<double> number = parse_number(cell);
    if (!number) {
      s.numeric = false;
      s.no_number = cell;
      continue;
    }
    out.smallest = first ? *number : std::min(out.smallest, *number);
    out.largest = first ? *number : std::max(out.largest, *number);
    const std::string_view text = trimmed(cell);
    s.leading_zeros += has_leading_zero(text);
    s.long_codes += is_long_code(text, *number);
    s.shortest = std::min(s.shortest, without_sign(text).size());
    s.longest = std::max(s.longest, without_sign(text).size());
    const int decimals = decimals_of(text);
    out.trailing_zeros = first || (out.trailing_zeros && decimals == out.decimals);
    out.decimals = std::max(out.decimals, decimals);
    s.whole = s.whole && *number == std::floor(*number);
    s.rises_by_one = s.rises_by_one && (first || *number == previous + 1);
    previous = *number;
  }
  out.distinct = s.values.size();
  out.missing_word = words.most_used();
  return s;
}

ColumnType infer_type(const Survey& s, const ColumnSchema& column) {
  if (s.present == 0) return ColumnType::kCategorical;
  const bool all_differ = column.distinct == s.present && s.present >= kIdentifierRows;
  const bool coded = s.numeric && column.decimals == 0 && s.is_coded();
  const bool number_line = s.numeric && !coded;
  if (number_line && s.whole && column.decimals == 0)
    return all_differ && s.rises_by_one ? ColumnType::kIdentifier : ColumnType::kInteger;
  if (number_line) return ColumnType::kDecimal;
  if (coded && all_differ && s.rises_by_one) return ColumnType::kIdentifier;
  if (coded && s.longest <= kShortCode) return ColumnType::kCategorical;
  if (!common_format(s.values).empty()) return ColumnType::kDatetime;
  if (is_boolean(s.values)) return ColumnType::kBoolean;
  if (column.distinct <= std::max(kFewValues, s.present / 2)) return ColumnType::kCategorical;
  return all_differ && !s.has_blank ? ColumnType::kIdentifier : ColumnType::kText;
}

ColumnSchema infer_column(const Table& table, std::size_t c, const ColumnType* wanted) {
  ColumnSchema out;
  out.name = table.names()[c];
  const Survey s = survey(table, c, out);
  out.type = wanted ? *wanted : infer_type(s, out);
  const bool number_line = out.type == ColumnType::kInteger || out.type == ColumnType::kDecimal;
  if (number_line && !s.numeric)
    fail("column '{}' cannot be {}: '{}' is no number", out.name, type_name(out.type), s.no_number);
  if (out.type == ColumnType::kInteger && !s.whole)
    fail("column '{}' cannot be integer: not all of its values are whole numbers", out.name);
  if (out.type == ColumnType::kInteger) out.decimals = 0;
  const bool counts = out.type == ColumnType::kIdentifier && s.numeric && out.largest < kBeyondWholeDoubles;
  if (!number_line && !counts) out.smallest = out.largest = 0;
  if (!number_line) out.decimals = 0;
  if (out.type == ColumnType::kDatetime) {
    out.format = common_format(s.values);
    if (out.format.empty()) fail("column '{}' cannot be datetime: no one format fits all of its values", out.name);
    for (const std::string_view value : s.values) {
      const double seconds = *parse_datetime(value, out.format);
      const bool first = value == *s.values.begin();
      out.smallest = first ? seconds : std::min(out.smallest, seconds);
      out.largest = first ? seconds : std::max(out.largest, seconds);
      if (out.format.find("%f") == std::string::npos) continue;
      const std::string_view fraction = value.substr(value.rfind('.') + 1);
      out.decimals = std::max(
          out.decimals, static_cast<int>(std::min(fraction.find_first_not_of("0123456789"), trimmed(fraction).size())));
    }
  }
  if (is_categorical(out.type)) {
    out.values.assign(s.values.begin(), s.values.end());
    std::sort(out.values.begin(), out.values.end());
  }
  return out;
}

}  // namespace

std::string_view type_name(ColumnType type) { return kTypeNames[static_cast<std::size_t>(type)]; }

ColumnType type_of(std::string_view name) {
  const auto at = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  if (at == kTypeNames.end()) fail("'{}' is no column type; there are {}", name, fmt::join(kTypeNames, ", "));
  return static_cast<ColumnType>(at - kTypeNames.begin());
}

Schema infer_schema(const Table& table, const std::map<std::string, ColumnType>& types,
                    const std::vector<std::string>& drop) {
  for (const auto& [name, type] : types) table.column(name);
  for (const std::string& name : drop) table.column(name);
  Schema schema;
  for (std::size_t c = 0; c < table.columns(); ++c) {
    if (std::find(drop.begin(), drop.end(), table.names()[c]) != drop.end()) continue;
    const auto wanted = types.find(table.names()[c]);
    schema.push_back(infer_column(table, c, wanted == types.end() ? nullptr : &wanted->second));
  }
  if (schema.empty()) fail("every column is dropped; leave one");
  return schema;
}

double to_number(const ColumnSchema& column, std::string_view cell) {
  if (is_categorical(column.type)) {
    const auto place = std::lower_bound(column.values.begin(), column.values.end(), cell);
    if (place == column.values.end() || *place != cell)
      fail("column '{}' has no category '{}' in the table it was fitted on", column.name, cell);
    return static_cast<double>(place - column.values.begin());
  }
  const bool date = column.type == ColumnType::kDatetime;
  const auto number = date ? parse_datetime(cell, column.format) : parse_number(cell);
  if (!number)
    fail("column '{}' is {}{}, but '{}' is not", column.name, type_name(column.type),
         date ? ", written " + column.format : "", cell);
  return *number;
}

void append_value(const ColumnSchema& column, double number, std::string& out) {
  if (is_categorical(column.type))
    out += column.values[static_cast<std::size_t>(
        std::clamp(std::lround(number), 0L, static_cast<long>(column.values.size()) - 1))];
  else if (column.type == ColumnType::kDatetime)
    append_datetime(number, column.format, column.decimals, out);
  else
    append_number(number, column.decimals, column.trailing_zeros, out);
}

Table empty_table(const Schema& schema) {
  std::vector<std::string> names;
  for (const ColumnSchema& column : schema) names.push_back(column.name);
  return Table(std::move(names));
}

}  // namespace meg
