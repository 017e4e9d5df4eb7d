#include "core/measure/kolmogorov_smirnov.h"

#include <algorithm>
#include <cmath>

#include "core/measure/compare.h"
#include "core/measure/registry.h"
#include "core/measure/sorted.h"

namespace meg {

double kolmogorov_smirnov(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty() ? 0 : 1;
  const Sorted first(a), second(b);
  const std::span<const double> x = first.values(), y = second.values();
  const auto x_size = static_cast<double>(x.size()), y_size = static_cast<double>(y.size());
  double largest = 0;
  std::size_t i = 0, j = 0;
  // Once a sample is used up its distribution is 1 and the other one only comes nearer.
  while (i < x.size() && j < y.size()) {
    const double value = std::min(x[i], y[j]);
    // Ties count on both sides before the distributions are compared.
    while (i < x.size() && x[i] == value) ++i;
    while (j < y.size() && y[j] == value) ++j;
    largest = std::max(largest, std::abs(static_cast<double>(i) / x_size - static_cast<double>(j) / y_size));
  }
  return largest;
}

double kolmogorov_smirnov_p(double d, std::size_t a, std::size_t b) {
  if (a == 0 || b == 0) return 1;
  const auto m = static_cast<double>(a), n = static_cast<double>(b);
  const double x = d * std::sqrt(m / (m + n) * n);
  if (x < 0.2) return 1;  // to 5e-13, where the series would take ever more terms
  double p = 0;
  for (int k = 1; k <= 30; ++k) {
    const double term = 2 * std::exp(-2.0 * k * k * x * x);
    p += k % 2 == 1 ? term : -term;
    if (term < 1e-18 * p) break;
  }
  return std::clamp(p, 0.0, 1.0);
}

constinit const Measure measures::ks{
    .key = "ks",
    .label = "Kolmogorov-Smirnov distance",
    .meaning =
        "The largest gap between the cumulative distributions of a column in both tables, mean over the columns.",
    .higher_is_better = false,
    .compute = [](const MeasureContext& c) { return column_mean(c.get(compare), &ColumnComparison::ks); }};

}  // namespace meg
