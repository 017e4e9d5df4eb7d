#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// How the cells of an identifier or free-text column look, and nothing of what they say: digits became 9, capitals A,
/// other letters a; all else stays. Such columns are not modelled; new cells get one of these shapes with digits and
/// letters at random.
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
  /// As shapes() gave them.
  void restore(std::vector<Shape> shapes);

 private:
  std::vector<Shape> shapes_;  // sorted by text
  std::uint64_t total_ = 0;
};

}  // namespace meg
