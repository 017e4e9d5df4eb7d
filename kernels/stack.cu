#include "core/nn/checks.h"
#include "core/nn/stack_layers.h"
#include "kernels/backend.h"
#include "kernels/stack.h"

namespace meg::MEG_KERNELS {

namespace {

// A block takes the rows of one tile through all layers of one generator. What lies between two layers is in shared
// memory, and weights pass through there in panels. Rows are few, 32 of 128 units: a batch of 512 rows of 15 generators
// is 240 blocks, two for each of 132 SMs, one of which computes while the other waits for weights; of 64 rows there
// would be 120. Two are what an SM's registers hold, 128 a thread. Of shared memory two take 162 KB forward and 168 KB
// backward, of the 228 of an H100; an A100, with 164, runs the latter one by one.
[[maybe_unused]] constexpr unsigned kBlocksPerSm = 2;

/// Heads of a tile of rows of one generator; the generators with the most inputs begin.
template <class Tile>
__global__ void __launch_bounds__(Tile::Shape::kBlockThreads, kBlocksPerSm)
    stack_forward_kernel(StackGroups groups, unsigned rows, const float* parameters, DropoutMask first_mask,
                         DropoutMask hidden_mask, StackOperands tape) {
  using Shape = typename Tile::Shape;
  SharedMemory shared;
  const ForwardMemory<Shape> memory(shared);
  stack_forward_tile<Tile>(memory, groups, gridDim.x - 1 - blockIdx.x, blockIdx.y * Shape::kRows, rows, parameters,
                           first_mask, hidden_mask, tape);
}

/// da1 and da0 of a tile of rows of one generator. dh stays where it is, in the registers that da1 w1^T is added to.
template <class Tile>
__global__ void __launch_bounds__(Tile::Shape::kBlockThreads, kBlocksPerSm)
    stack_backward_kernel(StackGroups groups, unsigned rows, const float* parameters, float first_scale,
                          float hidden_scale, StackOperands tape) {
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

/// use(a tile into which they fit).
template <class Use>
void with_tile_for(const Stack& stack, Precision precision, const Use& use) {
  fit<SquareTile>(stack) ? with_tile<SquareTile>(precision, use) : with_tile<WideTile>(precision, use);
}

/// A block for every generator and tile of rows.
template <class Shape>
dim3 blocks(const Stack& stack, unsigned rows) {
  return {static_cast<unsigned>(stack.hidden.size()), Shape::row_tiles(rows), 1};
}

/// A layer with so many units is cuBLAS'. Its products grow with their square, its launches do not: at 128 units all
/// layers take 1.4 times as long as ours forward, and 2.2 times both ways (docs/performance.md). Where they meet has
/// not been measured; meg_gpu_bench has rungs of 256 and 512.
constexpr int kCublasUnits = 512;

/// Layers of stacks that learn and do not fit one kernel: products of wide ones by cuBLAS, of all others by our own
/// kernels. Rows are not generated so: cuBLAS chooses a kernel, and an order of its sums, by the shape of a product, so
/// that a row would depend on how many are generated with it.
struct WideLayers {
  /// A single group is a column that is drawn alone. cuBLAS wants operands to lie at multiples of 16 bytes.
  static bool by_cublas(LinearGroups layer) {
    return layer.size() > 1 && std::ranges::all_of(layer, [](const LinearGroup& g) {
             return g.outputs >= kCublasUnits && g.gap_width == 0 &&
                    (g.x | g.x_stride | g.y | g.y_stride | g.weight | static_cast<std::size_t>(g.outputs)) % 4 == 0;
           });
  }
  void linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail, View y) {
    by_cublas(layer) ? cublas.linear_forward(layer, x, parameters, tail, y)
                     : own.linear_forward(layer, x, parameters, tail, y);
  }
  void linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters, const BackwardTail& tail,
                             View dx) {
    by_cublas(layer) ? cublas.linear_backward_input(layer, dy, parameters, tail, dx)
                     : own.linear_backward_input(layer, dy, parameters, tail, dx);
  }
  void linear_backward_weights(std::array<WeightProduct, 3> layers, bool with_bias, View gradients) {
    const auto others =
        std::partition(layers.begin(), layers.end(), [](const WeightProduct& p) { return by_cublas(p.layer); });
    cublas.linear_backward_weights({layers.begin(), others}, with_bias, gradients);
    own.linear_backward_weights({others, layers.end()}, with_bias, gradients);
  }

  CudaBackend& own;
  CublasLinear& cublas;
};

}  // namespace

CublasLinear* CudaBackend::cublas_for(const Stack& stack, const StackTape& tape) {
  if (!tape.dheads || precision_ != Precision::kTf32 || !WideLayers::by_cublas(stack.hidden)) return nullptr;
  if (!cublas_ && Cublas::obstacle().empty()) cublas_ = std::make_unique<CublasLinear>(queue_, lists_, precision_);
  return cublas_.get();
}

StackGroups CudaBackend::groups_on_device(const Stack& stack) {
  return {stack.first.empty() ? nullptr : groups_on_device(stack.first), groups_on_device(stack.hidden),
          groups_on_device(stack.head)};
}

bool CudaBackend::stack_writes_units(int hidden) const { return hidden > static_cast<int>(WideTile::kColumns); }

void CudaBackend::stack_forward(const Stack& stack, ConstView parameters, const StackTape& tape) {
  if (!fit<WideTile>(stack)) {
    CublasLinear* const by = cublas_for(stack, tape);
    if (!by) return Backend::stack_forward(stack, parameters, tape);
    WideLayers layers{*this, *by};
    return stack_layers_forward(layers, stack, parameters, tape);
  }
  check_stack(Device::kCuda, stack, parameters, tape);
  const auto rows = static_cast<unsigned>(tape.heads.rows());
  const StackGroups groups = groups_on_device(stack);
  with_tile_for(stack, precision_, [&](auto tile) {
    using Tile = decltype(tile);
    using Shape = typename Tile::Shape;
    const Launch shape{blocks<Shape>(stack, rows), Shape::kBlockThreads, shared_bytes<Shape, false>()};
    launch(queue_, shape, stack_forward_kernel<Tile>, groups, rows, parameters.data(), DropoutMask(stack.first_dropout),
           DropoutMask(stack.hidden_dropout), StackOperands(tape));
  });
}

void CudaBackend::stack_backward(const Stack& stack, ConstView parameters, const StackTape& tape, View gradients) {
  if (!fit<WideTile>(stack)) {
    CublasLinear* const by = cublas_for(stack, tape);
    if (!by) return Backend::stack_backward(stack, parameters, tape, gradients);
    WideLayers layers{*this, *by};
    return stack_layers_backward(layers, stack, parameters, tape, gradients);
  }
  check_stack(Device::kCuda, stack, parameters, tape);
  const auto rows = static_cast<unsigned>(tape.dheads.rows());
  const StackGroups groups = groups_on_device(stack);
  with_tile_for(stack, precision_, [&](auto tile) {
    using Tile = decltype(tile);
    using Shape = typename Tile::Shape;
    const Launch shape{blocks<Shape>(stack, rows), Shape::kBlockThreads, shared_bytes<Shape, true>()};
    launch(queue_, shape, stack_backward_kernel<Tile>, groups, rows, parameters.data(), stack.first_dropout.scale(),
           stack.hidden_dropout.scale(), StackOperands(tape));
  });
  linear_backward_weights(stack.weight_products(tape), true, gradients);
}

}  // namespace meg::MEG_KERNELS
