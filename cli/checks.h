#pragma once
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace meg::cli {

// What CLI11's own checks let through: NaN passes its ranges, -1 becomes the largest unsigned number, and 010 is 8.

/// A number from `low` to `high`.
inline CLI::Validator number(double low, double high) {
  const std::string range = fmt::format("in [{} - {}]", low, high);
  const auto check = [=](std::string& text) -> std::string {
    double x = 0;
    if (CLI::detail::lexical_cast(text, x) && x >= low && x <= high) return "";
    return fmt::format("'{}' is no number {}", text, range);
  };
  return CLI::Validator(check, range);
}

/// A number above zero that a float holds.
inline CLI::Validator positive_number() {
  const auto check = [](std::string& text) -> std::string {
    double x = 0;
    if (CLI::detail::lexical_cast(text, x) && static_cast<float>(x) > 0 && std::isfinite(static_cast<float>(x)))
      return "";
    return fmt::format("'{}' is no number above 0 of a size that a float holds", text);
  };
  return CLI::Validator(check, "above 0");
}

/// Decimal digits, 0 to `high`.
inline CLI::Validator whole_number(std::uint64_t high = std::numeric_limits<std::uint64_t>::max()) {
  const auto check = [=](std::string& text) -> std::string {
    std::uint64_t x = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, x);
    const bool octal = text.size() > 1 && text[0] == '0';
    if (error == std::errc() && stop == end && x <= high && !octal) return "";
    return fmt::format("'{}' is no whole number from 0 to {}, written in digits", text, high);
  };
  return CLI::Validator(check, fmt::format("0 to {}", high));
}

/// A flag takes one word each time it is given: else it would take the file names behind it, too.
inline CLI::Option* take_words(CLI::Option* option) { return option->allow_extra_args(false); }
/// The same of a list with commas.
inline CLI::Option* take_list(CLI::Option* option) { return take_words(option->delimiter(',')); }

}  // namespace meg::cli
