#pragma once
#include "core/nn/column_layout.h"
#include "core/nn/formulas.h"

/// What a column's head says, written once for the loops of cpu/ and the kernels of kernels/. T is a float, or several
/// side by side.
namespace meg {

inline constexpr float kLogSqrtTwoPi = 0.918938533f;
/// A mixture's log sigma is kept between them.
inline constexpr float kLowSigma = -7.0f, kHighSigma = 2.0f;

MEG_HOST_DEVICE inline float keep_sigma(float log_sigma) { return keep_between(log_sigma, kLowSigma, kHighSigma); }

/// Log of a component's weight times its density, not normalized, `distance` sigmas from its mean.
template <class T>
MEG_HOST_DEVICE T component_log_density(T weight, T distance, T log_sigma) {
  return weight - 0.5f * distance * distance - log_sigma;
}

/// Derivatives of -log density of the mixture by the mean and the log sigma of a component that makes up `share` of it;
/// precision = 1 / sigma.
template <class T>
MEG_HOST_DEVICE T mean_slope(T share, T distance, T precision) {
  return -share * distance * precision;
}
template <class T>
MEG_HOST_DEVICE T log_sigma_slope(T share, T distance) {
  return share * (1.0f - distance * distance);
}

/// The place of a cell between its column's knots.
MEG_HOST_DEVICE inline float position_of(const ColumnLayout& column, int code, float z, const float* constants) {
  if (code != column.continuous) return constants[column.code_position + static_cast<std::size_t>(code)];
  const float at = (z - column.z_low) / larger(column.z_high - column.z_low, 1e-6f) * kZCells;
  const int grid = static_cast<int>(at) < kZCells ? static_cast<int>(at) : kZCells - 1;
  const float* p = constants + column.z_position + grid;
  return p[0] + (at - static_cast<float>(grid)) * (p[1] - p[0]);
}

/// Feature number `knot` of a position; see Backend::features.
MEG_HOST_DEVICE inline float ramp(float position, int knot) {
  return keep_between(position - static_cast<float>(knot), 0.0f, 1.0f);
}

}  // namespace meg
