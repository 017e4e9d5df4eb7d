#include "core/measure/chi_square.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <numeric>

#include "core/fail.h"

namespace meg {

double chi_square_p(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) fail("chi-square of {} and of {} categories: they must be the same", a.size(), b.size());
  const double a_sum = std::reduce(a.begin(), a.end()), b_sum = std::reduce(b.begin(), b.end());
  std::size_t categories = 0;
  for (std::size_t k = 0; k < a.size(); ++k) categories += a[k] + b[k] > 0;
  if (categories < 2 || a_sum == 0 || b_sum == 0) return 1;

  const auto term = [&](double observed, double expected) {
    double distance = std::abs(observed - expected);
    // Yates: with one degree of freedom counts are pulled towards the expectation, at most onto it.
    if (categories == 2) distance -= std::min(0.5, distance);
    return distance * distance / expected;
  };
  double statistic = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double both = a[k] + b[k];
    if (both == 0) continue;
    statistic += term(a[k], both * (a_sum / (a_sum + b_sum))) + term(b[k], both * (b_sum / (a_sum + b_sum)));
  }
  const boost::math::chi_squared distribution(static_cast<double>(categories - 1));
  return boost::math::cdf(boost::math::complement(distribution, statistic));
}

}  // namespace meg
