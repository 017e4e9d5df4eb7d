#include "core/table/infer/survey.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/table/infer/distinct_texts.h"

namespace meg {

namespace {

/// The fewest digits of a number with a plus that is one to call.
constexpr std::size_t kTelephoneDigits = 7;

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

/// What there is to say of a number as it is written.
struct Written {
  double number = 0;
  WrittenDigits digits;
  bool has_exponent = false, has_leading_zero = false, is_long_code = false;
  std::size_t size = 0;  // without its sign
};

/// Of digits with or without a point and a minus, at most 15 of them: those and the power of ten are doubles, so their
/// quotient is the nearest double. Most numbers of most tables; nothing of others.
std::optional<Written> read_plain(std::string_view text) {
  constexpr std::array<double, 16> kPowers{1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty() || text.size() >= kPowers.size() || text[0] == '.' || text.back() == '.') return {};
  std::int64_t digits = 0;
  std::size_t point = text.size(), zeros = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned>(text[i]) - '0';
    if (digit < 10) {
      digits = 10 * digits + digit;
      zeros = digit == 0 ? zeros + 1 : 0;
    } else if (text[i] == '.' && point == text.size()) {
      point = i;
    } else {
      return {};
    }
  }
  const std::size_t decimals = point < text.size() ? text.size() - point - 1 : 0;
  int significant = 0;
  for (std::int64_t rest = digits; rest > 0; rest /= 10) ++significant;
  if (decimals == 0 && digits > 0) significant -= static_cast<int>(zeros);
  const double number = static_cast<double>(digits) / kPowers[decimals];
  return Written{.number = is_negative ? -number : number,
                 .digits = {static_cast<int>(decimals), significant},
                 .has_leading_zero = has_leading_zero(text),
                 .size = text.size()};
}

std::optional<Written> read_number(std::string_view text) {
  if (const std::optional<Written> plain = read_plain(text)) return plain;
  const std::optional<double> number = parse_number(text);
  if (!number) return {};
  return Written{.number = *number,
                 .digits = written_digits(text),
                 .has_exponent = text.find_first_of("eE") != std::string_view::npos,
                 .has_leading_zero = has_leading_zero(text),
                 .is_long_code = is_long_code(text, *number),
                 .size = without_sign(text).size()};
}

bool begins_with_digit(std::string_view text) { return !text.empty() && text[0] >= '0' && text[0] <= '9'; }

/// Cells that say the same.
struct Same {
  std::size_t cells = 0;
  bool is_missing = false;
  std::int32_t place = -1;  // among the values
};

/// How a table spells a missing value: as most of its missing cells do.
std::string most_used(const std::vector<std::string_view>& texts, const std::vector<Same>& same) {
  std::string_view best;
  std::size_t most = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!same[i].is_missing || same[i].cells < most || (same[i].cells == most && texts[i] > best)) continue;
    best = texts[i];
    most = same[i].cells;
  }
  return std::string(best);
}

void add_number(const Written& written, std::size_t cells, Survey& s, ColumnSchema& out) {
  const bool is_first = s.longest == 0;
  out.smallest = is_first ? written.number : std::min(out.smallest, written.number);
  out.largest = is_first ? written.number : std::max(out.largest, written.number);
  s.leading_zeros += written.has_leading_zero ? cells : 0;
  s.long_codes += written.is_long_code ? cells : 0;
  s.shortest = std::min(s.shortest, written.size);
  s.longest = std::max(s.longest, written.size);
  out.trailing_zeros = is_first || (out.trailing_zeros && written.digits.decimals == out.decimals);
  out.decimals = std::max(out.decimals, written.digits.decimals);
  s.significant = std::max(s.significant, written.digits.significant);
  s.exponents = s.exponents || written.has_exponent;
  s.whole = s.whole && written.number == std::floor(written.number);
}

/// Reads the different values as numbers, in the column's style; `numbers` is one a value.
void read_numbers(const std::vector<std::size_t>& cells, Survey& s, ColumnSchema& out, std::vector<double>& numbers) {
  for (std::size_t v = 0; v < s.values.size(); ++v) {
    const std::optional<std::string> in_style =
        out.style.is_plain() ? std::nullopt : plain_number(out.style, s.values[v]);
    const std::optional<Written> written = read_number(in_style ? *in_style : trimmed(s.values[v]));
    if (!written) {
      s.numeric = false;
      s.no_number = s.values[v];
      return;
    }
    add_number(*written, cells[v], s, out);
    numbers.push_back(written->number);
  }
}

bool rise_by_one(const std::vector<std::int32_t>& places, const std::vector<double>& numbers) {
  double previous = 0;
  bool is_first = true;
  for (const std::int32_t place : places) {
    if (place < 0) continue;
    const double number = numbers[static_cast<std::size_t>(place)];
    if (!is_first && number != previous + 1) return false;
    previous = number;
    is_first = false;
  }
  return true;
}

}  // namespace

Survey survey(const Array& cells, Missing missing, ColumnSchema& out) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  Survey s;
  DistinctTexts texts;
  std::vector<Same> same;
  s.places.assign(cells.size(), -1);
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (cells.is_null(r)) continue;
    const std::int32_t number = texts.number(cells.text(r));
    s.places[r] = number;
    if (same.size() < texts.texts().size()) same.emplace_back();
    ++same[static_cast<std::size_t>(number)].cells;
  }
  std::vector<std::size_t> of_value;  // cells
  for (std::size_t i = 0; i < same.size(); ++i) {
    const std::string_view text = texts.texts()[i];
    const bool may_be_missing = !begins_with_digit(text);  // none of the words that say so does
    const bool is_a_gap = may_be_missing && missing == Missing::kGaps && is_gap(text);
    same[i].is_missing = is_a_gap || (may_be_missing && missing != Missing::kNulls && is_missing(text));
    if (is_a_gap) s.gaps += same[i].cells;
    if (same[i].is_missing) continue;
    same[i].place = static_cast<std::int32_t>(s.values.size());
    s.values.push_back(text);
    of_value.push_back(same[i].cells);
    s.present += same[i].cells;
    s.has_blank = s.has_blank || text.find(' ') != std::string_view::npos;
  }
  for (std::int32_t& place : s.places)
    if (place >= 0) place = same[static_cast<std::size_t>(place)].place;
  out.missing = cells.size() - s.present;
  out.distinct = s.values.size();
  out.missing_word = most_used(texts.texts(), same);

  std::vector<double> numbers;
  read_numbers(of_value, s, out, numbers);
  if (!s.numeric) return s;
  s.rises_by_one = rise_by_one(s.places, numbers);
  s.numbers.reserve(cells.size());
  for (const std::int32_t place : s.places)
    s.numbers.push_back(place < 0 ? kNaN : numbers[static_cast<std::size_t>(place)]);
  return s;
}

}  // namespace meg
