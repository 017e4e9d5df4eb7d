#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace meg {

/// y = factor * x + offset.
struct Line {
  double factor = 1, offset = 0;
};

/// Looks for lines that many points lie on exactly, where y is on a grid, and most do not.
class LineSearch {
 public:
  /// Points, ascending in x, as many xs as ys, of `all` rows: those that a line has taken already are left out. ys lie
  /// on the grid low + i * step.
  LineSearch(std::vector<double> xs, std::vector<double> ys, std::size_t all, double low, double step);

  /// How many points lie on the line beyond what chance does and lines nearby; 0 where these are less than 2 % of all
  /// or too few. Chance is how often points of an x nearby have the y that the line has at a point's own x.
  double excess(Line line) const;
  /// Offsets that many points share with a factor, most first.
  std::vector<double> offsets(double factor, std::size_t most) const;
  /// Factors of few digits: of lines from 0 to many points, and of lines through pairs of points.
  std::vector<double> factors() const;

  /// The share of all rows that a line must have.
  static constexpr double kFewestShare = 0.02;

 private:
  double by_chance(std::span<const double> on_line) const;

  std::vector<double> x_, y_;
  double low_, step_, least_;
};

}  // namespace meg
