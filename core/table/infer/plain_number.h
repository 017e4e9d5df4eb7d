#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace meg {

/// A number, and how it is written.
struct PlainNumber {
  double number = 0;
  int decimals = 0;      ///< digits behind the point
  int significant = 0;   ///< digits, without the zeros of a whole number's end
  std::size_t size = 0;  ///< characters, without the sign
  bool has_leading_zero = false;
  bool has_last_zero = false;  ///< behind the point
};

/// Reads what is digits, at most 14 of them, with or without a point between them and a minus in front: most numbers of
/// most tables. Nothing of others. The number is the nearest double, for its digits and the power of ten that divides
/// them are doubles.
inline std::optional<PlainNumber> read_plain_number(std::string_view text) {
  constexpr std::array<double, 16> kPowers{1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const std::size_t size = text.size();
  if (size == 0 || size >= kPowers.size()) return {};
  std::int64_t digits = 0;
  std::size_t point = size, leading = 0;  // zeros before all other digits
  for (std::size_t i = 0; i < size; ++i) {
    const auto digit = static_cast<unsigned>(text[i]) - '0';
    if (digit < 10) {
      digits = 10 * digits + digit;
      leading += digits == 0;
    } else if (text[i] == '.' && point == size && i > 0 && i + 1 < size) {
      point = i;
    } else {
      return {};
    }
  }
  PlainNumber out{.size = size};
  out.decimals = point < size ? static_cast<int>(size - point - 1) : 0;
  out.significant = static_cast<int>(size - (point < size) - leading);
  const bool ends_in_zero = text[size - 1] == '0';
  if (out.decimals > 0)
    out.has_last_zero = ends_in_zero;
  else if (ends_in_zero && digits > 0)
    for (std::int64_t rest = digits; rest % 10 == 0; rest /= 10) --out.significant;
  out.has_leading_zero = text[0] == '0' && size > 1 && point != 1;
  const double number = static_cast<double>(digits) / kPowers[static_cast<std::size_t>(out.decimals)];
  out.number = is_negative ? -number : number;
  return out;
}

}  // namespace meg
