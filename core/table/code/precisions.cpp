#include "core/table/code/precisions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <vector>

namespace meg {

double rounded(double number, int decimals) {
  constexpr std::array<double, kMostCoarseDecimals + 1> kPowers{1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const double scale = kPowers[static_cast<std::size_t>(decimals)];
  return std::nearbyint(number * scale) / scale;
}

std::optional<int> coarse_decimals(std::span<const double> cells, int decimals) {
  constexpr double kLeastShare = 0.02, kFewest = 20, kMostBetween = 0.05;
  constexpr int kLeastApart = 3;
  if (decimals < kLeastApart) return {};
  const int most = std::min(decimals, kMostCoarseDecimals);
  std::vector<double> counts(static_cast<std::size_t>(most) + 1);  // of numbers with so many digits; the last: or more
  std::vector<double> numbers;
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(numbers), [](double x) { return !std::isnan(x); });
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  const auto all = static_cast<double>(numbers.size());
  for (const double x : numbers) {
    int digits = 0;
    while (digits < most && rounded(x, digits) != x) ++digits;
    ++counts[static_cast<std::size_t>(digits)];
  }
  const double least = std::max(kFewest, kLeastShare * all);
  double coarse = 0;
  for (int d = 0; d + kLeastApart <= most; ++d) {
    const auto at = counts.begin() + d;
    coarse += *at;
    if (coarse >= least && all - coarse >= least && *at >= least / 2 && at[1] + at[2] <= kMostBetween * *at) return d;
  }
  return {};
}

}  // namespace meg
