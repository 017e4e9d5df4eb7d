#include "core/table/infer/schema.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/parallel.h"
#include "core/table/infer/odd_cells.h"
#include "core/table/infer/survey.h"
#include "meg/error.h"

namespace meg {

namespace {

/// At least this many rows before "all values differ" says identifier.
constexpr std::size_t kIdentifierRows = 20;
/// A word column with this few values is categorical however few rows it has.
constexpr std::size_t kFewValues = 20;
/// Codes of so few digits are categories however few rows there are.
constexpr std::size_t kShortCode = 3;
/// So many different whole numbers of eight digits that are dates, all of them, are dates.
constexpr std::size_t kEnoughDays = 10;
constexpr double kFirstDay = 19000101, kBeyondDays = 21000000;
/// A column that is named like an identifier is one from so many rows on, where its values all differ.
constexpr std::size_t kNamedIdentifierRows = 50;
/// Numbers of at least 3 and at most 12 significant digits keep these, where fixed decimals would give the largest of
/// them 4 more.
constexpr int kLeastSignificant = 3, kMostSignificant = 12, kManyMore = 4;

constexpr std::array<std::string_view, 7> kTypeNames{"categorical", "boolean",    "integer", "decimal",
                                                     "datetime",    "identifier", "text"};

using Values = decltype(Survey::values);

std::string lower(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

constexpr std::array<std::array<std::string_view, 2>, 5> kTruths{
    {{"false", "true"}, {"no", "yes"}, {"f", "t"}, {"n", "y"}, {"0", "1"}}};

bool is_boolean(const Values& values) {
  if (values.size() != 2) return false;
  const std::string a = lower(*values.begin()), b = lower(*std::next(values.begin()));
  return std::any_of(kTruths.begin(), kTruths.end(), [&](const auto& pair) {
    return (a == pair[0] && b == pair[1]) || (a == pair[1] && b == pair[0]);
  });
}

/// The first datetime format that all values are in, and what they end with as their time zone; empty where there is
/// none.
std::string common_format(const Values& values) {
  const auto fits = [&](const std::string& format) {
    return std::all_of(values.begin(), values.end(),
                       [&](std::string_view cell) { return parse_datetime(cell, format).has_value(); });
  };
  const std::string zone(values.empty() ? std::string_view() : zone_of(*values.begin()));
  for (const std::string& format : datetime_formats()) {
    if (fits(format)) return format;
    if (!zone.empty() && format.find("%M") != std::string::npos && fits(format + zone)) return format + zone;
  }
  return {};
}

/// The last of a name's words: "User ID", "user_id" and "userId" have two.
std::string last_word(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  std::size_t begin = name.size();
  while (begin > 0 && is_letter(name[begin - 1])) {
    --begin;
    if (begin > 0 && !is_small(name[begin]) && is_small(name[begin - 1])) break;
  }
  return lower(name.substr(begin));
}

bool is_named_identifier(std::string_view name) {
  constexpr std::array<std::string_view, 4> kWords{"id", "key", "uuid", "guid"};
  return std::find(kWords.begin(), kWords.end(), last_word(name)) != kWords.end();
}

bool are_days(const Survey& s, const ColumnSchema& column) {
  return s.whole && s.shortest == 8 && s.longest == 8 && column.smallest >= kFirstDay && column.largest < kBeyondDays &&
         s.values.size() >= kEnoughDays && common_format(s.values) == kWholeNumberDate;
}

ColumnType infer_type(const Survey& s, const ColumnSchema& column) {
  if (s.present == 0) return ColumnType::kCategorical;
  const bool all_differ = column.distinct == s.present && s.present >= kIdentifierRows;
  const bool coded = s.numeric && column.decimals == 0 && s.is_coded();
  const bool number_line = s.numeric && !coded;
  if (number_line && s.whole && column.decimals == 0) {
    if (are_days(s, column)) return ColumnType::kDatetime;
    const bool named = s.present >= kNamedIdentifierRows && is_named_identifier(column.name);
    return all_differ && (s.rises_by_one || named) ? ColumnType::kIdentifier : ColumnType::kInteger;
  }
  if (number_line) return ColumnType::kDecimal;
  if (coded && all_differ && s.rises_by_one) return ColumnType::kIdentifier;
  if (coded && s.longest <= kShortCode) return ColumnType::kCategorical;
  if (!s.numeric && !common_format(s.values).empty()) return ColumnType::kDatetime;
  if (is_boolean(s.values)) return ColumnType::kBoolean;
  if (column.distinct <= std::max(kFewValues, s.present / 2)) return ColumnType::kCategorical;
  return all_differ && !s.has_blank ? ColumnType::kIdentifier : ColumnType::kText;
}

void check_boolean(const ColumnSchema& column, const Values& values) {
  for (const std::string_view value : values)
    if (const std::string word = lower(trimmed(value)); std::none_of(
            kTruths.begin(), kTruths.end(), [&](const auto& pair) { return word == pair[0] || word == pair[1]; }))
      fail("column '{}' cannot be boolean: '{}' is none of true, false, yes, no, t, f, y, n, 1, 0", column.name, value);
  if (values.size() > 2) fail("column '{}' cannot be boolean: it has {} different values", column.name, values.size());
}

/// Says which cells keep a column from a type that was asked for: the few odd ones, or `else_why`.
[[noreturn]] void fail_odd(const Table& table, std::size_t c, const ColumnSchema& column, const std::string& else_why) {
  const std::optional<OddCells> odd = find_odd_cells(table, c);
  const bool fits = odd && odd->what == (column.type == ColumnType::kDatetime ? "dates" : "numbers");
  fail("column '{}' cannot be {}: {}", column.name, type_name(column.type), fits ? describe(*odd) : else_why);
}

void read_datetimes(const Table& table, std::size_t c, const Values& values, const std::string& asked_format,
                    ColumnSchema& out) {
  if (const std::string_view unknown = unknown_directive(asked_format); !unknown.empty())
    fail("column '{}': its format {} has '{}', which is none of %Y %m %d %b %B %H %M %S %f %I %p, %-d, %^b", out.name,
         asked_format, unknown);
  out.format = asked_format.empty() ? common_format(values) : asked_format;
  if (out.format.empty()) fail_odd(table, c, out, "no one format fits all of its values");
  bool first = true;
  for (const std::string_view value : values) {
    const std::optional<double> seconds = parse_datetime(value, out.format);
    if (!seconds) fail("column '{}' cannot be datetime, written {}: '{}' is not", out.name, out.format, value);
    out.smallest = first ? *seconds : std::min(out.smallest, *seconds);
    out.largest = first ? *seconds : std::max(out.largest, *seconds);
    first = false;
    if (out.format.find("%f") == std::string::npos) continue;
    const std::string_view fraction = value.substr(value.rfind('.') + 1);
    out.decimals = std::max(
        out.decimals, static_cast<int>(std::min(fraction.find_first_not_of("0123456789"), trimmed(fraction).size())));
  }
}

/// Decimals of numbers as far apart as 1e-8 and 1e12 would give the large ones digits that nobody wrote.
int significant_digits(const Survey& s, const ColumnSchema& column) {
  const double largest = std::max(std::abs(column.smallest), std::abs(column.largest));
  const int before_point = largest < 1 ? 0 : static_cast<int>(std::log10(largest)) + 1;
  const bool far_apart = s.exponents && s.significant >= kLeastSignificant && s.significant <= kMostSignificant &&
                         before_point + column.decimals >= s.significant + kManyMore;
  return far_apart && !column.trailing_zeros ? s.significant : 0;
}

ColumnSchema infer_column(const Table& table, std::size_t c, const AskedType* asked) {
  const auto look = [&](bool gaps_are_missing, const NumberStyle& style = {}) {
    ColumnSchema out;
    out.name = table.names()[c];
    out.style = style;
    Survey s = survey(table, c, gaps_are_missing, out);
    out.type = asked ? asked->type : infer_type(s, out);
    return std::pair(std::move(out), std::move(s));
  };
  const auto is_number = [](const ColumnSchema& column) {
    return column.type == ColumnType::kInteger || column.type == ColumnType::kDecimal;
  };
  auto [out, s] = look(true, asked && asked->style ? *asked->style : NumberStyle());
  if (!s.numeric && out.style.is_plain() && out.type != ColumnType::kDatetime &&
      (asked ? is_number(out) : s.values.size() > kFewValues))
    if (const auto style = common_style(s.values))
      if (auto styled = look(true, *style); is_number(styled.first)) std::tie(out, s) = std::move(styled);
  if (s.gaps > 0 && (!is_numeric(out.type) || s.present == 0)) std::tie(out, s) = look(false);
  const bool number_line = is_number(out);
  if (number_line && !s.numeric) fail_odd(table, c, out, fmt::format("'{}' is no number", s.no_number));
  if (out.type == ColumnType::kInteger && !s.whole)
    fail("column '{}' cannot be integer: not all of its values are whole numbers", out.name);
  if (out.type == ColumnType::kInteger) out.decimals = 0;
  if (out.type == ColumnType::kDecimal) out.significant = significant_digits(s, out);
  const bool counts = out.type == ColumnType::kIdentifier && s.numeric && out.largest < kBeyondWholeDoubles;
  if (!number_line && !counts) out.smallest = out.largest = 0;
  if (!number_line) out.decimals = 0;
  if (out.type == ColumnType::kBoolean) check_boolean(out, s.values);
  if (out.type == ColumnType::kDatetime) read_datetimes(table, c, s.values, asked ? asked->format : std::string(), out);
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

Schema infer_schema(const Table& table, const AskedTypes& types, const std::vector<std::string>& drop, int threads) {
  for (const auto& [name, asked] : types) table.column(name);
  for (const std::string& name : drop) table.column(name);
  std::vector<std::size_t> kept;
  for (std::size_t c = 0; c < table.columns(); ++c)
    if (std::find(drop.begin(), drop.end(), table.names()[c]) == drop.end()) kept.push_back(c);
  if (kept.empty()) fail("every column is dropped; leave one");
  Schema schema(kept.size());
  parallel_for(kept.size(), threads_for_columns(threads), [&](std::size_t k) {
    const auto asked = types.find(table.names()[kept[k]]);
    schema[k] = infer_column(table, kept[k], asked == types.end() ? nullptr : &asked->second);
  });
  return schema;
}

namespace {

/// Also a number without what stands around it, or as C++ writes it, of whoever asks for one.
std::optional<double> parse_in_style(const NumberStyle& style, std::string_view cell) {
  if (style.is_plain()) return parse_number(cell);
  std::optional<std::string> plain = style.plain(cell);
  if (!plain) plain = NumberStyle{.grouping = style.grouping, .point = style.point}.plain(cell);
  return parse_number(plain ? *plain : cell);
}

void append_plain(const ColumnSchema& column, double number, std::string& out) {
  if (column.significant > 0)
    append_significant(number, column.significant, out);
  else
    append_number(number, column.decimals, column.trailing_zeros, out);
}

}  // namespace

double to_number(const ColumnSchema& column, std::string_view cell) {
  if (is_categorical(column.type)) {
    const auto place = std::lower_bound(column.values.begin(), column.values.end(), cell);
    if (place == column.values.end() || *place != cell)
      fail("column '{}' has no category '{}' in the table it was fitted on", column.name, cell);
    return static_cast<double>(place - column.values.begin());
  }
  const bool date = column.type == ColumnType::kDatetime;
  const auto number = date ? parse_datetime(cell, column.format) : parse_in_style(column.style, cell);
  if (!number)
    fail("column '{}' is {}{}, but '{}' is not", column.name, type_name(column.type),
         date ? ", written " + column.format : "", cell);
  return *number;
}

double number_or_nan(const ColumnSchema& column, std::string_view cell) try {
  return is_missing(column, cell) ? std::numeric_limits<double>::quiet_NaN() : to_number(column, cell);
} catch (const Error&) {
  return std::numeric_limits<double>::quiet_NaN();
}

void append_value(const ColumnSchema& column, double number, std::string& out) {
  if (is_categorical(column.type))
    out += column.values[static_cast<std::size_t>(
        std::clamp(std::lround(number), 0L, static_cast<long>(column.values.size()) - 1))];
  else if (column.type == ColumnType::kDatetime)
    append_datetime(number, column.format, column.decimals, out);
  else if (column.style.is_plain())
    append_plain(column, number, out);
  else {
    std::string plain;
    append_plain(column, number, plain);
    column.style.append(plain, out);
  }
}

Table empty_table(const Schema& schema) {
  std::vector<std::string> names;
  for (const ColumnSchema& column : schema) names.push_back(column.name);
  return Table(std::move(names));
}

}  // namespace meg
