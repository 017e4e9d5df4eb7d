#include "core/table/infer/number.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace meg {

namespace {
constexpr int kMostPlainDecimals = 17;  // what a double holds below 1
constexpr double kTooLongForDigits = 1e21;
constexpr int kDigitsOfDouble = 15;        // that every double holds
constexpr double kBeyondExponents = 1000;  // of any double

/// Of a number with a point, but for `fewest` digits behind it.
void remove_trailing_zeros(std::string& number, std::size_t point, int fewest) {
  const std::size_t kept = std::max(number.find_last_not_of('0') + 1, point + 1 + static_cast<std::size_t>(fewest));
  number.resize(kept == point + 1 ? point : kept);
}

/// Where a double's own digits are few they are the shortest that read as it; else `decimals` of them.
void append_digits(double value, int decimals, int fewest, std::string& out) {
  std::string text;
  if (fewest < decimals) text = fmt::format("{}", value);
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto behind = static_cast<int>(point < text.size() ? text.size() - point - 1 : 0);
  if (text.empty() || text.find('e') != std::string::npos || behind > decimals) {
    text = fmt::format("{:.{}f}", value, decimals);
    if (const std::size_t at = text.find('.'); at != std::string::npos && fewest < decimals)
      remove_trailing_zeros(text, at, fewest);
  } else if (behind < fewest) {
    if (behind == 0) text += '.';
    text.append(static_cast<std::size_t>(fewest - behind), '0');
  }
  if (text.find_first_not_of("-0.") == std::string::npos && text[0] == '-') text.erase(0, 1);
  out += text;
}

}  // namespace

std::string_view trimmed(std::string_view cell) {
  const std::size_t begin = cell.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return cell.substr(begin, cell.find_last_not_of(" \t") - begin + 1);
}

bool same_but_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_missing(std::string_view cell) {
  constexpr std::array<std::string_view, 5> kWords{"na", "n/a", "nan", "null", "none"};
  const std::string_view word = trimmed(cell);
  if (word.empty() || word == "?" || word == "\\N") return true;  // \N: of database dumps
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view missing) { return same_but_case(word, missing); });
}

bool is_gap(std::string_view cell) {
  constexpr std::array<std::string_view, 17> kWords{"#n/a",    "#na",     "#value!", "#div/0!", "#num!", "#ref!",
                                                    "<na>",    "<null>",  "nat",     "nil",     "n.a.",  "n.a",
                                                    "unknown", "missing", "-",       "--",      "."};
  const std::string_view word = trimmed(cell);
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view gap) { return same_but_case(word, gap); });
}

std::optional<double> parse_number(std::string_view cell) {
  std::string_view text = trimmed(cell);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

WrittenDigits written_digits(std::string_view number) {
  const std::size_t end = std::min(number.find_first_of("eE"), number.size());
  const std::size_t point = std::min(number.find('.'), end);
  std::size_t first = number.find_first_of("123456789");
  if (first >= end) first = end;  // a zero
  const std::size_t digits = end - first - (point > first && point < end ? 1 : 0);
  if (digits > kDigitsOfDouble) {
    const double value = parse_number(number).value_or(0);
    return written_digits(fmt::format("{:.{}g}", value, kDigitsOfDouble));
  }
  std::size_t zeros = 0;
  while (point == end && zeros + 1 < digits && number[end - 1 - zeros] == '0') ++zeros;
  const double exponent = end < number.size() ? parse_number(number.substr(end + 1)).value_or(0) : 0;
  const int shift = static_cast<int>(std::clamp(exponent, -kBeyondExponents, kBeyondExponents));
  const int behind = point < end ? static_cast<int>(end - point - 1) : 0;
  return {std::clamp(behind - shift, 0, kMostDecimals), static_cast<int>(digits - zeros)};
}

void append_number(double value, int decimals, int fewest, std::string& out) {
  constexpr std::array<double, 10> kPowers{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  const auto digits = static_cast<std::size_t>(decimals);
  if (decimals > kMostPlainDecimals || std::abs(value) >= kTooLongForDigits) {
    const int kept = value == 0 ? 0 : static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1 + decimals;
    if (kept < 1)
      out.push_back('0');
    else if (kept < std::numeric_limits<double>::max_digits10)
      fmt::format_to(std::back_inserter(out), "{:.{}g}", value, kept);
    else
      fmt::format_to(std::back_inserter(out), "{}", value);
    return;
  }
  // Past 2^53 the scaled value is no exact integer any more.
  if (digits >= kPowers.size() || !(std::abs(value) * kPowers[digits] < 9e15)) {
    append_digits(value, decimals, fewest, out);
    return;
  }
  const auto scaled = static_cast<long long>(std::nearbyint(std::abs(value) * kPowers[digits]));
  std::array<char, 24> text;
  const char* end = std::to_chars(text.data(), text.data() + text.size(), scaled).ptr;
  const auto length = static_cast<std::size_t>(end - text.data());
  if (value < 0 && scaled != 0) out.push_back('-');
  if (digits == 0) {
    out.append(text.data(), length);
    return;
  }
  const std::size_t whole = length > digits ? length - digits : 0;
  if (whole == 0) out.push_back('0');
  out.append(text.data(), whole);
  out.push_back('.');
  const std::size_t point = out.size() - 1;
  out.append(digits - (length - whole), '0');
  out.append(text.data() + whole, length - whole);
  if (fewest < decimals) remove_trailing_zeros(out, point, fewest);
}

void append_significant(double value, int digits, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{:.{}g}", value + 0.0, digits);  // -0 becomes 0
}

void append_scientific(double value, int digits, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{:.{}e}", value + 0.0, digits - 1);
}

}  // namespace meg
