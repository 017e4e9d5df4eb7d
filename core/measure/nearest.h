#pragma once
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace meg {

/// Rows as points, column by column.
struct Points {
  std::size_t rows = 0;
  std::vector<float> values;  // [columns, rows]
};

/// What a column adds to the distance of two points a and b.
enum class DistancePart {
  kCapped,   ///< min(1, |a - b|): of whole numbers, whether they differ
  kSquared,  ///< (a - b)^2
};

/// The distances, summed over the columns, of one row to its nearest and second nearest; the nearest's place.
struct Nearest {
  float first = std::numeric_limits<float>::infinity(), second = std::numeric_limits<float>::infinity();
  std::size_t place = 0;
};

/// The nearest of `among` to every row of `asked`, by trying all; `parts` has one element a column. Of equally near
/// ones the first.
std::vector<Nearest> nearest(const Points& among, const Points& asked, std::span<const DistancePart> parts,
                             int threads = 1);

}  // namespace meg
