#include "core/measure/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/fail.h"

namespace meg {

double pearson(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) fail("correlation of {} and of {} rows: they must be the same", a.size(), b.size());
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN(),
                   kInfinity = std::numeric_limits<double>::infinity();
  double rows = 0, a_mean = 0, b_mean = 0;
  double a_low = kInfinity, a_high = -kInfinity, b_low = kInfinity, b_high = -kInfinity;
  for (std::size_t r = 0; r < a.size(); ++r) {
    if (std::isnan(a[r]) || std::isnan(b[r])) continue;
    ++rows;
    a_mean += a[r];
    b_mean += b[r];
    a_low = std::min(a_low, a[r]);
    a_high = std::max(a_high, a[r]);
    b_low = std::min(b_low, b[r]);
    b_high = std::max(b_high, b[r]);
  }
  // Asked of the values: the sums below round a constant column to almost, not exactly, no variance.
  if (rows < 2 || a_low == a_high || b_low == b_high) return kNone;
  a_mean /= rows;
  b_mean /= rows;
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t r = 0; r < a.size(); ++r) {
    if (std::isnan(a[r]) || std::isnan(b[r])) continue;
    const double x = a[r] - a_mean, y = b[r] - b_mean;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return std::clamp(ab / (std::sqrt(aa) * std::sqrt(bb)), -1.0, 1.0);
}

}  // namespace meg
