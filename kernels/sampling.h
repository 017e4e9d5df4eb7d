#pragma once
#include "kernels/allowed_draw.h"

namespace meg::MEG_KERNELS {

__device__ inline float keep_sigma(float log_sigma) { return fminf(fmaxf(log_sigma, kLowSigma), kHighSigma); }

/// Draws a cell from its head [head_width()], by a warp.
__device__ inline DrawnCell draw_free(const ColumnLayout& column, const float* head, float temperature,
                                      const CellNoise& noise) {
  const float cold = 1.0f / temperature;
  // A product of its own in every kernel that this is part of, not one with the sum that follows it.
  const auto logit = [cold](const float* of) { return [=](int c) { return __fmul_rn(of[c], cold); }; };
  const int code = pick(noise, 0, column.codes, logit(head));
  if (code != column.continuous) return {code, 0};
  const float* mixture = head + column.codes;
  const int i = pick(noise, mixture_noise(column.codes), kMixtures, logit(mixture));
  const float sigma = expf(keep_sigma(mixture[2 * kMixtures + i]));
  const float z = mixture[kMixtures + i] + sigma * (noise.normal(z_noise(column.codes)) * temperature);
  return {code, fminf(fmaxf(z, column.z_low), column.z_high)};
}

/// The place of a cell between its column's knots.
__device__ inline float position_of(const ColumnLayout& column, DrawnCell cell, const float* constants) {
  if (cell.code != column.continuous) return constants[column.code_position + static_cast<std::size_t>(cell.code)];
  const float at = (cell.z - column.z_low) / fmaxf(column.z_high - column.z_low, 1e-6f) * kZCells;
  const int grid = static_cast<int>(at) < kZCells ? static_cast<int>(at) : kZCells - 1;
  const float* p = constants + column.z_position + grid;
  return p[0] + (at - static_cast<float>(grid)) * (p[1] - p[0]);
}

/// Column number j of n.
struct Sampling {
  ColumnLayout column;
  std::size_t j, n, rows, head_stride, view_stride;
  const float *heads, *constants;
  Draw draw;
  float *cells, *view;
};

/// Writes what a warp has drawn of a row.
__device__ inline void put_cell(const Sampling& s, std::size_t row, const DrawnCell& drawn, float position) {
  if (lane() == 0) {
    float* const cell = s.cells + row * 3 * s.n + s.j;
    cell[0] = static_cast<float>(drawn.code), cell[s.n] = drawn.z, cell[2 * s.n] = position;
  }
  if (!s.view) return;
  float* const seen = s.view + row * s.view_stride + s.column.view;
  for (int c = lane(); c < s.column.codes; c += 32) seen[c] = c == drawn.code ? 1.0f : 0.0f;
  if (lane() == 0 && s.column.continuous >= 0) seen[s.column.codes] = drawn.z;
}

}  // namespace meg::MEG_KERNELS
