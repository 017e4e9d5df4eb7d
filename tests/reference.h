#pragma once
#include <cmath>
#include <functional>
#include <vector>

#include "core/nn/backend.h"
#include "core/nn/formulas.h"
#include "core/tensor/philox.h"

/// Naive double-precision statements of the operations: slow, plain, obviously right.
namespace reference {

using Doubles = std::vector<double>;

inline double activate(meg::Activation a, double x) {
  switch (a) {
    case meg::Activation::kNone: return x;
    case meg::Activation::kRelu: return x > 0 ? x : 0;
    case meg::Activation::kLeakyRelu: return x > 0 ? x : static_cast<double>(meg::LeakyRelu::kSlope) * x;
    case meg::Activation::kTanh: return std::tanh(x);
    case meg::Activation::kSigmoid: return 1 / (1 + std::exp(-x));
  }
  return x;
}

/// activation'(x) from y = activation(x).
inline double slope(meg::Activation a, double y) {
  switch (a) {
    case meg::Activation::kNone: return 1;
    case meg::Activation::kRelu: return y > 0 ? 1 : 0;
    case meg::Activation::kLeakyRelu: return y > 0 ? 1 : static_cast<double>(meg::LeakyRelu::kSlope);
    case meg::Activation::kTanh: return 1 - y * y;
    case meg::Activation::kSigmoid: return y * (1 - y);
  }
  return 1;
}

/// The column of x that input i of a group is.
inline std::size_t column_of(const meg::LinearGroup& g, std::size_t i) {
  return i < static_cast<std::size_t>(g.gap) ? i : i + static_cast<std::size_t>(g.gap_width);
}

/// x w + b of one row and output.
inline double product(const meg::LinearGroup& g, std::size_t row, std::size_t output, const Doubles& x,
                      const Doubles& p) {
  double sum = p[g.bias + output];
  for (std::size_t i = 0; i < static_cast<std::size_t>(g.inputs); ++i)
    sum += x[g.x + row * g.x_stride + column_of(g, i)] * p[g.weight + i * static_cast<std::size_t>(g.outputs) + output];
  return sum;
}

/// y[g] = activation(x[g] w[g] + b[g]); y has the size of the widest row times rows.
inline Doubles linear_forward(const meg::GroupedLinear& layer, int rows, const Doubles& x, const Doubles& p,
                              meg::Activation activation) {
  Doubles y(static_cast<std::size_t>(rows) * layer.front().y_stride);
  for (const meg::LinearGroup& g : layer)
    for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
      for (std::size_t o = 0; o < static_cast<std::size_t>(g.outputs); ++o)
        y[g.y + r * g.y_stride + o] = activate(activation, product(g, r, o, x, p));
  return y;
}

/// What dropout multiplies element number `element` of its operand by: 128 neighbours share 16 blocks of Philox, and
/// sixteen neighbours are the same half word of all.
inline double dropout_mask(const meg::Dropout& dropout, std::size_t element) {
  if (dropout.probability == 0) return 1;
  const auto block = static_cast<std::uint32_t>(element / 128 * 16 + element % 16);
  const std::size_t half = element % 128 / 16;
  const auto word = meg::Philox(dropout.seed, meg::Stream::kDropout).bits(dropout.step, block)[half / 2];
  const std::uint32_t bits = half % 2 == 0 ? word & 0xffff : word >> 16;
  const auto limit = static_cast<std::uint32_t>(dropout.probability * 65536);
  return bits < limit ? 0 : 65536 / (65536 - static_cast<double>(limit));
}

/// y[r, k] = relu(bias[k] + sum of products[r, j] over those j that k sees) times dropout's mask, [rows, groups,
/// width].
template <class Sees>
Doubles sum_of_seen(std::size_t width, const Doubles& products, const Doubles& bias, const meg::Dropout& dropout,
                    const Sees& sees) {
  const std::size_t stride = bias.size();
  Doubles y;
  for (std::size_t r = 0; r < products.size() / stride; ++r)
    for (std::size_t i = 0; i < stride; ++i) {
      double sum = bias[i];
      for (std::size_t j = i % width; j < stride; j += width) sum += sees(i, j) ? products[r * stride + j] : 0;
      y.push_back(std::max(sum, 0.0) * dropout_mask(dropout, r * stride + i));
    }
  return y;
}

/// Of j <= k.
inline Doubles running_sum(std::size_t width, const Doubles& products, const Doubles& bias,
                           const meg::Dropout& dropout) {
  return sum_of_seen(width, products, bias, dropout, [](std::size_t k, std::size_t j) { return j <= k; });
}

/// Of j != k.
inline Doubles sum_of_others(std::size_t width, const Doubles& products, const Doubles& bias,
                             const meg::Dropout& dropout) {
  return sum_of_seen(width, products, bias, dropout, [](std::size_t k, std::size_t j) { return j != k; });
}

/// Whether a row of a pass hides a column, see Backend::hide_columns.
inline bool hides(std::uint64_t seed, std::uint64_t row, std::size_t column) {
  const meg::Philox philox(seed, meg::Stream::kHide);
  return philox.bits(row, static_cast<std::uint32_t>(1 + column / 4))[column % 4] < philox.bits(row, 0)[0];
}

/// dx[g] = dy[g] w[g]^T, sums over groups that share x; elements that no group reads are those of dx.
inline Doubles linear_backward_input(const meg::GroupedLinear& layer, int rows, const Doubles& dy, const Doubles& p,
                                     Doubles dx) {
  const auto each = [&](const auto& body) {
    for (const meg::LinearGroup& g : layer)
      for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
        for (std::size_t i = 0; i < static_cast<std::size_t>(g.inputs); ++i)
          body(g, r, i, dx[g.x + r * g.x_stride + column_of(g, i)]);
  };
  each([](const meg::LinearGroup&, std::size_t, std::size_t, double& out) { out = 0; });
  each([&](const meg::LinearGroup& g, std::size_t r, std::size_t i, double& out) {
    const auto outputs = static_cast<std::size_t>(g.outputs);
    for (std::size_t o = 0; o < outputs; ++o) out += dy[g.y + r * g.y_stride + o] * p[g.weight + i * outputs + o];
  });
  return dx;
}

/// gradients += x[g]^T dy[g] for the weights and the column sums of dy[g] for the biases.
inline void linear_backward_weight(meg::LinearGroups layer, int rows, const Doubles& x, const Doubles& dy,
                                   Doubles& gradients) {
  for (const meg::LinearGroup& g : layer)
    for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
      for (std::size_t o = 0; o < static_cast<std::size_t>(g.outputs); ++o) {
        const double d = dy[g.y + r * g.y_stride + o];
        gradients[g.bias + o] += d;
        for (std::size_t i = 0; i < static_cast<std::size_t>(g.inputs); ++i)
          gradients[g.weight + i * static_cast<std::size_t>(g.outputs) + o] +=
              x[g.x + r * g.x_stride + column_of(g, i)] * d;
      }
}

/// The operands of a meg::Stack.
struct StackTape {
  Doubles x, a0, a1, h, heads, dheads, da1, da0;
};

/// use(row, unit, where it is in a0, a1 and h) for all units of a generator.
template <class Use>
void each_unit(const meg::LinearGroup& hidden, int rows, const Use& use) {
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    for (std::size_t j = 0; j < static_cast<std::size_t>(hidden.outputs); ++j)
      use(r, j, hidden.y + r * hidden.y_stride + j);
}

inline void stack_forward(const meg::Stack& stack, int rows, const Doubles& p, StackTape& t) {
  const auto unit = [&](const meg::LinearGroup& g, std::size_t r, std::size_t j, std::size_t i, const Doubles& x,
                        const meg::Dropout& dropout) {
    return std::max(product(g, r, j, x, p), 0.0) * (g.drops ? dropout_mask(dropout, i) : 1);
  };
  for (std::size_t n = 0; n < stack.hidden.size(); ++n) {
    const meg::LinearGroup &hidden = stack.hidden[n], &head = stack.head[n];
    if (!stack.first.empty())
      each_unit(hidden, rows, [&](std::size_t r, std::size_t j, std::size_t i) {
        t.a0[i] = unit(stack.first[n], r, j, i, t.x, stack.first_dropout);
      });
    each_unit(hidden, rows, [&](std::size_t r, std::size_t j, std::size_t i) {
      t.a1[i] = unit(hidden, r, j, i, t.a0, stack.hidden_dropout);
      t.h[i] = t.a0[i] + t.a1[i];
    });
    for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
      for (std::size_t o = 0; o < static_cast<std::size_t>(head.outputs); ++o)
        t.heads[head.y + r * head.y_stride + o] = product(head, r, o, t.h, p);
  }
}

inline void stack_backward(const meg::Stack& stack, int rows, const Doubles& p, StackTape& t, Doubles& gradients) {
  const auto dot = [&](const meg::LinearGroup& g, std::size_t r, std::size_t j, const Doubles& dy) {
    double sum = 0;
    for (std::size_t o = 0, outputs = static_cast<std::size_t>(g.outputs); o < outputs; ++o)
      sum += dy[g.y + r * g.y_stride + o] * p[g.weight + j * outputs + o];
    return sum;
  };
  const auto scale = [](const meg::LinearGroup& g, const meg::Dropout& dropout) {
    return g.drops ? static_cast<double>(dropout.scale()) : 1;
  };
  for (std::size_t n = 0; n < stack.hidden.size(); ++n) {
    const meg::LinearGroup &hidden = stack.hidden[n], &head = stack.head[n];
    each_unit(hidden, rows, [&](std::size_t r, std::size_t j, std::size_t i) {
      t.da1[i] = t.a1[i] > 0 ? scale(hidden, stack.hidden_dropout) * dot(head, r, j, t.dheads) : 0;
    });
    each_unit(hidden, rows, [&](std::size_t r, std::size_t j, std::size_t i) {
      const double sum = dot(head, r, j, t.dheads) + dot(hidden, r, j, t.da1);
      t.da0[i] = t.a0[i] > 0 ? scale(hidden, stack.first_dropout) * sum : 0;
    });
  }
  linear_backward_weight(stack.head, rows, t.h, t.dheads, gradients);
  linear_backward_weight(stack.hidden, rows, t.a0, t.da1, gradients);
  linear_backward_weight(stack.first, rows, t.x, t.da0, gradients);
}

/// softplus(logit) - label * logit, mean over rows.
inline double bce_with_logits(const Doubles& logit, double label) {
  double sum = 0;
  for (const double d : logit) sum += (d > 0 ? d + std::log1p(std::exp(-d)) : std::log1p(std::exp(d))) - label * d;
  return sum / static_cast<double>(logit.size());
}

/// Central differences of f at x, every element.
inline Doubles gradient(const std::function<double(const Doubles&)>& f, Doubles x, double h = 1e-5) {
  Doubles g(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double kept = x[i];
    x[i] = kept + h;
    const double above = f(x);
    x[i] = kept - h;
    const double below = f(x);
    x[i] = kept;
    g[i] = (above - below) / (2 * h);
  }
  return g;
}

}  // namespace reference
