#include "core/table/utf8.h"

#include <cstdint>
#include <cstring>

namespace meg {

namespace {

/// Bytes of the well-formed UTF-8 character at the start of `s` (Unicode 15, table 3-7); 0 where there is none.
std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool shortest = first != 0xE0 || byte(1) >= 0xA0, no_surrogate = first != 0xED || byte(1) < 0xA0;
    return shortest && no_surrogate && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool in_range = (first != 0xF0 || byte(1) >= 0x90) && (first != 0xF4 || byte(1) < 0x90);
    return in_range && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// Bytes at the start of `s` that are ASCII and not NUL, in steps of eight: nearly all of a table.
std::size_t plain_prefix(std::string_view s) {
  constexpr std::uint64_t kHigh = 0x8080808080808080u, kOnes = 0x0101010101010101u;
  std::size_t i = 0;
  for (; i + 8 <= s.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, s.data() + i, 8);
    // The high bit of a byte of (word - ones) & ~word says that a byte is zero, of word that it is not ASCII.
    if ((word | ((word - kOnes) & ~word)) & kHigh) break;
  }
  return i;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t plain = plain_prefix(text), length = plain > 0 ? plain : utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace meg
