#include "cpu/truncated_normal.h"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numbers>

namespace meg::cpu {

namespace {

using std::numbers::sqrt2;

constexpr double kHalfLogTwoPi = 0.91893853320467274178;
/// From here on the tail's asymptotic series is exact to 1e-9, long before its mass is too small for a double.
constexpr double kFarOut = 25;

/// Log of the mass above x >= 0; far out by Abramowitz & Stegun 26.2.12.
double log_tail(double x) {
  if (x < kFarOut) return std::log(0.5 * std::erfc(x / sqrt2));
  const double s = 1 / (x * x);
  return -0.5 * x * x - std::log(x) - kHalfLogTwoPi + std::log1p(s * (-1 + s * (3 - 15 * s)));
}

/// Between a and b the density hardly changes: differences of tails would be rounding, so it is taken for constant.
bool narrow(double a, double b) { return (b - a) * (1 + std::abs(a)) < 1e-4; }

/// x with log_tail(x) = log_mass, at or beyond a, far out: Newton's method, with the hazard rate x + 1/x.
double far_quantile(double a, double log_mass) {
  double x = std::sqrt(a * a + 2 * (log_tail(a) - log_mass));
  for (int i = 0; i < 3; ++i) x += (log_tail(x) - log_mass) / (x + 1 / x);
  return x;
}

}  // namespace

double log_normal_mass(double a, double b) {
  if (narrow(a, b)) return std::log(b - a) - 0.125 * (a + b) * (a + b) - kHalfLogTwoPi;
  if (b < 0) return log_normal_mass(-b, -a);
  if (a < 0) return std::log1p(-0.5 * (std::erfc(-a / sqrt2) + std::erfc(b / sqrt2)));
  const double all = log_tail(a);
  return all + std::log1p(-std::exp(log_tail(b) - all));
}

double truncated_normal(double a, double b, double u) {
  if (narrow(a, b)) return a + u * (b - a);
  // The end that is nearer to the middle comes first, so that the tail below is never one minus something tiny.
  if (a + b < 0) return -truncated_normal(-b, -a, 1 - u);
  double x;
  if (a > kFarOut) {
    const double all = log_tail(a);
    x = far_quantile(a, all + std::log1p(u * std::expm1(log_tail(b) - all)));
  } else {
    const double tail = 0.5 * std::erfc(a / sqrt2), end = 0.5 * std::erfc(b / sqrt2);
    x = sqrt2 * boost::math::erfc_inv(2 * (tail - u * (tail - end)));
  }
  return std::clamp(x, a, b);
}

}  // namespace meg::cpu
