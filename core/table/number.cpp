#include "core/table/number.h"

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
}  // namespace

std::string_view trimmed(std::string_view cell) {
  const std::size_t begin = cell.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return cell.substr(begin, cell.find_last_not_of(" \t") - begin + 1);
}

bool is_missing(std::string_view cell) {
  constexpr std::array<std::string_view, 5> kWords{"na", "n/a", "nan", "null", "none"};
  const std::string_view word = trimmed(cell);
  if (word.empty() || word == "?") return true;
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view missing) {
    return word.size() == missing.size() && std::equal(word.begin(), word.end(), missing.begin(), [](char a, char b) {
             return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
           });
  });
}

std::optional<double> parse_number(std::string_view cell) {
  std::string_view text = trimmed(cell);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

void append_number(double value, int decimals, bool trailing_zeros, std::string& out) {
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
    fmt::format_to(std::back_inserter(out), "{:.{}f}", value, decimals);
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
  out.append(digits - (length - whole), '0');
  out.append(text.data() + whole, length - whole);
  if (trailing_zeros) return;
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
}

}  // namespace meg
