#include "core/table/text_shape.h"

#include <algorithm>

#include "core/tensor/philox.h"

namespace meg {

namespace {

constexpr std::size_t kMostShapes = 1000;
constexpr std::array<std::string_view, 3> kMasks{"Ä", "ä", "字"};  // of letters beyond ASCII

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A number below `end` from 32 random bits.
std::uint64_t below(std::uint64_t end, std::uint32_t word) { return end * word >> 32; }

/// The first character of a text that is not empty, all of its bytes.
std::string_view first_character(std::string_view text) {
  std::size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0u) == 0x80) ++bytes;
  return text.substr(0, bytes);
}

std::uint32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  std::uint32_t code = character.size() == 1 ? first : first & (0x7Fu >> character.size());
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return code;
}

/// The place in the alphabet of a character beyond ASCII: capital 0, small 1, any other letter 2; -1 for punctuation,
/// signs and combining marks. Cases are known of Latin, Greek and Cyrillic letters.
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

}  // namespace

void TextShapes::add(std::string_view cell) {
  std::string shape;
  while (!cell.empty()) {
    const std::string_view character = first_character(cell);
    cell.remove_prefix(character.size());
    const char c = character[0];
    if (character.size() == 1) {
      shape.push_back(is_digit(c) ? '9' : is_upper(c) ? 'A' : is_lower(c) ? 'a' : c);
      continue;
    }
    const int kind = letter_kind(character);
    shape += kind < 0 ? character : kMasks[static_cast<std::size_t>(kind)];
    if (kind < 0) continue;
    std::vector<std::string>& letters = alphabet_[static_cast<std::size_t>(kind)];
    const auto at = std::lower_bound(letters.begin(), letters.end(), character);
    if (at == letters.end() || *at != character) letters.insert(at, std::string(character));
  }
  const auto at = std::lower_bound(shapes_.begin(), shapes_.end(), shape,
                                   [](const Shape& a, const std::string& text) { return a.text < text; });
  if (at != shapes_.end() && at->text == shape)
    ++at->count;
  else if (shapes_.size() < kMostShapes)
    shapes_.insert(at, {std::move(shape), 1});
  else
    return;
  ++total_;
}

void TextShapes::append(std::uint64_t seed, std::uint64_t row, std::size_t column, std::string& out) const {
  if (shapes_.empty()) return;
  const Philox philox(seed, Stream::kText);
  // 2^16 blocks of four words a column: a cell of up to 262,140 characters.
  const auto first = static_cast<std::uint32_t>(column << 16);
  std::uint64_t chosen = below(total_, philox.bits(row, first)[0]);
  std::size_t i = 0;
  while (chosen >= shapes_[i].count) chosen -= shapes_[i++].count;
  std::array<std::uint32_t, 4> words{};
  std::uint32_t drawn = 0;
  const auto choose = [&](std::uint64_t end) {
    if (drawn % 4 == 0) words = philox.bits(row, first + 1 + drawn / 4);
    return below(end, words[drawn++ % 4]);
  };
  for (std::string_view rest = shapes_[i].text; !rest.empty();) {
    const std::string_view character = first_character(rest);
    rest.remove_prefix(character.size());
    const char c = character[0];
    const int kind = character.size() == 1 ? -1 : letter_kind(character);
    const char start = is_digit(c) ? '0' : is_upper(c) ? 'A' : 'a';
    const std::vector<std::string>* letters = kind < 0 ? nullptr : &alphabet_[static_cast<std::size_t>(kind)];
    if (letters && !letters->empty())
      out += (*letters)[choose(letters->size())];
    else if (is_digit(c) || is_upper(c) || is_lower(c))
      out.push_back(static_cast<char>(start + static_cast<char>(choose(is_digit(c) ? 10 : 26))));
    else
      out += character;
  }
}

void TextShapes::restore(std::vector<Shape> shapes, Alphabet alphabet) {
  shapes_ = std::move(shapes);
  alphabet_ = std::move(alphabet);
  total_ = 0;
  for (const Shape& shape : shapes_) total_ += shape.count;
}

}  // namespace meg
