#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace meg {

/// Where x lies between a and b: 0 at a and before it, 1 at b and behind it. 0 where b is not above a. Halves of the
/// numbers are subtracted, so that no distance overflows.
inline double share_between(double a, double x, double b) {
  const double length = 0.5 * b - 0.5 * a, part = 0.5 * x - 0.5 * a;
  if (!(part > 0)) return 0;
  return part < length ? part / length : 1;
}

/// Numbers as normal scores z = Phi^-1(F(x)) and back. F is their empirical distribution function, through at most
/// kMostQuantiles of the numbers (its knots) and linear in z between them.
class NormalScores {
 public:
  static constexpr std::size_t kMostQuantiles = 2000;

  NormalScores() = default;
  /// Fits to at least two numbers, in ascending order.
  explicit NormalScores(std::span<const double> sorted);
  /// The scores that had these quantiles() and this count().
  NormalScores(std::vector<double> quantiles, std::size_t count);

  /// The score of a number; those beyond the fitted ones get low() or high().
  float score(double number) const;
  /// The number of a score, which is cut to [low(), high()]; NaN counts as low().
  double number(float score) const;

  bool empty() const { return quantiles_.empty(); }
  float low() const { return empty() ? 0 : scores_.front(); }
  float high() const { return empty() ? 0 : scores_.back(); }
  const std::vector<double>& quantiles() const { return quantiles_; }
  /// How many numbers it was fitted to.
  std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t kCells = 1024;

  void prepare();

  std::vector<double> quantiles_;  // [knots], ascending
  std::vector<float> scores_;      // [knots], strictly ascending
  std::size_t count_ = 0;
  std::array<std::uint16_t, kCells> first_{};  // the search of number() starts here: see prepare()
  float cells_per_score_ = 0;
};

}  // namespace meg
