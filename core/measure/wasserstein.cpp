#include "core/measure/wasserstein.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/measure/compare.h"
#include "core/measure/registry.h"
#include "core/measure/sorted.h"

namespace meg {

double wasserstein(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return std::numeric_limits<double>::quiet_NaN();
  const Sorted first(a), second(b);
  const std::span<const double> x = first.values(), y = second.values();
  const double x_step = 1 / static_cast<double>(x.size()), y_step = 1 / static_cast<double>(y.size());
  double area = 0, previous = std::min(x[0], y[0]);
  std::size_t i = 0, j = 0;
  while (i < x.size() || j < y.size()) {
    const bool from_x = j == y.size() || (i < x.size() && x[i] <= y[j]);
    const double value = from_x ? x[i] : y[j];
    // Between two neighbouring values both cumulative distributions are flat.
    area += std::abs(static_cast<double>(i) * x_step - static_cast<double>(j) * y_step) * (value - previous);
    previous = value;
    ++(from_x ? i : j);
  }
  return area;
}

constinit const Measure measures::wasserstein{
    .key = "wasserstein",
    .label = "Wasserstein, in deviations",
    .meaning =
        "How far the values of a column must move to become the real ones, in the real column's standard "
        "deviations, mean over the columns.",
    .higher_is_better = false,
    .compute = [](const MeasureContext& c) { return column_mean(c.get(compare), &ColumnComparison::wasserstein); }};

}  // namespace meg
