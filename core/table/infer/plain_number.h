#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// The digits of a number, its point left out.
struct PlainDigits {
  std::int64_t value = 0;
  int significant = 0;  // without zeros in front
  int last_zeros = 0;   // at the end
  std::size_t point;    // where it stands; the text's size where there is none
};

/// Of up to 8 characters, eight at a time: the multiplications add neighbours, then pairs, then fours (Lemire 2018,
/// "Quickly parsing eight digits"). `eight` has the text in its first bytes.
inline std::optional<PlainDigits> read_eight(std::uint64_t eight, std::size_t size) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kOnes = 0x0101010101010101u, kZeros = kOnes * '0', kHigh = kOnes << 7;
  PlainDigits out{.point = size};
  std::uint64_t word = eight << 8 * (8 - size);  // its last character in the highest byte
  const std::uint64_t other = word ^ kOnes * '.';
  if (const std::uint64_t points = ~(((other & ~kHigh) + ~kHigh) | other) & kHigh; points != 0) {
    const int at = std::countr_zero(points) / 8 * 8;  // bits below the point move over it
    const std::uint64_t below = (std::uint64_t{1} << at) - 1;
    out.point = size - (8 - static_cast<std::size_t>(at) / 8);
    if (out.point == 0 || out.point + 1 == size) return {};
    word = (word & ~(below << 8 | 0xFF)) | (word & below) << 8;
    --size;
  }
  if (size < 8) word |= kZeros >> 8 * size;
  const std::uint64_t digits = word ^ kZeros;
  if (((digits | (digits + kOnes * 6)) & kOnes * 0xF0) != 0) return {};
  out.significant = digits == 0 ? 0 : 8 - std::countr_zero(digits) / 8;
  out.last_zeros = std::countl_zero(digits) / 8;
  std::uint64_t sum = (digits * 10 + (digits >> 8)) & 0x00FF00FF00FF00FFu;
  sum = (sum * 100 + (sum >> 16)) & 0x0000FFFF0000FFFFu;
  out.value = static_cast<std::int64_t>((sum * 10000 + (sum >> 32)) & 0xFFFFFFFFu);
  return out;
}

/// Of any number of characters.
inline std::optional<PlainDigits> read_digits(std::string_view text) {
  PlainDigits out{.point = text.size()};
  int leading = 0, digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned>(text[i]) - '0';
    if (digit < 10) {
      out.value = 10 * out.value + digit;
      ++digits;
      leading += out.value == 0;
      out.last_zeros = digit == 0 ? out.last_zeros + 1 : 0;
    } else if (text[i] == '.' && out.point == text.size() && i > 0 && i + 1 < text.size()) {
      out.point = i;
    } else {
      return {};
    }
  }
  out.significant = digits - leading;
  return out;
}

/// Reads a number of at most 15 characters behind a minus: digits, with or without a point between them; most numbers
/// of most tables. Nothing of any other text. The number is the nearest double, because its digits and the power of ten
/// are exact doubles (Clinger 1990). `may_read_eight`: the 8 bytes behind the minus can be read.
inline std::optional<PlainNumber> read_plain_number(std::string_view text, bool may_read_eight = false) {
  constexpr std::array<double, 16> kPowers{1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const std::size_t size = text.size();
  if (size == 0 || size >= kPowers.size()) return {};
  std::optional<PlainDigits> digits;
  if (size <= 8 && may_read_eight) {
    std::uint64_t eight;
    std::memcpy(&eight, text.data(), 8);
    digits = read_eight(eight, size);
  } else {
    digits = read_digits(text);
  }
  if (!digits) return {};
  PlainNumber out{.significant = digits->significant, .size = size};
  if (digits->point < size) {
    out.decimals = static_cast<int>(size - digits->point - 1);
    out.has_last_zero = text[size - 1] == '0';
  } else if (digits->value > 0) {
    out.significant -= digits->last_zeros;
  }
  out.has_leading_zero = text[0] == '0' && size > 1 && digits->point != 1;
  const double number = static_cast<double>(digits->value) / kPowers[static_cast<std::size_t>(out.decimals)];
  out.number = is_negative ? -number : number;
  return out;
}

}  // namespace meg
