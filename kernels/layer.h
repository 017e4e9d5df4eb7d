#pragma once
#include "core/nn/backend.h"

namespace meg::MEG_KERNELS {

/// A LinearGroup on the device.
struct LayerGroup {
  std::uint32_t inputs, outputs, drops, unused;  // no padding: layers are found by their bytes
  std::size_t x, x_stride, weight, bias, y, y_stride;
};

/// Of the host's group.
inline LayerGroup layer_group(const LinearGroup& g) {
  return {static_cast<std::uint32_t>(g.inputs),
          static_cast<std::uint32_t>(g.outputs),
          g.drops ? 1u : 0u,
          0,
          g.x,
          g.x_stride,
          g.weight,
          g.bias,
          g.y,
          g.y_stride};
}

/// A block's part of a layer's products: of the groups begin <= g < end the rows and columns from `row` and `column`
/// of a matrix of theirs. A list of them has no block without work, however ragged the groups are.
struct LayerTile {
  std::uint32_t begin, end, row, column;
};

}  // namespace meg::MEG_KERNELS
