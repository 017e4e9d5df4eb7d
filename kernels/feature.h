#pragma once
#include "core/nn/head_formulas.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

/// Feature i of a cell; see Backend::features.
__device__ inline float feature(int i, const ColumnLayout& column, const float* parameters, float code, float z,
                                float position) {
  if (code < 0) return 0;  // unknown
  if (i < kEmbedding)
    return parameters[column.embedding + static_cast<std::size_t>(code) * kEmbedding + static_cast<std::size_t>(i)];
  if (i < kFeatures - 1) return ramp(position, i - kEmbedding);
  return 0.25f * z;
}

}  // namespace meg::MEG_KERNELS
