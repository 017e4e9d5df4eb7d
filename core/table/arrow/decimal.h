#pragma once
#include <cstdint>
#include <optional>

namespace meg {

/// The integer in `bytes` bytes at `at`, little-endian two's complement; nothing where 64 bits do not hold it.
std::optional<std::int64_t> read_wide_integer(const unsigned char* at, int bytes);
/// And back.
void write_wide_integer(std::int64_t value, unsigned char* at, int bytes);

/// value * 10^-scale as a double; nothing where the way back would not give `value`, as for more than 15 digits.
std::optional<double> decimal_to_double(std::int64_t value, int scale);
/// The nearest value with value * 10^-scale = x; nothing where 64 bits do not hold it.
std::optional<std::int64_t> double_to_decimal(double x, int scale);

/// IEEE 754's half precision; the nearest one, ties to even.
double half_to_double(std::uint16_t half);
std::uint16_t double_to_half(double x);

}  // namespace meg
