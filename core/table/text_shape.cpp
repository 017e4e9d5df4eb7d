#include "core/table/text_shape.h"

#include <algorithm>

#include "core/tensor/philox.h"

namespace meg {

namespace {

constexpr std::size_t kMostShapes = 1000;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A number below `end` from 32 random bits.
std::uint64_t below(std::uint64_t end, std::uint32_t word) { return end * word >> 32; }

}  // namespace

void TextShapes::add(std::string_view cell) {
  std::string shape(cell);
  for (char& c : shape) c = is_digit(c) ? '9' : is_upper(c) ? 'A' : is_lower(c) ? 'a' : c;
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
  for (const char c : shapes_[i].text) {
    if (!is_upper(c) && !is_lower(c) && !is_digit(c)) {
      out.push_back(c);
      continue;
    }
    if (drawn % 4 == 0) words = philox.bits(row, first + 1 + drawn / 4);
    const std::uint32_t word = words[drawn++ % 4];
    const char start = is_digit(c) ? '0' : is_upper(c) ? 'A' : 'a';
    out.push_back(static_cast<char>(start + static_cast<char>(below(is_digit(c) ? 10 : 26, word))));
  }
}

void TextShapes::restore(std::vector<Shape> shapes) {
  shapes_ = std::move(shapes);
  total_ = 0;
  for (const Shape& shape : shapes_) total_ += shape.count;
}

}  // namespace meg
