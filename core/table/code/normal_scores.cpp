#include "core/table/code/normal_scores.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "core/fail.h"

namespace meg {

namespace {

/// The place, in ascending order, of the number that is knot `i` of `knots`, evenly spread over `count` numbers.
std::size_t rank_of_knot(std::size_t i, std::size_t knots, std::size_t count) {
  return (i * (count - 1) + (knots - 1) / 2) / (knots - 1);
}

/// Phi^-1 of the share of numbers below the one at `rank`, half a number away from 0 and 1.
float score_of_rank(double rank, std::size_t count) {
  const double n = static_cast<double>(count), edge = 0.5 / n;
  const double share = std::clamp(rank / (n - 1), edge, 1 - edge);
  return static_cast<float>(boost::math::quantile(boost::math::normal(), share));
}

}  // namespace

// Knots are numbers of the sample, with their own share, rather than numpy's numbers between two of them: a gap between
// repeated numbers then begins and ends on them.
NormalScores::NormalScores(std::span<const double> sorted, std::span<const Repeated> repeated) : count_(sorted.size()) {
  const std::size_t knots = std::clamp(count_ / kNumbersOfQuantile, std::min(count_, kLeastQuantiles), kMostQuantiles);
  auto next = repeated.begin();
  for (std::size_t i = 0; i < knots; ++i) {
    const std::size_t rank = rank_of_knot(i, knots, count_);
    for (; next != repeated.end() && next->begin <= rank; ++next) {
      add_knot(next->low, static_cast<double>(next->begin) - 0.5);
      add_knot(next->high, static_cast<double>(next->end) - 0.5);
    }
    if (next == repeated.begin() || rank >= next[-1].end) add_knot(sorted[rank], static_cast<double>(rank));
  }
  if (repeated.empty()) ranks_.clear();  // they follow from the counts
  prepare();
}

void NormalScores::add_knot(double number, double rank) {
  quantiles_.push_back(number);
  ranks_.push_back(rank);
}

NormalScores::NormalScores(std::vector<double> quantiles, std::vector<double> ranks, std::size_t count)
    : quantiles_(std::move(quantiles)), ranks_(std::move(ranks)), count_(count) {
  if (quantiles_.size() < 2 || count_ < 2 || !std::is_sorted(quantiles_.begin(), quantiles_.end()) ||
      (!ranks_.empty() && ranks_.size() != quantiles_.size()))
    fail("these are no quantiles of a column: two or more in ascending order, each with its rank");
  prepare();
}

/// Scores follow from ranks. first_[i] is the last knot at or before the start of cell i of an even grid.
void NormalScores::prepare() {
  const std::size_t knots = quantiles_.size();
  for (std::size_t i = 0; i < knots; ++i)
    scores_.push_back(
        score_of_rank(ranks_.empty() ? static_cast<double>(rank_of_knot(i, knots, count_)) : ranks_[i], count_));
  cells_per_score_ = static_cast<float>(ScoreTables::kCells) / (high() - low());
  std::size_t knot = 0;
  for (std::size_t i = 0; i < ScoreTables::kCells; ++i) {
    const float start = low() + static_cast<float>(i) / cells_per_score_;
    while (knot + 2 < knots && scores_[knot + 1] <= start) ++knot;
    first_[i] = static_cast<std::uint16_t>(knot);
  }
}

float NormalScores::score(double number) const {
  const auto above = std::upper_bound(quantiles_.begin() + 1, quantiles_.end() - 1, number);
  const auto i = static_cast<std::size_t>(above - quantiles_.begin() - 1);
  const double share = share_between(quantiles_[i], number, quantiles_[i + 1]);
  return static_cast<float>(std::lerp(static_cast<double>(scores_[i]), static_cast<double>(scores_[i + 1]), share));
}

}  // namespace meg
