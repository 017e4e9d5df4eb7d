#pragma once
#include <cmath>

#include "core/nn/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

/// One step of Adam: what depends on its number, which the host computes.
struct AdamStep {
  AdamStep(const AdamOptions& o, int step) {
    const auto t = static_cast<float>(step);
    scale = o.rate / (1.0f - std::pow(o.beta1, t));
    correction = 1.0f / (1.0f - std::pow(o.beta2, t));
  }
  /// The parameter p after it; m and v are its moments.
  __device__ float operator()(const AdamOptions& o, float gradient, float p, float& m, float& v) const {
    const float g = gradient + o.l2 * p;
    m = o.beta1 * m + (1.0f - o.beta1) * g;
    v = o.beta2 * v + (1.0f - o.beta2) * g * g;
    return p - (scale * m / (sqrtf(v * correction) + o.epsilon) + o.rate * o.weight_decay * p);
  }

  float scale, correction;  // rate over the first moment's bias, one over the second's
};

}  // namespace meg::MEG_KERNELS
