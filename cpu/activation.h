#pragma once
#include <cstddef>

#include "core/nn/formulas.h"
#include "cpu/level.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

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
  if (activation == Activation::kNone && !bias) return;
  with_formula(activation, [&](auto f) { apply(rows, columns, bias, y, stride, [f](float v) { return f.value(v); }); });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
