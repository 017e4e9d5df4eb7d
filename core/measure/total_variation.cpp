#include "core/measure/total_variation.h"

#include <cmath>
#include <numeric>

#include "core/fail.h"

namespace meg {

double total_variation(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size())
    fail("total variation of {} and of {} categories: they must be the same", a.size(), b.size());
  const double a_sum = std::reduce(a.begin(), a.end()), b_sum = std::reduce(b.begin(), b.end());
  if (a_sum == 0 || b_sum == 0) return a_sum == b_sum ? 0 : 1;
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += std::abs(a[k] / a_sum - b[k] / b_sum);
  return sum / 2;
}

}  // namespace meg
