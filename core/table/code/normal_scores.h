#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/tensor/decoding.h"

namespace meg {

/// Equal numbers that are spread over [low, high] before anything is fitted: the sorted ones from `begin` to `end`.
struct Repeated {
  std::size_t begin, end;
  double low, high;
};

/// Numbers as normal scores z = Phi^-1(F(x)) and back. F is their empirical distribution function, through at most
/// kMostQuantiles of the numbers (its knots), besides both ends of what is repeated, and linear in z between them. It
/// passes through both ends of what is repeated, so that this comes out as often as it is there, and what lies in a gap
/// between two of these never does.
class NormalScores {
 public:
  static constexpr std::size_t kLeastQuantiles = 16, kMostQuantiles = 2000;
  /// There are several numbers from one knot to the next, so that a number of the table comes out no more often than
  /// its neighbours that are not in it.
  static constexpr std::size_t kNumbersOfQuantile = 4;

  NormalScores() = default;
  /// Fits to at least two numbers, in ascending order; `repeated` is so too.
  explicit NormalScores(std::span<const double> sorted, std::span<const Repeated> repeated = {});
  /// The scores that had these quantiles(), ranks() and this count(). Throws Error where none can have.
  NormalScores(std::vector<double> quantiles, std::vector<double> ranks, std::size_t count);

  /// The score of a number; those beyond the fitted ones get low() or high().
  float score(double number) const;
  /// The number of a score, which is cut to [low(), high()]; NaN counts as low().
  double number(float score) const { return tables().number(score); }
  /// What number() computes with; valid as long as this object stays where it is.
  ScoreTables tables() const {
    return {quantiles_.data(), scores_.data(), first_.data(), static_cast<std::uint32_t>(scores_.size()),
            cells_per_score_};
  }

  bool empty() const { return quantiles_.empty(); }
  float low() const { return empty() ? 0 : scores_.front(); }
  float high() const { return empty() ? 0 : scores_.back(); }
  const std::vector<double>& quantiles() const { return quantiles_; }
  /// Of each quantile how many of the numbers lie below it; empty where these are evenly spread numbers.
  const std::vector<double>& ranks() const { return ranks_; }
  /// How many numbers it was fitted to.
  std::size_t count() const { return count_; }

 private:
  void add_knot(double number, double rank);
  void prepare();

  std::vector<double> quantiles_, ranks_;  // [knots], ascending
  std::vector<float> scores_;              // [knots], ascending
  std::size_t count_ = 0;
  std::array<std::uint16_t, ScoreTables::kCells> first_{};  // the search of number() starts here: see prepare()
  float cells_per_score_ = 0;
};

}  // namespace meg
