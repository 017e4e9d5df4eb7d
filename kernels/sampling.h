#pragma once
#include "kernels/allowed_draw.h"

namespace meg::MEG_KERNELS {

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
  const float normal = noise.normal(z_noise(column.codes)) * temperature;
  const float sigma = std::exp(keep_sigma(mixture[2 * kMixtures + i]));
  return {code, keep_between(mixture[kMixtures + i] + sigma * normal, column.z_low, column.z_high)};
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
