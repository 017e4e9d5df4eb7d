#pragma once
#include "core/nn/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

__device__ inline float activate(Activation activation, float x) {
  switch (activation) {
    case Activation::kNone: return x;
    case Activation::kRelu: return fmaxf(x, 0.0f);
    case Activation::kLeakyRelu: return fmaxf(x, kLeakySlope * x);
    case Activation::kTanh: return tanhf(x);
    case Activation::kSigmoid: return 1.0f / (1.0f + expf(-x));
  }
  return x;
}

/// activation'(x) from y = activation(x).
__device__ inline float slope(Activation activation, float y) {
  switch (activation) {
    case Activation::kNone: return 1.0f;
    case Activation::kRelu: return y > 0.0f ? 1.0f : 0.0f;
    case Activation::kLeakyRelu: return y > 0.0f ? 1.0f : kLeakySlope;
    case Activation::kTanh: return 1.0f - y * y;
    case Activation::kSigmoid: return y * (1.0f - y);
  }
  return 1.0f;
}

}  // namespace meg::MEG_KERNELS
