#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// Which generator writes which columns: output masks that partition the columns. Kept as an order of the columns in
/// which every generator's are adjacent, and the number of columns per generator.
struct Masks {
  std::vector<int> order;   ///< place -> column
  std::vector<int> widths;  ///< columns per generator, in places

  Masks() = default;
  /// Throws Error where the order does not hold every column once, or the widths are not of all of it.
  Masks(std::vector<int> order, std::vector<int> widths);

  /// column -> place
  std::vector<std::size_t> places() const;
  /// [rows, columns] from the columns' own order into places.
  std::vector<float> to_places(std::span<const float> rows) const;
};

/// `generators` groups of neighbouring columns, as even as can be; 0: one generator per column. Throws Error for more
/// generators than columns.
Masks contiguous_masks(int columns, int generators);

/// One line of 0/1 per generator and one digit per column, blanks and commas aside; an empty line is none. Throws
/// Error, naming line or column, where the lines do not partition the columns.
Masks masks_of(std::span<const std::string> lines, std::span<const std::string> columns);

}  // namespace meg
