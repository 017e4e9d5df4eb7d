#pragma once
#include <cmath>
#include <numbers>
#ifndef __CUDACC__  // nvcc has the function itself
#include <boost/math/special_functions/erf.hpp>
#endif

#include "core/tensor/host_device.h"

namespace meg {

namespace truncated_normal_detail {

inline constexpr double kSqrt2 = std::numbers::sqrt2;
inline constexpr double kHalfLogTwoPi = 0.91893853320467274178;
/// From here on the tail's asymptotic series is exact to 1e-9, long before its mass is too small for a double.
inline constexpr double kFarOut = 25;

MEG_HOST_DEVICE inline double erfc_inverse(double x) {
#ifdef __CUDACC__
  return erfcinv(x);
#else
  return boost::math::erfc_inv(x);
#endif
}

/// Log of the mass above x >= 0; far out by Abramowitz & Stegun 26.2.12.
MEG_HOST_DEVICE inline double log_tail(double x) {
  if (x < kFarOut) return std::log(0.5 * std::erfc(x / kSqrt2));
  const double s = 1 / (x * x);
  return -0.5 * x * x - std::log(x) - kHalfLogTwoPi + std::log1p(s * (-1 + s * (3 - 15 * s)));
}

/// Between a and b the density hardly changes: differences of tails would be rounding, so it is taken for constant.
MEG_HOST_DEVICE inline bool narrow(double a, double b) { return (b - a) * (1 + std::abs(a)) < 1e-4; }

/// x with log_tail(x) = log_mass, at or beyond a, far out: Newton's method, with the hazard rate x + 1/x.
MEG_HOST_DEVICE inline double far_quantile(double a, double log_mass) {
  double x = std::sqrt(a * a + 2 * (log_tail(a) - log_mass));
  for (int i = 0; i < 3; ++i) x += (log_tail(x) - log_mass) / (x + 1 / x);
  return x;
}

/// truncated_normal() for a < b that are not narrow, where a is nearer to the middle: so that the tail is never one
/// minus something tiny.
MEG_HOST_DEVICE inline double upper_quantile(double a, double b, double u) {
  if (a > kFarOut) {
    const double all = log_tail(a);
    return far_quantile(a, all + std::log1p(u * std::expm1(log_tail(b) - all)));
  }
  const double tail = 0.5 * std::erfc(a / kSqrt2), end = 0.5 * std::erfc(b / kSqrt2);
  return kSqrt2 * erfc_inverse(2 * (tail - u * (tail - end)));
}

}  // namespace truncated_normal_detail

/// Log of the standard normal distribution's mass between a < b, which may be infinite; to about 1e-9, however small
/// it is.
MEG_HOST_DEVICE inline double log_normal_mass(double a, double b) {
  using namespace truncated_normal_detail;
  if (narrow(a, b)) return std::log(b - a) - 0.125 * (a + b) * (a + b) - kHalfLogTwoPi;
  if (a < 0 && b >= 0) return std::log1p(-0.5 * (std::erfc(-a / kSqrt2) + std::erfc(b / kSqrt2)));
  const double near = b < 0 ? -b : a, far = b < 0 ? -a : b;
  const double all = log_tail(near);
  return all + std::log1p(-std::exp(log_tail(far) - all));
}

/// The number between a and b below which a share u, in (0, 1), of that mass lies.
MEG_HOST_DEVICE inline double truncated_normal(double a, double b, double u) {
  using namespace truncated_normal_detail;
  if (narrow(a, b)) return a + u * (b - a);
  const double x = a + b < 0 ? -upper_quantile(-b, -a, 1 - u) : upper_quantile(a, b, u);
  return x < a ? a : x > b ? b : x;
}

}  // namespace meg
