#include <algorithm>

#include "kernels/backend.h"
#include "kernels/device.h"
#include "kernels/dropout.h"
#include "kernels/layer.h"
#include "kernels/product.h"

namespace meg::MEG_KERNELS {

namespace {

// A block takes the rows of one tile through all layers of one generator. What lies between two layers is in shared
// memory, and weights pass through there in panels. Rows are few, 32 of 128 units: a batch of 512 rows of 15 generators
// is 240 blocks, two for each of 132 SMs, one of which computes while the other waits for weights; of 64 rows there
// would be 120. Two are what an SM's registers hold, 128 a thread. Of shared memory two take 162 KB forward and 168 KB
// backward, of the 228 of an H100; an A100, with 164, runs the latter one by one.
constexpr unsigned kBlocksPerSm = 2;

/// The layers of a stack on the device, a group per generator.
struct StackGroups {
  const LayerGroup *first, *hidden, *head;  // first may be null
};

/// Element (i, j) of a tile of units: where it is, and whether it is there. a0, a1 and h are laid out alike.
struct Units {
  __device__ Units(const LayerGroup& hidden, unsigned first_row, unsigned rows)
      : begin(hidden.x + first_row * hidden.x_stride),
        stride(hidden.x_stride),
        rows(rows - first_row),
        width(hidden.inputs) {}
  __device__ std::size_t place(unsigned i, unsigned j) const { return begin + i * stride + j; }
  __device__ bool inside(unsigned i, unsigned j) const { return i < rows && j < width; }

