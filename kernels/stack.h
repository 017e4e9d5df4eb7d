#pragma once
#include <algorithm>

#include "core/nn/formulas.h"
#include "kernels/dropout.h"
#include "kernels/layer.h"
#include "kernels/product.h"

namespace meg::MEG_KERNELS {

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

/// A StackTape, for a kernel.
struct StackOperands {
  explicit StackOperands(const StackTape& t)
      : x(t.x.data()),
        a0(t.a0.data()),
        a1(t.a1.data()),
        h(t.h.data()),
        heads(t.heads.data()),
        dheads(t.dheads.data()),
        dh(t.dh.data()),
        da1(t.da1.data()),
        da0(t.da0.data()) {}

  float *x, *a0, *a1, *h, *heads;
  float *dheads, *dh, *da1, *da0;
};

template <class Shape, bool kAlongDepth>
constexpr std::size_t shared_bytes() {
  static_assert(Resident<Shape>::kFloats <= Panels<kAlongDepth, Shape::kColumns>::kFloats);  // for each_in_rows
  return SharedMemory::bytes<float>(Resident<Shape>::kFloats) +
         SharedMemory::bytes<float>(Panels<true, Shape::kRows>::kFloats) +
         SharedMemory::bytes<float>(Panels<kAlongDepth, Shape::kColumns>::kFloats);
}

/// Whether all units of a generator fit into a tile of this shape.
template <class Shape>
bool fit(const Stack& stack) {
  return std::ranges::all_of(stack.hidden,
                             [](const LinearGroup& g) { return g.inputs <= static_cast<int>(Shape::kColumns); });
}

/// What a block has of its shared memory for a forward pass; shared_bytes<Shape, false>().
template <class Shape>
struct ForwardMemory {
  __device__ explicit ForwardMemory(SharedMemory& shared)
      : resident(shared.take<float>(Resident<Shape>::kFloats)),
        inputs(shared.take<float>(Panels<true, Shape::kRows>::kFloats)),
        weights(shared.take<float>(Panels<false, Shape::kColumns>::kFloats)) {}

  Resident<Shape> resident;
  Panels<true, Shape::kRows> inputs;
  Shared<float> weights;
};

/// Heads of a tile of rows of generator n, by a block.
template <class Tile>
__device__ void stack_forward_tile(const ForwardMemory<typename Tile::Shape>& of, const StackGroups& groups, unsigned n,
                                   unsigned first_row, unsigned rows, const float* parameters,
                                   const DropoutMask& first_mask, const DropoutMask& hidden_mask,
                                   const StackOperands& tape) {
  using Shape = typename Tile::Shape;
  const Resident<Shape> resident = of.resident;
  const Shared<float> memory = of.weights;
  const Panels<false, Shape::kColumns> b(memory);
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
    add_product(tile, of.inputs, b, first.inputs, inputs_of(first, tape.x, first_row, rows),
                weights_of(first, parameters));
    each_in_rows(tile, memory, bias_of(first), [&](unsigned i, unsigned begin) {
      return [&, i, mask = DropoutRow(first_mask, units.place(i, begin))](unsigned j, float a0, float bias) {
        const bool inside = units.inside(i, j);
        if (inside) a0 = Relu::value(a0 + bias);
        if (inside && first.drops) a0 *= mask(units.place(i, j));
        if (inside && keeps) tape.a0[units.place(i, j)] = a0;
        resident.put(i, j, inside ? a0 : 0.0f);
      };
    });
  } else {
    for (unsigned e = threadIdx.x; e < Shape::kRows * Shape::kColumns; e += Shape::kBlockThreads) {
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
        a1 = Relu::value(a1 + bias);
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

}  // namespace meg::MEG_KERNELS
