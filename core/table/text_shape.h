#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// How the cells of an identifier or free-text column look, and nothing of what they say: digits became 9, capitals A,
/// other letters a, those beyond ASCII Ä, ä or, without a case, 字; all else stays. Such columns are not modelled; new
/// cells get one of these shapes with digits and letters at random, those beyond ASCII from the column's own alphabet.
class TextShapes {
 public:
  /// Counts the shape of a cell. Only the first 1000 different shapes are kept.
  void add(std::string_view cell);
  /// Appends the text of row `row` of column `column` in the table that `seed` stands for.
  void append(std::uint64_t seed, std::uint64_t row, std::size_t column, std::string& out) const;

  struct Shape {
    std::string text;
    std::uint64_t count;
  };
  const std::vector<Shape>& shapes() const { return shapes_; }
  /// The letters beyond ASCII that the cells used, UTF-8, each once: capitals, small ones, those without a case.
  using Alphabet = std::array<std::vector<std::string>, 3>;
  const Alphabet& alphabet() const { return alphabet_; }
  /// As shapes() and alphabet() gave them.
  void restore(std::vector<Shape> shapes, Alphabet alphabet);

 private:
  std::vector<Shape> shapes_;  // sorted by text
  Alphabet alphabet_;          // sorted
  std::uint64_t total_ = 0;
};

}  // namespace meg
