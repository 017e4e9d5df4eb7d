#include "cpu/allowed_draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/nn/head_draw.h"
#include "core/nn/head_formulas.h"
#include "core/nn/truncated_normal.h"

namespace meg::cpu {

namespace {

// In double and row by row: few columns are conditioned, and a tail's mass can be smaller than any float.

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The noise of one cell, element by element, as a free draw has it.
class CellNoise {
 public:
  CellNoise(const Draw& draw, std::size_t column, std::size_t row)
      : philox_(draw.seed, draw.stream), row_(draw.first_row + row), first_(column << kNoiseBits) {}
  double uniform(int element) const {
    const auto i = static_cast<std::size_t>(element);
    return static_cast<double>(philox_.uniform(row_, static_cast<std::uint32_t>(first_ + i / 4))[i % 4]);
  }
  double gumbel(int element) const { return -std::log(-std::log(uniform(element))); }

 private:
  Philox philox_;
  std::uint64_t row_;
  std::size_t first_;
};

/// The place of the largest score(i) + Gumbel noise, i < count: i is drawn in proportion to exp(score(i)).
template <class Score>
int pick(const CellNoise& noise, int first, int count, const Score& score) {
  int best = 0;
  double most = -kInfinity;
  for (int i = 0; i < count; ++i) {
    const double s = score(i);
    if (s == -kInfinity) continue;
    if (const double noisy = s + noise.gumbel(first + i); noisy > most) most = noisy, best = i;
  }
  return best;
}

/// Of score(i), i < count, one of which is finite.
template <class Score>
double log_sum_exp(int count, const Score& score) {
  double top = -kInfinity, sum = 0;
  for (int i = 0; i < count; ++i) top = std::max(top, score(i));
  for (int i = 0; i < count; ++i) sum += std::exp(score(i) - top);
  return top + std::log(sum);
}
double log_sum_exp(const std::array<double, kMixtures>& x) {
  return log_sum_exp(kMixtures, [&](int i) { return x[static_cast<std::size_t>(i)]; });
}

/// A head's mixture at a temperature, and how much of each component lies in an interval.
struct MixtureIn {
  MixtureIn(const float* head, double temperature, Interval in) : interval(in) {
    std::array<double, kMixtures> weights;
    for (std::size_t i = 0; i < kMixtures; ++i) {
      weights[i] = static_cast<double>(head[i]) / temperature;
      mean[i] = static_cast<double>(head[kMixtures + i]);
      sigma[i] = temperature * std::exp(static_cast<double>(keep_sigma(head[2 * kMixtures + i])));
      log_share[i] = weights[i] + log_normal_mass(scaled(interval.low, i), scaled(interval.high, i));
    }
    log_mass = log_sum_exp(log_share) - log_sum_exp(weights);
  }
  double scaled(double z, std::size_t i) const { return (z - mean[i]) / sigma[i]; }
  double draw(std::size_t i, double u) const {
    return mean[i] + sigma[i] * truncated_normal(scaled(interval.low, i), scaled(interval.high, i), u);
  }

  Interval interval;
  std::array<double, kMixtures> mean, sigma, log_share;  // log_share: of weight times mass, not normalized
  double log_mass;                                       // of the whole mixture
};

}  // namespace

AllowedCell draw_allowed(const ColumnLayout& column, std::size_t j, std::size_t row, const float* head,
                         const Draw& draw, const Allowed& allowed) {
  const CellNoise noise(draw, j, row);
  const double temperature = static_cast<double>(draw.temperature);
  const auto any_logit = [&](int c) { return static_cast<double>(head[c]) / temperature; };
  const auto logit = [&](int c) { return allowed.codes[c] != 0 ? any_logit(c) : -kInfinity; };
  const auto log_mass = [&](const auto& score) {
    if (!allowed.log_mass) return 0.0;
    return log_sum_exp(column.codes, score) - log_sum_exp(column.codes, any_logit);
  };
  if (column.continuous < 0 || allowed.codes[column.continuous] == 0)
    return {pick(noise, 0, column.codes, logit), 0, log_mass(logit)};
  const MixtureIn mixture(head + column.codes, temperature, {column, allowed});
  const auto score = [&](int c) { return logit(c) + (c == column.continuous ? mixture.log_mass : 0); };
  const int code = pick(noise, 0, column.codes, score);
  if (code != column.continuous) return {code, 0, log_mass(score)};
  const int component = pick(noise, mixture_noise(column.codes), kMixtures,
                             [&](int i) { return mixture.log_share[static_cast<std::size_t>(i)]; });
  const double z = mixture.draw(static_cast<std::size_t>(component), noise.uniform(z_noise(column.codes)));
  return {
      code,
      std::clamp(static_cast<float>(z), std::max(allowed.z_low, column.z_low), std::min(allowed.z_high, column.z_high)),
      log_mass(score)};
}

}  // namespace meg::cpu
