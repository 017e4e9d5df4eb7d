#include "core/table/infer/survey.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

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

void add_number(std::string_view text, double number, double previous, Survey& s, ColumnSchema& out) {
  const bool first = s.present == 1;
  out.smallest = first ? number : std::min(out.smallest, number);
  out.largest = first ? number : std::max(out.largest, number);
  s.leading_zeros += has_leading_zero(text);
  s.long_codes += is_long_code(text, number);
  s.shortest = std::min(s.shortest, without_sign(text).size());
  s.longest = std::max(s.longest, without_sign(text).size());
  const WrittenDigits digits = written_digits(text);
  out.trailing_zeros = first || (out.trailing_zeros && digits.decimals == out.decimals);
  out.decimals = std::max(out.decimals, digits.decimals);
  s.significant = std::max(s.significant, digits.significant);
  s.exponents = s.exponents || text.find_first_of("eE") != std::string_view::npos;
  s.whole = s.whole && number == std::floor(number);
  s.rises_by_one = s.rises_by_one && (first || number == previous + 1);
}

}  // namespace

Survey survey(const Array& cells, Missing missing, ColumnSchema& out) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  Survey s;
  MissingWords words;
  std::unordered_map<std::string_view, std::int32_t> place_of;
  s.places.assign(cells.size(), -1);
  s.numbers.reserve(cells.size());
  double previous = 0;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    const std::string_view cell = cells.text(r);
    const bool gap = missing == Missing::kGaps && is_gap(cell);
    if (gap || cells.is_null(r) || (missing != Missing::kNulls && is_missing(cell))) {
      s.gaps += gap;
      ++out.missing;
      words.add(cell);
      if (s.numeric) s.numbers.push_back(kNaN);
      continue;
    }
    const auto [at, is_new] = place_of.try_emplace(cell, static_cast<std::int32_t>(s.values.size()));
    if (is_new) s.values.push_back(cell);
    s.places[r] = at->second;
    s.has_blank = s.has_blank || cell.find(' ') != std::string_view::npos;
    ++s.present;
    if (!s.numeric) continue;
    const std::optional<std::string> in_style = out.style.is_plain() ? std::nullopt : out.style.plain(cell);
    const std::string_view written = in_style ? *in_style : trimmed(cell);
    const std::optional<double> number = parse_number(written);
    if (!number) {
      s.numeric = false;
      s.no_number = cell;
      s.numbers = {};
      continue;
    }
    s.numbers.push_back(*number);
    add_number(written, *number, previous, s, out);
    previous = *number;
  }
  out.distinct = s.values.size();
  out.missing_word = words.most_used();
  return s;
}

}  // namespace meg
