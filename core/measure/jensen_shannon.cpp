#include "core/measure/jensen_shannon.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/fail.h"
#include "core/measure/compare.h"
#include "core/measure/registry.h"

namespace meg {

double jensen_shannon(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size())
    fail("Jensen-Shannon distance of {} and of {} categories: they must be the same", a.size(), b.size());
  const double a_sum = std::reduce(a.begin(), a.end()), b_sum = std::reduce(b.begin(), b.end());
  if (a_sum == 0 || b_sum == 0) return a_sum == b_sum ? 0 : 1;
  double bits = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double p = a[k] / a_sum, q = b[k] / b_sum, mixture = (p + q) / 2;
    if (p > 0) bits += p * std::log2(p / mixture) / 2;
    if (q > 0) bits += q * std::log2(q / mixture) / 2;
  }
  return std::sqrt(std::clamp(bits, 0.0, 1.0));  // rounding leaves it a little outside
}

constinit const Measure measures::jensen_shannon{
    .key = "jensen_shannon",
    .label = "Jensen-Shannon distance",
    .meaning =
        "The Jensen-Shannon distance, base 2, of a column's categories, or of 10 bins of its numbers and the "
        "missing cells, mean over the columns.",
    .higher_is_better = false,
    .compute = [](const MeasureContext& c) { return column_mean(c.get(compare), &ColumnComparison::jensen_shannon); }};

}  // namespace meg
