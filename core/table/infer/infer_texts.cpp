#include "core/table/infer/infer_texts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/fail.h"
#include "core/table/infer/column_name.h"
#include "core/table/infer/duration.h"
#include "core/table/infer/odd_cells.h"
#include "core/table/infer/suggest_sdtype.h"
#include "core/table/infer/text_kind.h"
#include "core/table/infer/utc_offsets.h"
#include "core/table/infer/words_among.h"

namespace meg {

namespace {

/// At least this many rows before "all values differ" says identifier.
constexpr std::size_t kIdentifierRows = 20;
/// A word column with this few values is categorical however few rows it has.
constexpr std::size_t kFewValues = 20;
/// Codes of so few digits are categories however few rows there are.
constexpr std::size_t kShortCode = 3;
/// So many different whole numbers of 8, 12 or 14 digits that are dates, all of them, are dates.
constexpr std::size_t kEnoughDays = 10;
/// A column that is named like an identifier is one from so many rows on, where its values all differ.
constexpr std::size_t kNamedIdentifierRows = 50;
/// Numbers of at least 3 and at most 12 significant digits keep these, where fixed decimals would give the largest of
/// them 4 more.
constexpr int kLeastSignificant = 3, kMostSignificant = 12, kManyMore = 4;

using Values = std::vector<std::string_view>;

constexpr std::array<std::array<std::string_view, 2>, 5> kTruths{
    {{"false", "true"}, {"no", "yes"}, {"f", "t"}, {"n", "y"}, {"0", "1"}}};

bool is_boolean(const Values& values) {
  if (values.size() != 2) return false;
  const std::string a = in_small_letters(values[0]), b = in_small_letters(values[1]);
  return std::any_of(kTruths.begin(), kTruths.end(), [&](const auto& pair) {
    return (a == pair[0] && b == pair[1]) || (a == pair[1] && b == pair[0]);
  });
}

/// The numbers of values in a format; nothing where one is not in it.
std::optional<std::vector<double>> numbers_in(const Values& values, const std::string& format) {
  std::vector<double> out;
  for (const std::string_view cell : values) {
    const std::optional<double> seconds = parse_datetime(cell, format);
    if (!seconds) return {};
    out.push_back(*seconds);
  }
  return out;
}

/// The first datetime format that all values are in, and what they end with as their time zone, %z where these are
/// several that follow from the date; empty where there is none.
std::string common_format(const Values& values) {
  const auto fits = [&](const std::string& format) {
    return std::all_of(values.begin(), values.end(),
                       [&](std::string_view cell) { return parse_datetime(cell, format).has_value(); });
  };
  const std::string zone(values.empty() ? std::string_view() : zone_of(*values.begin()));
  const bool same_zone =
      std::all_of(values.begin(), values.end(), [&](std::string_view v) { return v.ends_with(zone); });
  for (const std::string& format : datetime_formats()) {
    if (fits(format)) return format;
    if (zone.empty() || format.find("%M") == std::string::npos || is_duration(format)) continue;
    if (same_zone && fits(format + zone)) return format + zone;
    if (same_zone) continue;
    if (const auto seconds = numbers_in(values, format + "%z"); seconds && find_utc_offsets(values, *seconds))
      return format + "%z";
  }
  return {};
}

/// What the first column of pandas and R is called, which has the rows' numbers, whatever rows were left out.
bool is_named_index(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames{"column_1", "Unnamed: 0", "__index_level_0__",
                                                   "index",    "rownames",   "X"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_named_identifier(std::string_view name) {
  constexpr std::array<std::string_view, 4> kWords{"id", "key", "uuid", "guid"};
  return std::find(kWords.begin(), kWords.end(), last_word(name)) != kWords.end();
}

/// Whether whole numbers may be seconds or milliseconds since 1970: of the years 1990 to 2100, in a column that is
/// named so. The format, or nothing.
std::string_view unix_format(const Survey& s, const ColumnSchema& column) {
  constexpr double kFrom = 631152000, kTo = 4102444800;
  constexpr std::array<std::string_view, 5> kHolds{"time", "stamp", "date", "epoch", "unix"};
  constexpr std::array<std::string_view, 8> kEnds{"at", "ts", "created", "updated", "modified", "when", "utc", "ms"};
  const std::string name = in_small_letters(column.name), last = last_word(column.name);
  const bool is_named =
      std::any_of(kHolds.begin(), kHolds.end(), [&](std::string_view word) { return name.find(word) != name.npos; }) ||
      std::find(kEnds.begin(), kEnds.end(), last) != kEnds.end();
  if (!is_named || !s.whole || column.decimals != 0 || s.present < kEnoughDays) return {};
  if (column.smallest >= kFrom && column.largest < kTo) return kUnixSeconds;
  return column.smallest >= kFrom * 1000 && column.largest < kTo * 1000 ? kUnixMilliseconds : std::string_view();
}

/// Numbers of 8, 12 or 14 digits, but for a 0 or -1 that may stand for none.
bool may_be_days(const Survey& s, const ColumnSchema& column) {
  const bool is_long_enough = s.longest == 8 || s.longest == 12 || s.longest == 14;
  return s.whole && column.decimals == 0 && is_long_enough && (column.smallest <= 0 || s.shortest == s.longest);
}

bool is_whole_number_date(std::string_view format) {
  return std::find(kWholeNumberDates.begin(), kWholeNumberDates.end(), format) != kWholeNumberDates.end();
}

/// The few whole numbers among dates that are none, 20069999 and 0.
std::vector<std::string> odd_days(const Values& values) {
  constexpr std::size_t kDaysAWord = 20;
  for (const std::string_view format : kWholeNumberDates) {
    std::vector<std::string> out;
    for (const std::string_view value : values)
      if (!parse_datetime(value, format)) out.emplace_back(value);
    std::sort(out.begin(), out.end());
    if (out.size() * kDaysAWord < values.size()) return out;
  }
  return {};
}

bool are_days(const Survey& s, const ColumnSchema& column) {
  return may_be_days(s, column) && s.values.size() >= kEnoughDays && is_whole_number_date(common_format(s.values));
}

ColumnType infer_type(const Survey& s, const ColumnSchema& column) {
  if (s.present == 0) return ColumnType::kCategorical;
  const bool all_differ = column.distinct == s.present && s.present >= kIdentifierRows;
  const bool coded = s.numeric && s.is_coded() && (column.decimals == 0 || s.spelled_as_codes);
  const bool number_line = s.numeric && !coded;
  if (number_line && s.whole && column.decimals == 0) {
    if (are_days(s, column) || !unix_format(s, column).empty()) return ColumnType::kDatetime;
    return is_identifier_of_numbers(s, column) ? ColumnType::kIdentifier : ColumnType::kInteger;
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
    if (const std::string word = in_small_letters(trimmed(value)); std::none_of(
            kTruths.begin(), kTruths.end(), [&](const auto& pair) { return word == pair[0] || word == pair[1]; }))
      fail("column '{}' cannot be boolean: '{}' is none of true, false, yes, no, t, f, y, n, 1, 0", column.name, value);
  if (values.size() > 2) fail("column '{}' cannot be boolean: it has {} different values", column.name, values.size());
}

/// Says which cells keep a column from a type that was asked for: the few odd ones, or `else_why`.
[[noreturn]] void fail_odd(const Array& cells, const ColumnSchema& column, const std::string& else_why) {
  const std::optional<OddCells> odd = find_odd_cells(cells);
  const bool fits = odd && odd->what == (column.type == ColumnType::kDatetime ? "dates" : "numbers");
  fail("column '{}' cannot be {}: {}", column.name, type_name(column.type), fits ? describe(*odd) : else_why);
}

/// Digits behind the seconds' point, of a text with a %f.
int fraction_digits(std::string_view text) {
  const std::size_t seconds = text.find_last_of(text.find(':') != text.npos ? ":" : "TM");  // of an ISO duration
  const std::size_t point = text.find('.', seconds == text.npos ? 0 : seconds);
  if (point == text.npos) return 0;
  const std::string_view fraction = text.substr(point + 1);
  return static_cast<int>(std::min(fraction.find_first_not_of("0123456789"), fraction.size()));
}

/// The seconds of each of the different values, whose format it finds.
std::vector<double> read_datetimes(const Array& cells, const Values& values, const std::string& asked_format,
                                   std::string_view unix, ColumnSchema& out) {
  if (const std::string_view unknown = unknown_directive(asked_format); !unknown.empty())
    fail(
        "column '{}': its format {} has '{}', which is none of %Y %y %m %d %e %b %B %H %M %S %f %I %p %P %G %V %q %s "
        "%Q %z, %-d, %-f, %^b",
        out.name, asked_format, unknown);
  out.format = !asked_format.empty() ? asked_format : !unix.empty() ? std::string(unix) : common_format(values);
  if (out.format.empty()) fail_odd(cells, out, "no one format fits all of its values");
  const bool has_fraction = out.format.find("%f") != std::string::npos || out.format.find("%-f") != std::string::npos ||
                            is_duration(out.format);
  std::vector<double> numbers;
  for (const std::string_view value : values) {
    const std::optional<double> seconds = parse_datetime(value, out.format);
    if (!seconds) fail("column '{}' cannot be datetime, written {}: '{}' is not", out.name, out.format, value);
    numbers.push_back(*seconds);
    if (has_fraction) out.decimals = std::max(out.decimals, fraction_digits(value));
  }
  if (numbers.empty()) return numbers;
  if (out.format == kUnixMilliseconds)
    out.decimals = std::all_of(numbers.begin(), numbers.end(), [](double x) { return x == std::floor(x); }) ? 0 : 3;
  if (out.format.ends_with("%z")) {
    auto offsets = find_utc_offsets(values, numbers);
    if (!offsets)
      fail("column '{}' cannot be datetime, written {}: its offsets do not follow from the date", out.name, out.format);
    out.offsets = std::move(*offsets);
  }
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  out.smallest = *low, out.largest = *high;
  return numbers;
}

}  // namespace

int significant_digits(const Survey& s, const ColumnSchema& column) {
  const double largest = std::max(std::abs(column.smallest), std::abs(column.largest));
  const int before_point = largest < 1 ? 0 : static_cast<int>(std::log10(largest)) + 1;
  if (column.style.always_exponent) return std::min(s.significant, std::numeric_limits<double>::max_digits10);
  const bool far_apart = s.exponents && s.significant >= kLeastSignificant && s.significant <= kMostSignificant &&
                         before_point + column.decimals >= s.significant + kManyMore;
  return far_apart && column.fewest_decimals < column.decimals ? s.significant : 0;
}

bool is_identifier_of_numbers(const Survey& s, const ColumnSchema& column) {
  const bool all_differ = column.distinct == s.present && s.present >= kIdentifierRows;
  const bool named = s.present >= kNamedIdentifierRows && is_named_identifier(column.name);
  return all_differ && (s.rises_by_one || named || (s.rises && is_named_index(column.name)));
}

namespace {

/// The cells as the column's type reads them. `of_value`: the number of each different value, of datetimes.
Array read_surveyed(const Array& cells, Survey&& s, const std::vector<double>& of_value, const ColumnSchema& column) {
  if (is_categorical(column.type)) {
    std::vector<std::int32_t> rank(s.values.size());
    for (std::size_t v = 0; v < rank.size(); ++v)
      rank[v] = static_cast<std::int32_t>(std::lower_bound(column.values.begin(), column.values.end(), s.values[v]) -
                                          column.values.begin());
    for (std::int32_t& place : s.places)
      if (place >= 0) place = rank[static_cast<std::size_t>(place)];
    return Array::dictionary(std::move(s.places), column.values);
  }
  if (column.type == ColumnType::kDatetime) {
    std::vector<double> numbers;
    for (const std::int32_t place : s.places)
      numbers.push_back(place < 0 ? number_of_place(place) : of_value[static_cast<std::size_t>(place)]);
    return read_values(column, std::move(numbers));
  }
  if (is_numeric(column.type)) return read_values(column, std::move(s.numbers));
  Bitmap valid;
  for (const std::int32_t place : s.places) valid.push_back(place >= 0);
  return cells.with_validity(std::move(valid));
}

/// An identifier of whole numbers, written without zeros in front, is one of int64 in a typed table.
bool are_whole_identifiers(const Survey& s, const ColumnSchema& column) {
  return column.type == ColumnType::kIdentifier && s.numeric && s.whole && s.leading_zeros == 0 && s.long_codes == 0 &&
         column.largest < kBeyondWholeDoubles && column.smallest > -kBeyondWholeDoubles;
}

bool is_number(const ColumnSchema& column) {
  return column.type == ColumnType::kInteger || column.type == ColumnType::kDecimal;
}

/// One way to read a column, and what its cells are then.
struct Reading {
  ColumnSchema column;
  Survey survey;
};

/// Finds the way to read a column of texts: looks at it as plain numbers or words first, then, step by step, in every
/// other way that what was found so far suggests.
class TextReader {
 public:
  TextReader(const std::string& name, const Array& cells, bool is_text, const AskedType* asked,
             const std::vector<std::string>& missing_words)
      : cells_(cells), is_text_(is_text), asked_(asked) {
    start_.name = name, start_.missing_words = missing_words;
  }

  Reading read() const {
    Reading out = look({.style = asked_ && asked_->style ? *asked_->style : NumberStyle()});
    for (const auto step : {&TextReader::as_numbers_in_a_style, &TextReader::with_words, &TextReader::with_odd_days,
                            &TextReader::with_word_beside_empty, &TextReader::with_gaps_as_values})
      if (std::optional<Reading> better = (this->*step)(out)) out = std::move(*better);
    return out;
  }

 private:
  struct Way {
    NumberStyle style = {};
    std::vector<std::string> words = {};  // among the numbers
    std::string_view kept_word = {};      // a value, though it looks missing
    bool gaps_are_missing = true;
  };

  Reading look(const Way& way) const {
    const Missing missing = !is_text_ ? Missing::kNulls : way.gaps_are_missing ? Missing::kGaps : Missing::kWords;
    Reading out{start_, {}};
    out.column.style = way.style, out.column.words = way.words;
    if (way.style.is_plain() && way.words.empty() && way.kept_word.empty()) {
      ColumnSchema column = out.column;
      if (std::optional<Survey> s = survey_plain_numbers(cells_, missing, column);
          s && !may_be_days(*s, column) && unix_format(*s, column).empty())
        if (Reading numbers = typed(std::move(column), std::move(*s)); is_number(numbers.column)) return numbers;
    }
    out.survey = survey(cells_, missing, out.column, way.kept_word);
    return typed(std::move(out.column), std::move(out.survey));
  }
  Reading typed(ColumnSchema column, Survey s) const {
    column.type = asked_ ? asked_->type : infer_type(s, column);
    return {std::move(column), std::move(s)};
  }

  /// $1,234.50
  std::optional<Reading> as_numbers_in_a_style(const Reading& now) const {
    if (now.survey.numeric || !now.column.style.is_plain() || now.column.type == ColumnType::kDatetime ||
        (asked_ && !is_number(now.column)))
      return {};
    const std::optional<NumberStyle> style = common_style(now.survey.values);
    if (!style) return {};
    // A few amounts and measures are categories, numbers with a comma for the point are not.
    const bool is_bare = style->prefix.empty() && style->suffix.empty() && style->grouping.empty();
    if (!asked_ && !is_bare && now.survey.values.size() <= kFewValues) return {};
    Reading out = look({.style = *style});
    return is_number(out.column) ? std::optional(std::move(out)) : std::nullopt;
  }
  /// 17, 23, .., 19
  std::optional<Reading> with_words(const Reading& now) const {
    if (now.survey.numeric || (asked_ ? !is_numeric(asked_->type) : now.column.type == ColumnType::kDatetime))
      return {};
    const auto among =
        find_words_among(now.survey.values, asked_ ? asked_->style : std::nullopt, asked_ ? asked_->format : "");
    if (!among) return {};
    Reading out = look({.style = among->style, .words = among->words});
    const bool fits = out.column.type == ColumnType::kDatetime ? !out.survey.numeric : is_number(out.column);
    return fits ? std::optional(std::move(out)) : std::nullopt;
  }
  /// 20061231, 0, 20070101
  std::optional<Reading> with_odd_days(const Reading& now) const {
    const bool is_asked = asked_ && asked_->type == ColumnType::kDatetime &&
                          (asked_->format.empty() || is_whole_number_date(asked_->format));
    if (asked_ ? !is_asked : now.column.type != ColumnType::kInteger) return {};
    if (!now.survey.numeric || !may_be_days(now.survey, now.column)) return {};
    std::vector<std::string> words = odd_days(now.survey.values);
    if (words.empty()) return {};
    Reading out = look({.words = std::move(words)});
    return out.column.type == ColumnType::kDatetime ? std::optional(std::move(out)) : std::nullopt;
  }
  /// NA beside empty cells means something else than these.
  std::optional<Reading> with_word_beside_empty(const Reading& now) const {
    const std::string& word = now.survey.beside_empty;
    if (word.empty() || (asked_ && !is_modelled(asked_->type)) || now.survey.present == 0) return {};
    std::vector<std::string> words = now.column.words;
    words.push_back(word);
    Reading out = is_numeric(now.column.type) ? look({.style = now.column.style, .words = std::move(words)})
                                              : look({.kept_word = word, .gaps_are_missing = now.survey.gaps == 0});
    const bool fits = out.column.type == now.column.type || is_categorical(out.column.type);
    return fits ? std::optional(std::move(out)) : std::nullopt;
  }
  /// Where there are no numbers, a - may be a value.
  std::optional<Reading> with_gaps_as_values(const Reading& now) const {
    if (now.survey.gaps == 0 || (is_numeric(now.column.type) && now.survey.present > 0)) return {};
    return look({.gaps_are_missing = false});
  }

  const Array& cells_;
  bool is_text_;
  const AskedType* asked_;
  ColumnSchema start_;
};

}  // namespace

InferredColumn infer_texts(const std::string& name, const Array& cells, bool is_text, const AskedType* asked,
                           const std::vector<std::string>& missing_words) {
  auto [out, s] = TextReader(name, cells, is_text, asked, missing_words).read();
  const bool number_line = is_number(out);
  if (number_line && !s.numeric) {
    const std::string_view odd = first_that_is_no_number(s.values);
    fail_odd(cells, out, fmt::format("'{}' is no number", odd.empty() ? s.no_number : odd));
  }
  if (out.type == ColumnType::kInteger && !s.whole)
    fail("column '{}' cannot be integer: not all of its values are whole numbers", out.name);
  if (out.type == ColumnType::kInteger) out.decimals = 0;
  if (out.type == ColumnType::kDecimal) out.significant = significant_digits(s, out);
  const std::string unix(out.type == ColumnType::kDatetime && s.numeric ? unix_format(s, out) : "");
  const bool counts = out.type == ColumnType::kIdentifier && s.numeric && out.largest < kBeyondWholeDoubles;
  const bool are_whole = are_whole_identifiers(s, out), runs = are_whole && s.rises_by_one;
  if (are_whole) out.typed_as = DataType{.id = TypeId::kInt64};
  if (!number_line && !counts) out.smallest = out.largest = 0;
  if (!number_line) out.decimals = 0;
  if (out.type == ColumnType::kBoolean) check_boolean(out, s.values);
  std::vector<double> of_value;
  if (out.type == ColumnType::kDatetime)
    of_value = read_datetimes(cells, s.values, asked ? asked->format : std::string(), unix, out);
  if (is_categorical(out.type)) {
    out.values.assign(s.values.begin(), s.values.end());
    std::sort(out.values.begin(), out.values.end());
  }
  if (!is_numeric(out.type)) {
    std::string kind = text_kind(s.values);
    out.maybe_sdtype = suggest_sdtype(out, kind, s.values);
    if (!is_modelled(out.type)) out.kind = std::move(kind);
  }
  Array values = read_surveyed(cells, std::move(s), of_value, out);
  std::string note;
  if (!asked && !is_numeric(out.type) && out.type != ColumnType::kBoolean)
    if (const auto odd = find_odd_cells(cells))
      note = fmt::format("column '{}' is {}, for {}", name, type_name(out.type), describe(*odd));
  return {std::move(out), std::move(values), std::move(note), runs};
}

}  // namespace meg
