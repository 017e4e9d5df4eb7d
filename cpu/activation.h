#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/nn/backend.h"

namespace meg::cpu {

/// tanh to 2e-7, in plain arithmetic, which the compiler vectorizes: the [7/6] Pade approximant at x / 4 and two
/// doublings, tanh(2z) = 2 tanh(z) / (1 + tanh(z)^2). Beyond 9 the nearest float is 1.
inline float fast_tanh(float x) {
  const float z = 0.25f * std::min(std::max(x, -9.0f), 9.0f), s = z * z;
  float t =
      z * (135135.0f + s * (17325.0f + s * (378.0f + s))) / (135135.0f + s * (62370.0f + s * (3150.0f + s * 28.0f)));
  for (int doubling = 0; doubling < 2; ++doubling) t = (t + t) / (1.0f + t * t);
  return t;
}

inline float fast_sigmoid(float x) { return 0.5f + 0.5f * fast_tanh(0.5f * x); }

template <class Function>
void apply(std::size_t rows, std::size_t columns, const float* bias, float* y, std::size_t stride,
           const Function& function) {
  for (std::size_t r = 0; r < rows; ++r, y += stride)
    if (bias)
      for (std::size_t c = 0; c < columns; ++c) y[c] = function(y[c] + bias[c]);
    else
      for (std::size_t c = 0; c < columns; ++c) y[c] = function(y[c]);
}

/// y = activation(y + bias), [rows, columns] with row stride `stride`; bias [columns] may be null.
inline void activate(Activation activation, std::size_t rows, std::size_t columns, const float* bias, float* y,
                     std::size_t stride) {
  const auto each = [&](const auto& function) { apply(rows, columns, bias, y, stride, function); };
  switch (activation) {
    case Activation::kNone:
      if (bias) each([](float v) { return v; });
      return;
    case Activation::kRelu: return each([](float v) { return std::max(v, 0.0f); });
    case Activation::kLeakyRelu: return each([](float v) { return std::max(v, kLeakySlope * v); });
    case Activation::kTanh: return each([](float v) { return fast_tanh(v); });
    case Activation::kSigmoid: return each([](float v) { return fast_sigmoid(v); });
  }
}

/// use(slope): activation'(.) by slope(y), y = activation(.); of a type of its own each, so that loops are vectorized.
template <class Use>
void with_slope(Activation activation, const Use& use) {
  switch (activation) {
    case Activation::kNone: return use([](float) { return 1.0f; });
    case Activation::kRelu: return use([](float y) { return y > 0.0f ? 1.0f : 0.0f; });
    case Activation::kLeakyRelu: return use([](float y) { return y > 0.0f ? 1.0f : kLeakySlope; });
    case Activation::kTanh: return use([](float y) { return 1.0f - y * y; });
    case Activation::kSigmoid: return use([](float y) { return y * (1.0f - y); });
  }
}

}  // namespace meg::cpu
