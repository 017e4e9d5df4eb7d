#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// How the cells of an identifier or free-text column look. Such columns are not modelled; new cells get one of these
/// shapes, with digits and letters drawn at random.
/// - A shape has 9 for a digit, A for a capital, a for any other letter, Ä, ä and 字 (without a case) for letters
/// beyond
///   ASCII; all else stays. Where digits and letters mix so that hardly two cells share a shape, as in UUIDs, x stands
///   for both. What all cells begin and end with is kept once, beside the shapes.
/// - A shape that 20 different cells have knows, for each place, the characters that at least 5 of them have there:
/// "INV"
///   stays, hex stays hex. All other places draw from the column's digits, capitals or small letters.
/// - Where all cells differ, so do new ones, as long as the shapes have enough texts.
class TextShapes {
 public:
  struct Shape {
    std::string text;                      ///< without what all cells begin and end with
    std::uint64_t count = 0;               ///< cells
    std::vector<std::string> places = {};  ///< the characters of every 9, A, a, x; "": the column's
  };

  TextShapes() = default;
  /// Of a column's present cells. Only the first 1000 different shapes are kept.
  explicit TextShapes(std::span<const std::string_view> cells);
  /// Of shapes that are known, with the texts of which new ones all differ.
  explicit TextShapes(std::vector<Shape> shapes);

  /// Appends the text of row `row` of column `column` in the table that `seed` stands for.
  void append(std::uint64_t seed, std::uint64_t row, std::size_t column, std::string& out) const;
  /// The length of all cells, where they have one shape; else 0.
  std::size_t length() const;

  /// A JSON object, and back; also from what was written before shapes knew their characters.
  std::string to_json() const;
  static TextShapes from_json(std::string_view json);

 private:
  using Letters = std::vector<std::string>;
  /// What a place of a shape can become: characters of ASCII, or else letters.
  struct Choices {
    std::string_view characters;
    const Letters* letters = nullptr;
    std::size_t size() const { return letters ? letters->size() : characters.size(); }
    std::string_view operator[](std::size_t i) const {
      return letters ? std::string_view((*letters)[i]) : characters.substr(i, 1);
    }
  };
  struct Ranked {
    std::size_t shape;
    std::uint64_t rank;  // among all rows of the shape
    bool is_new;         // whether the shape has a text of its own for this rank
  };

  void learn_alphabet(std::span<const std::string_view> different);
  void count_shapes(std::span<const std::string_view> cells, bool mixed);
  void learn_places(std::span<const std::string_view> different, bool mixed);
  void prepare();
  Choices choices(std::string_view mask, const Shape& shape, std::size_t place) const;
  std::uint64_t texts(const Shape& shape) const;
  std::uint64_t overflow(std::size_t shape, std::uint64_t rounds) const;
  std::size_t shape_at(std::uint64_t place) const;
  Ranked rank(std::uint64_t place, std::uint64_t round) const;

  std::string prefix_, suffix_;
  std::vector<Shape> shapes_;              // sorted by text
  std::array<std::string, 3> characters_;  // the column's digits, capitals and small letters; "": all there are
  std::array<Letters, 3> alphabet_;        // sorted; letters beyond ASCII: capitals, small ones, those without a case
  bool all_differ_ = false;
  // What prepare() derives from these.
  std::string alphanumerics_;         // for x
  std::vector<std::uint64_t> ends_;   // cells up to each shape
  std::vector<std::uint64_t> texts_;  // that each shape has, as far as they are ranked
  std::size_t widest_ = 0;            // the shape that has most
};

}  // namespace meg
