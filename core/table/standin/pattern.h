#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/standin/row.h"

namespace meg {

using Words = std::vector<std::string_view>;

/// Texts with places to fill: "%## {{last_name}} {{street_suffix}}". {{x}} is a word of list x, or the row's own cell
/// of the sdtypes street, city and postcode; # is a digit, % one of 1 to 9, ? a capital. All patterns of a set are
/// equally frequent, and all texts of a pattern; no text comes twice before the widest pattern has no other left.
class PatternSet {
 public:
  PatternSet(const Words& patterns, const std::function<const Words&(std::string_view)>& words);

  /// Appends the text of a row. `part`: what it is, for the random numbers.
  void append(const StandInRow& row, std::string_view part, std::string& out) const;

 private:
  struct Piece {
    std::string_view text = {};     // as it is, or the sdtype of a cell
    const Words* words = nullptr;   // one of them
    std::string_view letters = {};  // or one of these
    bool is_cell = false;
    std::uint64_t size() const { return words ? words->size() : letters.empty() ? 1 : letters.size(); }
  };
  struct Pattern {
    std::vector<Piece> pieces;
    std::uint64_t texts = 1;
  };
  struct Place {
    std::size_t pattern;
    std::uint64_t rank;  // below its texts
    std::uint64_t round;
  };
  Place place_of(std::size_t pattern, std::uint64_t round) const;

  std::vector<Pattern> patterns_;
  std::size_t widest_ = 0;
};

}  // namespace meg
