#include "core/measure/roc_auc.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "core/fail.h"

namespace meg {

double roc_auc(std::span<const double> scores, std::span<const int> positive) {
  if (scores.size() != positive.size()) fail("{} scores, but {} labels", scores.size(), positive.size());
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double positives = 0, negatives = 0, won = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    double tied_positives = 0, tied_negatives = 0;
    for (; end < order.size() && scores[order[end]] == scores[order[begin]]; ++end)
      ++(positive[order[end]] != 0 ? tied_positives : tied_negatives);
    won += tied_positives * (negatives + tied_negatives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
  }
  if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
  return won / (positives * negatives);
}

double roc_auc_error(std::size_t rows) {
  const auto n = static_cast<double>(rows);
  return std::sqrt((2 * n + 1) / (12 * n * n));
}

double macro_roc_auc(std::span<const double> scores, std::span<const int> labels, int classes) {
  const auto width = static_cast<std::size_t>(classes);
  if (scores.size() != labels.size() * width)
    fail("{} scores, but {} labels of {} classes", scores.size(), labels.size(), classes);
  double sum = 0, counted = 0;
  std::vector<double> score(labels.size());
  std::vector<int> positive(labels.size());
  for (std::size_t k = 0; k < width; ++k) {
    for (std::size_t r = 0; r < labels.size(); ++r) {
      score[r] = scores[r * width + k];
      positive[r] = labels[r] == static_cast<int>(k);
    }
    const double area = roc_auc(score, positive);
    // NaN: the class does not occur, or nothing else does.
    if (area == area) {
      sum += area;
      ++counted;
    }
  }
  return counted > 0 ? sum / counted : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace meg
