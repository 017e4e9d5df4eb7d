#pragma once
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace meg {

// A word that stands among the numbers of a column, as a double: a NaN that holds its place in ColumnSchema::words.
// What computes with numbers takes it for one that is missing.

inline constexpr std::uint64_t kWordBits = 0x7FF8'4D45'4700'0000;

inline double number_of_word(std::size_t place) { return std::bit_cast<double>(kWordBits + 1 + place); }

/// The place of the word that a number is, -1 of all others.
inline std::ptrdiff_t word_of(double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  return (bits & ~std::uint64_t{0xFF'FFFF}) == kWordBits ? static_cast<std::ptrdiff_t>(bits - kWordBits) - 1 : -1;
}

/// Whether it stands for nothing: NaN, but no word.
inline bool is_nothing(double number) { return std::isnan(number) && word_of(number) < 0; }

}  // namespace meg
