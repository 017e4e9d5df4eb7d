#pragma once
#include <algorithm>
#include <numbers>

#include "tests/reference.h"

/// The column operations in double, cell by cell.
namespace reference {

inline double number(float x) { return static_cast<double>(x); }

/// [embedding | clip(position - i, 0, 1) | z / 4] of every cell, [rows, kFeatures columns].
inline Doubles features(const meg::ColumnsLayout& layout, int rows, const std::vector<float>& cells, const Doubles& p) {
  const std::size_t n = layout.size();
  Doubles x;
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    for (std::size_t j = 0; j < n; ++j) {
      const float* cell = &cells[r * 3 * n + j];
      const auto code = static_cast<std::size_t>(cell[0]);
      for (std::size_t i = 0; i < meg::kEmbedding; ++i)
        x.push_back(p[layout.columns[j].embedding + code * meg::kEmbedding + i]);
      for (int i = 0; i < meg::kKnots - 1; ++i) x.push_back(std::clamp(number(cell[2 * n]) - i, 0.0, 1.0));
      x.push_back(number(cell[n]) / 4);
    }
  return x;
}

/// One-hot codes and z, [rows, view_stride].
inline Doubles view_rows(const meg::ColumnsLayout& layout, int rows, const std::vector<float>& cells) {
  const std::size_t n = layout.size();
  Doubles view;
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    for (std::size_t j = 0; j < n; ++j) {
      const float* cell = &cells[r * 3 * n + j];
      for (int c = 0; c < layout.columns[j].codes; ++c) view.push_back(static_cast<float>(c) == cell[0] ? 1 : 0);
      if (layout.columns[j].continuous >= 0) view.push_back(number(cell[n]));
    }
  return view;
}

inline double log_sum_exp(const double* x, int count) {
  const double top = *std::max_element(x, x + count);
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += std::exp(x[i] - top);
  return top + std::log(sum);
}

inline Doubles softmax(const Doubles& x) {
  const double log_sum = log_sum_exp(x.data(), static_cast<int>(x.size()));
  Doubles share;
  for (const double logit : x) share.push_back(std::exp(logit - log_sum));
  return share;
}

/// Logits of the codes, then weights, means and log sigmas of the mixture: one column's part of a row.
struct Head {
  Head(const meg::ColumnLayout& column, const Doubles& all)
      : logits(all.begin(), all.begin() + column.codes),
        weights(part(column, all, 0)),
        means(part(column, all, 1)),
        log_sigmas(part(column, all, 2)) {}
  static Doubles part(const meg::ColumnLayout& column, const Doubles& all, int p) {
    if (column.continuous < 0) return {};
    const auto begin = all.begin() + column.codes + p * meg::kMixtures;
    return {begin, begin + meg::kMixtures};
  }
  double sigma(std::size_t i) const { return std::exp(std::clamp(log_sigmas[i], -7.0, 2.0)); }

  Doubles logits, weights, means, log_sigmas;
};

/// -log softmax(logits)[code], and for the continuous code -log sum_i softmax(weights)_i N(z; mean_i, sigma_i).
inline double cell_loss(const meg::ColumnLayout& column, const Doubles& all, int code, double z) {
  const Head head(column, all);
  const double loss = log_sum_exp(head.logits.data(), column.codes) - head.logits[static_cast<std::size_t>(code)];
  if (code != column.continuous) return loss;
  Doubles density;
  for (std::size_t i = 0; i < meg::kMixtures; ++i) {
    const double d = (z - head.means[i]) / head.sigma(i);
    density.push_back(head.weights[i] - d * d / 2 - std::log(head.sigma(i)) - std::log(2 * std::numbers::pi) / 2);
  }
  return loss - log_sum_exp(density.data(), meg::kMixtures) + log_sum_exp(head.weights.data(), meg::kMixtures);
}

/// Number `element` of the noise of a cell, in (0, 1): a word of Philox's block element / 4.
inline double uniform_noise(const meg::Draw& draw, std::size_t column, std::size_t row, int element) {
  const auto position = static_cast<std::uint32_t>((column << 18) + static_cast<std::size_t>(element) / 4);
  const meg::Philox philox(draw.seed, draw.stream);
  return number(philox.uniform(draw.first_row + row, position)[static_cast<std::size_t>(element % 4)]);
}

inline double gumbel(const meg::Draw& draw, std::size_t column, std::size_t row, int element) {
  return -std::log(-std::log(uniform_noise(draw, column, row, element)));
}

/// The noise of the codes comes first, then that of the weights, then that of z, each from a whole sixteen on.
inline int weights_noise(int codes) { return (codes + 15) / 16 * 16; }

inline double z_noise(const meg::Draw& draw, std::size_t column, std::size_t row, int codes) {
  const int first = weights_noise(codes) + 32;
  return std::sqrt(-2 * std::log(uniform_noise(draw, column, row, first))) *
         std::cos(2 * std::numbers::pi * uniform_noise(draw, column, row, first + 1));
}

/// logit / temperature + Gumbel noise: the largest is drawn.
inline Doubles scores(const meg::Draw& draw, std::size_t column, std::size_t row, int first, Doubles logits) {
  for (std::size_t i = 0; i < logits.size(); ++i)
    logits[i] = logits[i] / number(draw.temperature) + gumbel(draw, column, row, first + static_cast<int>(i));
  return logits;
}

inline std::size_t largest(const Doubles& x) {
  return static_cast<std::size_t>(std::max_element(x.begin(), x.end()) - x.begin());
}

/// What sample_backward is the gradient of, at the head `at`: the view's codes are relaxed to softmax(logit + noise);
/// z to the weights' softmax over what every component would give, and to what the drawn one gives of its own mean and
/// sigma. `free`: whether z is drawn and not cut.
inline double relaxed(const meg::ColumnLayout& column, const Doubles& at, const Doubles& all, const meg::Draw& draw,
                      std::size_t j, std::size_t row, bool free, const Doubles& dview) {
  const Head fixed(column, at), head(column, all);
  const Doubles codes = softmax(scores(draw, j, row, 0, head.logits));
  double sum = 0;
  for (std::size_t c = 0; c < codes.size(); ++c) sum += dview[c] * codes[c];
  if (column.continuous < 0 || !free) return sum;
  const double epsilon = z_noise(draw, j, row, column.codes);
  const int noise = weights_noise(column.codes);
  const Doubles components = softmax(scores(draw, j, row, noise, head.weights));
  const std::size_t drawn = largest(scores(draw, j, row, noise, fixed.weights));
  double z = head.means[drawn] + head.sigma(drawn) * epsilon;
  for (std::size_t i = 0; i < components.size(); ++i) z += components[i] * (fixed.means[i] + fixed.sigma(i) * epsilon);
  return sum + dview.back() * z;
}

}  // namespace reference
