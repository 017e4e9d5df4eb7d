#pragma once
#include "core/nn/head_draw.h"
#include "core/nn/head_formulas.h"
#include "core/nn/truncated_normal.h"
#include "kernels/cell_noise.h"

namespace meg::MEG_KERNELS {

struct DrawnCell {
  int code;
  float z;
  double log_mass = 0;  // of all that was allowed, where that is wanted
};

/// What a draw of one column is kept to, see Allowed: `codes` is [codes], z is cut to the floats [z_low, z_high].
struct KeptTo {
  KeptTo(const ColumnLayout& column, const Allowed& allowed)
      : codes(allowed.codes.data()),
        log_mass(allowed.log_mass.data()),
        z_low(std::max(allowed.z_low, column.z_low)),
        z_high(std::min(allowed.z_high, column.z_high)),
        interval(column, allowed) {}
  const float* codes;
  float* log_mass;
  float z_low, z_high;
  Interval interval;
};

/// Log of the sum of exp(x) over a warp.
__device__ inline double warp_log_sum_exp(double x) {
  const double top = warp_max(x);
  return top + std::log(warp_sum(std::exp(x - top)));
}

/// Log of the sum of exp(score(c)) over c < count, one of which is finite.
template <class Score>
__device__ double warp_log_sum_exp(int count, const Score& score) {
  double top = -std::numeric_limits<double>::infinity(), sum = 0;
  for (int c = lane(); c < count; c += 32) top = score(c) > top ? score(c) : top;
  top = warp_max(top);
  for (int c = lane(); c < count; c += 32) sum += std::exp(score(c) - top);
  return top + std::log(warp_sum(sum));
}

/// Draws a cell from its head [head_width()], kept to a set; see Backend::sample_column. A warp draws it, a lane has
/// one component of the mixture. In double: few columns are conditioned, and a tail's mass can be smaller than any
/// float.
__device__ inline DrawnCell draw_allowed(const ColumnLayout& column, const float* head, double temperature,
                                         const CellNoise& noise, const KeptTo& to) {
  static_assert(kMixtures <= 32);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto any_logit = [&](int c) { return static_cast<double>(head[c]) / temperature; };
  const auto logit = [&](int c) { return to.codes[c] != 0 ? any_logit(c) : -kInfinity; };
  const auto log_mass = [&](const auto& score) {
    if (!to.log_mass) return 0.0;
    return warp_log_sum_exp(column.codes, score) - warp_log_sum_exp(column.codes, any_logit);
  };
  if (column.continuous < 0 || to.codes[column.continuous] == 0)
    return {pick(noise, 0, column.codes, logit), 0, log_mass(logit)};

  double weight = -kInfinity, share = -kInfinity, mean = 0, low = 0, high = 0, sigma = 0;
  if (const int i = column.codes + lane(); lane() < kMixtures) {
    weight = static_cast<double>(head[i]) / temperature;
    mean = static_cast<double>(head[i + kMixtures]);
    sigma = temperature * std::exp(static_cast<double>(keep_sigma(head[i + 2 * kMixtures])));
    low = (to.interval.low - mean) / sigma, high = (to.interval.high - mean) / sigma;
    share = weight + log_normal_mass(low, high);
  }
  const double mass = warp_log_sum_exp(share) - warp_log_sum_exp(weight);  // log of the whole mixture's
  const auto score = [&](int c) { return logit(c) + (c == column.continuous ? mass : 0.0); };
  const int code = pick(noise, 0, column.codes, score);
  const double all = log_mass(score);
  if (code != column.continuous) return {code, 0, all};
  const int component = pick(noise, mixture_noise(column.codes), kMixtures, [&](int) { return share; });
  const auto drawn = [&](double mine) { return __shfl_sync(0xffffffff, mine, component); };
  const double a = drawn(low), b = drawn(high), shift = drawn(mean), scale = drawn(sigma);
  const double u = static_cast<double>(noise.uniform(z_noise(column.codes)));
  const auto z = static_cast<float>(shift + scale * truncated_normal(a, b, u));
  return {code, fminf(fmaxf(z, to.z_low), to.z_high), all};
}

}  // namespace meg::MEG_KERNELS
