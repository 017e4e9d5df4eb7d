#include "core/table/infer/letters.h"

#include <cstdint>

namespace meg {

namespace {

std::uint32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  std::uint32_t code = character.size() == 1 ? first : first & (0x7Fu >> character.size());
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return code;
}

}  // namespace

int alphanumeric_place(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return c >= 'a' && c <= 'z' ? c - 'a' + 36 : -1;
}

std::string_view first_character(std::string_view text) {
  std::size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0u) == 0x80) ++bytes;
  return text.substr(0, bytes);
}

int letter_kind(std::string_view character) {
  const std::uint32_t c = code_point(character);
  const auto in = [c](std::uint32_t first, std::uint32_t last) { return c >= first && c <= last; };
  if (c < 0xC0 || c == 0xD7 || c == 0xF7 || in(0x300, 0x36F) || in(0x2000, 0x2BFF) || in(0x3000, 0x3004) ||
      in(0x3008, 0x3020) || in(0xFE00, 0xFE1F) || in(0xFE30, 0xFE4F) || in(0xFF01, 0xFF0F))
    return -1;
  if (in(0xC0, 0xDE) || in(0x386, 0x3AB) || in(0x400, 0x42F)) return 0;
  if (in(0xDF, 0xFF) || in(0x3AC, 0x3CE) || in(0x430, 0x45F)) return 1;
  // In these the capital comes right before its small letter.
  if (in(0x139, 0x148) || in(0x179, 0x17E) || in(0x1AF, 0x1B0) || in(0x1B3, 0x1B6) || in(0x1CD, 0x1DC))
    return c % 2 == 0;
  if (in(0x100, 0x24F) || in(0x460, 0x52F) || in(0x1E00, 0x1EFF)) return c % 2 != 0;
  return 2;
}

}  // namespace meg
