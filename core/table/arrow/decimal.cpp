#include "core/table/arrow/decimal.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace meg {

std::optional<std::int64_t> read_wide_integer(const unsigned char* at, int bytes) {
  std::int64_t value = 0;
  std::memcpy(&value, at, static_cast<std::size_t>(std::min(bytes, 8)));
  if (bytes == 4) value = static_cast<std::int32_t>(value);
  const unsigned char sign = value < 0 ? 0xFF : 0;
  for (int i = 8; i < bytes; ++i)
    if (at[i] != sign) return std::nullopt;
  return value;
}

void write_wide_integer(std::int64_t value, unsigned char* at, int bytes) {
  std::memset(at, value < 0 ? 0xFF : 0, static_cast<std::size_t>(bytes));
  std::memcpy(at, &value, static_cast<std::size_t>(std::min(bytes, 8)));
}

std::optional<double> decimal_to_double(std::int64_t value, int scale) {
  const double whole = static_cast<double>(value), unit = std::pow(10.0, std::abs(scale));
  const double x = scale >= 0 ? whole / unit : whole * unit;
  return double_to_decimal(x, scale) == value ? std::optional(x) : std::nullopt;
}

std::optional<std::int64_t> double_to_decimal(double x, int scale) {
  const double unit = std::pow(10.0, std::abs(scale)), scaled = std::round(scale >= 0 ? x * unit : x / unit);
  if (!(std::abs(scaled) < 0x1p63)) return std::nullopt;
  return static_cast<std::int64_t>(scaled);
}

double half_to_double(std::uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const double sign = (half & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

std::uint16_t double_to_half(double x) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(x) ? 0x8000 : 0);
  const double size = std::abs(x);
  if (std::isnan(x)) return 0x7E00;
  if (size >= 65520) return static_cast<std::uint16_t>(sign | 0x7C00);  // rounds beyond the largest, 65504
  // Below 2^-14 halves are multiples of 2^-24; above, of 2^(exponent - 10).
  const int exponent = size < 0x1p-14 ? -14 : std::ilogb(size);
  const auto steps = static_cast<int>(std::nearbyint(std::ldexp(size, 10 - exponent)));
  return static_cast<std::uint16_t>(sign | ((exponent + 14) * 1024 + steps));  // a carry moves to the next exponent
}

}  // namespace meg
