#pragma once
#include "core/nn/backend.h"
#include "core/tensor/host_device.h"

namespace meg::MEG_KERNELS {

/// Layers whose weights' gradients are one launch.
inline constexpr std::uint32_t kMostLayers = 3;

/// A LinearGroup on the device.
struct LayerGroup {
  std::uint32_t inputs, outputs, drops, gap, gap_width;
  std::uint32_t layer;  // which of several in one launch; without it there would be padding: lists are found by bytes
  std::size_t x, x_stride, weight, bias, y, y_stride;

  /// The column of x that is input i.
  MEG_HOST_DEVICE std::size_t column_of(std::size_t i) const { return i < gap ? i : i + gap_width; }
  /// Columns of x up to the last one that is read.
  MEG_HOST_DEVICE std::size_t reach() const { return inputs > gap ? inputs + gap_width : inputs; }
};

/// Of the host's group.
inline LayerGroup layer_group(const LinearGroup& g, std::uint32_t layer = 0) {
  return {.inputs = static_cast<std::uint32_t>(g.inputs),
          .outputs = static_cast<std::uint32_t>(g.outputs),
          .drops = g.drops ? 1u : 0u,
          .gap = static_cast<std::uint32_t>(g.gap),
          .gap_width = static_cast<std::uint32_t>(g.gap_width),
          .layer = layer,
          .x = g.x,
          .x_stride = g.x_stride,
          .weight = g.weight,
          .bias = g.bias,
          .y = g.y,
          .y_stride = g.y_stride};
}

/// The layers of a stack on the device, a group per generator.
struct StackGroups {
  const LayerGroup *first, *hidden, *head;  // first may be null
};

/// A block's part of the gradient of x: columns from `column` on, to which the groups from `begin` on that share x and
/// reach so far add.
struct InputTile {
  std::uint32_t begin, column, width;  // width: columns up to the last one that is read
  std::uint32_t panels;                // of those groups' outputs: every group begins a new one
};

/// A block's part of a layer's products: of a group the rows and columns from `row` and `column` on of a matrix of its
/// own. A list of them has no block without work, however ragged the groups are.
struct LayerTile {
  std::uint32_t group, row, column;
};

}  // namespace meg::MEG_KERNELS
