#pragma once
#include "core/nn/formulas.h"
#include "kernels/dropout.h"
#include "kernels/layer.h"

namespace meg::MEG_KERNELS {

/// What ForwardTail says, for a kernel.
struct ForwardFinish {
  explicit ForwardFinish(const ForwardTail& tail)
      : activation(tail.activation),
        bias(tail.bias),
        slope_of(tail.slope_of.data()),
        mask(tail.dropout),
        residual(tail.residual.data()),
        sum(tail.sum.data()) {}

  /// What joins the product in an element of y: the bias, which is that of the parameters, or where the slope is to be
  /// found.
  __device__ float joined(std::size_t element, std::size_t of_bias, const float* parameters) const {
    if (slope_of) return slope_of[element];
    return bias ? parameters[of_bias] : 0.0f;
  }
  /// Puts out an element of y; drop(element) is what dropout multiplies it with.
  template <class Drop>
  __device__ void put(bool drops, std::size_t element, float product, float with, Drop&& drop, float* y) const {
    product = slope_of ? product * slope(activation, with) : activate(activation, product + with);
    if (drops) product *= drop(element);
    y[element] = product;
    if (sum) sum[element] = product + residual[element];
  }

  Activation activation;
  bool bias;
  const float* slope_of;
  DropoutMask mask;
  const float* residual;
  float* sum;
};

/// What BackwardTail says, for a kernel.
struct BackwardFinish {
  explicit BackwardFinish(const BackwardTail& tail)
      : residual(tail.residual.data()),
        activation(tail.activation),
        output(tail.output.data()),
        scale(tail.scale),
        masked(tail.masked.data()) {}

  const float* residual;
  Activation activation;
  const float* output;
  float scale;
  float* masked;
};

/// Puts out an element of dx, where `output` is tail.output's.
__device__ inline void put_gradient(const BackwardFinish& tail, float scale, std::size_t element, float sum,
                                    float output, float* dx) {
  if (tail.residual) sum += tail.residual[element];
  dx[element] = sum;
  if (tail.masked) tail.masked[element] = scale * slope(tail.activation, output) * sum;
}

}  // namespace meg::MEG_KERNELS
