#pragma once
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

/// Binary cross-entropy of a logit d, and its derivative. With e = exp(-|d|) <= 1 nothing overflows: softplus(d) =
/// max(d, 0) + log(1 + e), and sigmoid(d) is 1 / (1 + e) right of zero and e / (1 + e) left of it.
struct Bce {
  __device__ Bce(float d, float label) {
    const float e = expf(-fabsf(d));
    loss = fmaxf(d, 0.0f) + log1pf(e) - label * d;
    slope = (d < 0.0f ? e : 1.0f) / (1.0f + e) - label;
  }
  float loss, slope;
};

}  // namespace meg::MEG_KERNELS
