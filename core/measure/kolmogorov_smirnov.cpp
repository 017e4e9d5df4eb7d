#include "core/measure/kolmogorov_smirnov.h"

#include <algorithm>
#include <cmath>

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

}  // namespace meg