  std::size_t begin, stride;
  unsigned rows, width;
};

template <class Shape, bool kAlongDepth>
constexpr std::size_t shared_bytes() {
  static_assert(Resident<Shape>::kFloats <= Panels<kAlongDepth, Shape::kColumns>::kFloats);  // for each_in_rows
  return SharedMemory::bytes<float>(Resident<Shape>::kFloats) +
         SharedMemory::bytes<float>(Panels<true, Shape::kRows>::kFloats) +
         SharedMemory::bytes<float>(Panels<kAlongDepth, Shape::kColumns>::kFloats);
}

/// Heads of a tile of rows of one generator; the generators with the most inputs begin.
template <class Tile>
__global__ void __launch_bounds__(kThreads, kBlocksPerSm)
    stack_forward_kernel(StackGroups groups, unsigned rows, const float* parameters, DropoutMask first_mask,
                         DropoutMask hidden_mask, StackTape tape) {
  using Shape = typename Tile::Shape;
  SharedMemory shared;
  const Resident<Shape> resident(shared.take<float>(Resident<Shape>::kFloats));
  const Panels<true, Shape::kRows> a(shared.take<float>(Panels<true, Shape::kRows>::kFloats));
  const Shared<float> memory = shared.take<float>(Panels<false, Shape::kColumns>::kFloats);
  const Panels<false, Shape::kColumns> b(memory);
  const unsigned n = gridDim.x - 1 - blockIdx.x, first_row = blockIdx.y * Shape::kRows;
  const LayerGroup hidden = groups.hidden[n], head = groups.head[n];
  const Units units(hidden, first_row, rows);
  const bool keeps = tape.dheads != nullptr;
  const auto bias_of = [parameters](const LayerGroup& g, unsigned begin = 0) {
    return [bias = parameters + g.bias + begin, count = g.outputs - begin](unsigned, unsigned j) {
      return j < count ? bias[j] : 0.0f;
    };
  };

  if (groups.first) {
    const LayerGroup first = groups.first[n];
    Tile tile;
    add_product(tile, a, b, first.inputs, inputs_of(first, tape.x, first_row, rows), weights_of(first, parameters));
    each_in_rows(tile, memory, bias_of(first), [&](unsigned i, unsigned begin) {
      return [&, i, mask = DropoutRow(first_mask, units.place(i, begin))](unsigned j, float a0, float bias) {
        const bool inside = units.inside(i, j);
        if (inside) a0 = fmaxf(a0 + bias, 0.0f);
        if (inside && first.drops) a0 *= mask(units.place(i, j));
        if (inside && keeps) tape.a0[units.place(i, j)] = a0;
        resident.put(i, j, inside ? a0 : 0.0f);
      };
    });
  } else {
    for (unsigned e = threadIdx.x; e < Shape::kRows * Shape::kColumns; e += kThreads) {
      const unsigned i = e / Shape::kColumns, j = e % Shape::kColumns;
      resident.put(i, j, units.inside(i, j) ? tape.a0[units.place(i, j)] : 0.0f);
    }
  }

  {
    Tile tile;
    add_product(tile, resident, b, units.width, weights_of(hidden, parameters));
    each_in_rows(tile, memory, bias_of(hidden), [&](unsigned i, unsigned begin) {
      return [&, i, mask = DropoutRow(hidden_mask, units.place(i, begin))](unsigned j, float a1, float bias) {
        if (!units.inside(i, j)) return;
        const std::size_t element = units.place(i, j);
        a1 = fmaxf(a1 + bias, 0.0f);
        if (hidden.drops) a1 *= mask(element);
        const float h = a1 + resident(i, j);  // a0, which nobody else reads any more
        resident.put(i, j, h);
        if (keeps) tape.a1[element] = a1, tape.h[element] = h;
      };
    });
  }

#pragma unroll 1
  for (unsigned column = 0; column < head.outputs; column += Shape::kColumns) {
    Tile tile;
    add_product(tile, resident, b, units.width, weights_of(head, parameters, column));
    each_in_rows(tile, memory, bias_of(head, column), [&](unsigned i, unsigned) {
      float* const to = tape.heads + head.y + (first_row + i) * head.y_stride;
      return [&, i, to](unsigned j, float sum, float bias) {
        if (i < units.rows && column + j < head.outputs) to[column + j] = sum + bias;
      };
    });
  }
}

/// da1 and da0 of a tile of rows of one generator. dh stays where it is, in the registers that da1 w1^T is added to.
template <class Tile>
__global__ void __launch_bounds__(kThreads, kBlocksPerSm)
    stack_backward_kernel(StackGroups groups, unsigned rows, const float* parameters, float first_scale,
                          float hidden_scale, StackTape tape) {
  using Shape = typename Tile::Shape;
  SharedMemory shared;
  const Resident<Shape> resident(shared.take<float>(Resident<Shape>::kFloats));
  const Panels<true, Shape::kRows> a(shared.take<float>(Panels<true, Shape::kRows>::kFloats));
  const Shared<float> memory = shared.take<float>(Panels<true, Shape::kColumns>::kFloats);
  const Panels<true, Shape::kColumns> b(memory);
  const unsigned n = blockIdx.x, first_row = blockIdx.y * Shape::kRows;
  const LayerGroup hidden = groups.hidden[n], head = groups.head[n];
  const Units units(hidden, first_row, rows);

  Tile tile;
  add_product(tile, a, b, head.outputs, output_gradients_of(head, tape.dheads, first_row, rows),
              weights_of(head, parameters));
  const auto unit_of = [&units](const float* matrix) {
    return [&units, matrix](unsigned i, unsigned j) { return units.inside(i, j) ? matrix[units.place(i, j)] : 0.0f; };
  };
  each_in_rows(tile, memory, unit_of(tape.a1), [&](unsigned i, unsigned) {
    return [&, i](unsigned j, float dh, float a1) {
      const float da1 = a1 > 0.0f ? (hidden.drops ? hidden_scale : 1.0f) * dh : 0.0f;
      if (units.inside(i, j)) tape.da1[units.place(i, j)] = da1;
      resident.put(i, j, da1);
    };
  });
  add_product(tile, resident, b, units.width, weights_of(hidden, parameters));
  each_in_rows(tile, memory, unit_of(tape.a0), [&](unsigned i, unsigned) {
    return [&, i](unsigned j, float da0, float a0) {
      if (units.inside(i, j))
        tape.da0[units.place(i, j)] = a0 > 0.0f ? (hidden.drops ? first_scale : 1.0f) * da0 : 0.0f;
    };
  });
}

/// Whether all units of a generator fit into a tile of this shape.
template <class Shape>
bool fit(const Stack& stack) {
  return std::ranges::all_of(stack.hidden,
                             [](const LinearGroup& g) { return g.inputs <= static_cast<int>(Shape::kColumns); });
}

/// use(a tile into which they fit).
template <class Use>
void with_tile_for(const Stack& stack, Precision precision, const Use& use) {
  fit<SquareTile>(stack) ? with_tile<SquareTile>(precision, use) : with_tile<WideTile>(precision, use);
}

/// A block for every generator and tile of rows.
template <class Shape>
dim3 blocks(const Stack& stack, unsigned rows) {
  return {static_cast<unsigned>(stack.hidden.size()), (rows + Shape::kRows - 1) / Shape::kRows, 1};
}

}  // namespace

bool CudaBackend::stack_writes_units(int hidden) const { return hidden > static_cast<int>(WideTile::kColumns); }

void CudaBackend::stack_forward(const Stack& stack, int row_count, const float* parameters, const StackTape& tape) {
  if (!fit<WideTile>(stack)) return Backend::stack_forward(stack, row_count, parameters, tape);
  const auto rows = static_cast<unsigned>(row_count);
  const StackGroups groups{stack.first.empty() ? nullptr : groups_on_device(stack.first),
                           groups_on_device(stack.hidden), groups_on_device(stack.head)};
  with_tile_for(stack, precision_, [&](auto tile) {
    using Tile = decltype(tile);
    using Shape = typename Tile::Shape;
    const Launch shape{blocks<Shape>(stack, rows), kThreads, shared_bytes<Shape, false>()};
    launch(queue_, shape, stack_forward_kernel<Tile>, groups, rows, parameters, DropoutMask(stack.first_dropout),
           DropoutMask(stack.hidden_dropout), tape);
  });
}

void CudaBackend::stack_backward(const Stack& stack, int row_count, const float* parameters, const StackTape& tape,
                                 float* gradients) {
  if (!fit<WideTile>(stack)) return Backend::stack_backward(stack, row_count, parameters, tape, gradients);
  const auto rows = static_cast<unsigned>(row_count);
  const StackGroups groups{nullptr, groups_on_device(stack.hidden), groups_on_device(stack.head)};
  with_tile_for(stack, precision_, [&](auto tile) {
    using Tile = decltype(tile);
    using Shape = typename Tile::Shape;
    const Launch shape{blocks<Shape>(stack, rows), kThreads, shared_bytes<Shape, true>()};
    launch(queue_, shape, stack_backward_kernel<Tile>, groups, rows, parameters, stack.first_dropout.scale(),
           stack.hidden_dropout.scale(), tape);
  });
  linear_backward_weights(stack.weight_products(tape), row_count, true, gradients);
}

}  // namespace meg::MEG_KERNELS
