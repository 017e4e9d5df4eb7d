#include "core/table/code/packed_numbers.h"

#include <array>
#include <bit>
#include <cstdint>

#include "core/fail.h"

namespace meg {

namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 64;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(kNone);
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    out[static_cast<unsigned char>(kLetters[i])] = static_cast<std::uint8_t>(i);
  return out;
}();

}  // namespace

std::string pack_numbers(std::span<const double> numbers) {
  std::string out;
  out.reserve((numbers.size() * sizeof(double) + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const double number : numbers)
    for (int shift = 0; shift < 64; shift += 8) {
      bits = bits << 8 | (std::bit_cast<std::uint64_t>(number) >> shift & 255);
      count += 8;
      while (count >= 6) {
        count -= 6;
        out += kLetters[bits >> count & 63];
      }
    }
  if (count > 0) out += kLetters[bits << (6 - count) & 63];
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

std::vector<double> unpack_numbers(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::vector<double> out(text.size() * 6 / 64);
  std::uint64_t bits = 0, number = 0;
  int count = 0, shift = 0;
  std::size_t done = 0;
  for (const char c : text) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value == kNone) fail("packed numbers hold a letter that base64 has not");
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    number |= (bits >> count & 255) << shift;
    shift += 8;
    if (shift < 64) continue;
    out[done++] = std::bit_cast<double>(number);
    number = 0, shift = 0;
  }
  if (shift != 0) fail("packed numbers are cut short");
  return out;
}

}  // namespace meg
