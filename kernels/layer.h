#pragma once
#include <cstddef>
#include <cstdint>

namespace meg::MEG_KERNELS {

/// A LinearGroup on the device.
struct LayerGroup {
  std::uint32_t inputs, outputs, drops, unused;  // no padding: layers are found by their bytes
  std::size_t x, x_stride, weight, bias, y, y_stride;
};

/// A block's part of a layer's products: of the groups begin <= g < end the rows and columns from `row` and `column`
/// of a matrix of theirs. A list of them has no block without work, however ragged the groups are.
struct LayerTile {
  std::uint32_t begin, end, row, column;
};

}  // namespace meg::MEG_KERNELS
