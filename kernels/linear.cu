#include "core/nn/checks.h"
#include "kernels/backend.h"
#include "kernels/layer_tail.h"
#include "kernels/product.h"

namespace meg::MEG_KERNELS {

namespace {

/// Both operands' panels in a block's shared memory, of a [rows of the tile, depth] and b [its columns, depth].
template <class Shape, bool kAAlongDepth, bool kBAlongDepth>
struct ProductPanels {
  using A = Panels<kAAlongDepth, Shape::kRows>;
  using B = Panels<kBAlongDepth, Shape::kColumns>;
  static constexpr std::size_t kBytes = SharedMemory::bytes<float>(A::kFloats) + SharedMemory::bytes<float>(B::kFloats);
  static_assert(Resident<Shape>::kFloats <= B::kFloats);

  __device__ explicit ProductPanels(SharedMemory& shared)
      : a(shared.take<float>(A::kFloats)), for_rows(shared.take<float>(B::kFloats)), b(for_rows) {}

  A a;
  Shared<float> for_rows;  // for each_in_rows, behind the product
  B b;
};
template <class Shape>
using ForwardPanels = ProductPanels<Shape, true, false>;
template <class Shape>
using InputPanels = ProductPanels<Shape, true, true>;
template <class Shape>
using WeightPanels = ProductPanels<Shape, false, false>;

/// So many blocks shall fit the registers of an SM.
template <class Shape>
[[maybe_unused]] constexpr unsigned kBlocksFor = Shape::kHasCopiers ? 1 : 3;

/// y = dropout(activation(x w + b)), a tile of rows and of a group's outputs a block.
template <class Tile>
__global__ void __launch_bounds__(Tile::Shape::kBlockThreads, kBlocksFor<typename Tile::Shape>)
    linear_forward_kernel(const LayerGroup* groups, const LayerTile* tiles, unsigned rows, const float* x,
                          const float* parameters, ForwardFinish finish, float* y) {
  using Shape = typename Tile::Shape;
  SharedMemory shared;
  const ForwardPanels<Shape> memory(shared);
  const LayerTile at = tiles[blockIdx.x];
  const LayerGroup g = groups[at.group];
  const unsigned first_row = blockIdx.y * Shape::kRows, outputs = g.outputs;
  Tile tile;
  add_product(tile, memory.a, memory.b, g.inputs, inputs_of(g, x, first_row, rows),
              weights_of(g, parameters, at.column));
  const auto inside = [&](unsigned i, unsigned j) { return first_row + i < rows && at.column + j < outputs; };
  const auto line_of = [&](unsigned i) { return g.y + std::size_t{first_row + i} * g.y_stride + at.column; };
  const auto joined = [&](unsigned i, unsigned j) {
    return inside(i, j) ? finish.joined(line_of(i) + j, g.bias + at.column + j, parameters) : 0.0f;
  };
  each_in_rows(tile, memory.for_rows, joined, [&](unsigned i, unsigned begin) {
    const std::size_t line = line_of(i);
    return [&, i, line, mask = DropoutRow(finish.mask, line + begin)](unsigned j, float sum, float with) {
      if (!inside(i, j)) return;
      finish.put(g.drops, line + j, sum, with, mask, y);
    };
  });
}

/// Weights [columns of x, outputs] of a group from a column on; fewer than 2^32 in all.
struct WeightsOfColumns : Operand {
  __device__ WeightsOfColumns(const LayerGroup& g, const float* parameters, unsigned first_column)
      : Operand(weights_of(g, parameters)), group(g), first(first_column) {}
  __device__ std::uint32_t offset(unsigned n) const { return Operand::offset(input(n)); }
  __device__ bool has(unsigned n) const {  // a column inside the gap would be an input before it
    const std::uint32_t i = input(n);
    return (i < lines) & ((first + n < group.gap) | (i >= group.gap));
  }
  __device__ bool reads_none() const { return group.reach() <= first; }
  __device__ std::uint32_t input(unsigned n) const {
    return first + n < group.gap ? first + n : first + n - group.gap_width;
  }

  LayerGroup group;
  unsigned first;
};

/// dx = dy w^T, summed over the groups that share x in their order; a tile of rows and of columns of x a block. The
/// groups' outputs are one depth: the panels of one are on their way while those of the one before it are multiplied.
template <class Tile>
__global__ void __launch_bounds__(Tile::Shape::kBlockThreads, kBlocksFor<typename Tile::Shape>)
    linear_backward_input_kernel(const LayerGroup* groups, const InputTile* tiles, unsigned rows, const float* dy,
                                 const float* parameters, BackwardFinish tail, float* dx) {
  using Shape = typename Tile::Shape;
  SharedMemory shared;
  const InputPanels<Shape> memory(shared);
  const InputTile at = tiles[blockIdx.x];
  const unsigned first_row = blockIdx.y * Shape::kRows;
  const LayerGroup owner = groups[at.begin];
  Tile tile;
  unsigned n = at.begin, next = 0;  // output of it
  Operand gradients = output_gradients_of(owner, dy, first_row, rows);
  WeightsOfColumns weights(owner, parameters, at.column);
  for_panels<Shape>(
      at.panels * kDepth,
      [&](unsigned stage, unsigned) {
        while (next >= weights.width || weights.reads_none()) {
          const LayerGroup g = groups[++n];
          gradients = output_gradients_of(g, dy, first_row, rows);
          weights = WeightsOfColumns(g, parameters, at.column);
          next = 0;
        }
        memory.a.fetch(stage, next, gradients);
        memory.b.fetch(stage, next, weights);
        next += kDepth;
      },
      [&](unsigned stage, unsigned) { tile.add(memory.a[stage], memory.b[stage]); });
  const float scale = owner.drops ? tail.scale : 1.0f;
  const auto inside = [&](unsigned i, unsigned j) { return first_row + i < rows && j < at.width; };
  const auto place = [&](unsigned i, unsigned j) {
    return owner.x + std::size_t{first_row + i} * owner.x_stride + at.column + j;
  };
  const auto output = [&](unsigned i, unsigned j) {
    return tail.masked && inside(i, j) ? tail.output[place(i, j)] : 0.0f;
  };
  each_in_rows(tile, memory.for_rows, output, [&](unsigned i, unsigned) {
    return [&, i](unsigned j, float sum, float y) {
      if (inside(i, j)) put_gradient(tail, scale, place(i, j), sum, y, dx);
    };
  });
}

/// A tile that also sums up the columns of b: of column threadIdx.x, where that is wanted.
template <class Tile>
class WithColumnSum {
 public:
  using Shape = typename Tile::Shape;

  __device__ explicit WithColumnSum(bool wanted) : wanted_(wanted && threadIdx.x < Shape::kColumns) {}
  template <class A, class B>
  __device__ void add(const A& a, const B& b) {
    tile.add(a, b);
    for (unsigned k = 0; wanted_ && k < kDepth; ++k) column_sum += b(threadIdx.x, k);
  }

  Tile tile;
  float column_sum = 0;

 private:
  bool wanted_;
};

/// Of every layer of a launch.
struct WeightOperands {
  const float *x[kMostLayers], *dy[kMostLayers];
};

/// dw += x^T dy, a tile of inputs and outputs a block; those of the first inputs also do db += column sums of dy.
template <class Tile>
__global__ void __launch_bounds__(Tile::Shape::kBlockThreads, kBlocksFor<typename Tile::Shape>)
    linear_backward_weight_kernel(const LayerGroup* groups, const LayerTile* tiles, unsigned rows,
                                  WeightOperands operands, bool with_bias, float* gradients) {
  using Shape = typename Tile::Shape;
  SharedMemory shared;
  const WeightPanels<Shape> memory(shared);
  const LayerTile at = tiles[blockIdx.x];
  const LayerGroup g = groups[at.group];
  const unsigned inputs = g.inputs, outputs = g.outputs;
  const bool sums_bias = with_bias && at.row == 0;
  WithColumnSum<Tile> sums(sums_bias);
  add_product(sums, memory.a, memory.b, rows, inputs_of(g, operands.x[g.layer], 0, rows, at.row),
              output_gradients_of(g, operands.dy[g.layer], 0, rows, at.column));
  const auto place = [&](unsigned i, unsigned j) {  // of a weight, null beyond them
    const unsigned input = at.row + i, output = at.column + j;
    return input < inputs && output < outputs ? gradients + g.weight + std::size_t{input} * outputs + output : nullptr;
  };
  const auto so_far = [&](unsigned i, unsigned j) {
    const float* const gradient = place(i, j);
    return gradient ? *gradient : 0.0f;
  };
  each_in_rows(sums.tile, memory.for_rows, so_far, [&](unsigned i, unsigned) {
    return [&, i](unsigned j, float sum, float before) {
      if (float* const gradient = place(i, j)) *gradient = before + sum;
    };
  });
  if (sums_bias && threadIdx.x < Shape::kColumns && at.column + threadIdx.x < outputs)
    gradients[g.bias + at.column + threadIdx.x] += sums.column_sum;
}

constexpr std::uint32_t kColumns = SquareTile::kColumns;
static_assert(FlatTile::kColumns == kColumns);

/// use(tile): of 64 x 64, or half as high where twice as many blocks still have an SM each. The sums are the same bits.
template <class Use>
void with_tile_for_blocks(std::size_t blocks, Precision precision, const Use& use) {
  2 * blocks <= kSms ? with_tile<FlatTile>(precision, use) : with_tile<SquareTile>(precision, use);
}

/// Of groups that share x, the first of which is group number `number`.
void add_input_tiles(LinearGroups sharing, std::uint32_t number, std::vector<InputTile>& tiles) {
  int widest = 0;
  for (const LinearGroup& g : sharing) widest = std::max(widest, g.reach());
  for (int column = 0; column < widest; column += static_cast<int>(kColumns)) {
    InputTile tile{number, static_cast<std::uint32_t>(column), static_cast<std::uint32_t>(widest - column), 0};
    for (const LinearGroup& g : sharing) {
      if (g.reach() > column)
        tile.panels += (static_cast<std::uint32_t>(g.outputs) + kDepth - 1) / kDepth;
      else if (tile.panels == 0)
        ++tile.begin;
    }
    tiles.push_back(tile);
  }
}

}  // namespace

void CudaBackend::linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail,
                                 View y) {
  check_linear(Device::kCuda, layer, x, parameters, y);
  check_laid_out_as(y, tail.slope_of, tail.residual, tail.sum);
  const auto rows = static_cast<unsigned>(y.rows());
  if (rows == 0) return;
  tiles_.clear();
  for (std::uint32_t n = 0; n < layer.size(); ++n)
    for (std::uint32_t o = 0; o < static_cast<std::uint32_t>(layer[n].outputs); o += kColumns)
      tiles_.push_back({n, 0, o});
  with_tile_for_blocks(tiles_.size() * SquareTile::row_tiles(rows), precision_, [&](auto tile) {
    using Shape = typename decltype(tile)::Shape;
    const Launch shape{{static_cast<unsigned>(tiles_.size()), Shape::row_tiles(rows), 1},
                       Shape::kBlockThreads,
                       ForwardPanels<Shape>::kBytes};
    launch(queue_, shape, linear_forward_kernel<decltype(tile)>, groups_on_device(layer),
           on_device(std::span<const LayerTile>(tiles_)), rows, x.data(), parameters.data(), ForwardFinish(tail),
           y.data());
  });
}

void CudaBackend::linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters,
                                        const BackwardTail& tail, View dx) {
  check_linear(Device::kCuda, layer, dx, parameters, dy);
  check_laid_out_as(dx, tail.residual, tail.output, tail.masked);
  const auto rows = static_cast<unsigned>(dy.rows());
  if (rows == 0) return;
  input_tiles_.clear();
  for (LinearGroups rest = layer; !rest.empty();) {
    const auto end = std::ranges::find_if(rest, [&](const LinearGroup& g) { return g.x != rest.front().x; });
    add_input_tiles(rest.first(static_cast<std::size_t>(end - rest.begin())),
                    static_cast<std::uint32_t>(layer.size() - rest.size()), input_tiles_);
    rest = {end, rest.end()};
  }
  with_tile_for_blocks(input_tiles_.size() * SquareTile::row_tiles(rows), precision_, [&](auto tile) {
    using Shape = typename decltype(tile)::Shape;
    const Launch shape{{static_cast<unsigned>(input_tiles_.size()), Shape::row_tiles(rows), 1},
                       Shape::kBlockThreads,
                       InputPanels<Shape>::kBytes};
    launch(queue_, shape, linear_backward_input_kernel<decltype(tile)>, groups_on_device(layer),
           on_device(std::span<const InputTile>(input_tiles_)), rows, dy.data(), parameters.data(),
           BackwardFinish(tail), dx.data());
  });
}

void CudaBackend::linear_backward_weights(std::span<const WeightProduct> layers, bool with_bias, View gradients) {
  const std::size_t rows = layers.empty() ? 0 : layers.front().dy.rows();
  if (rows == 0) return;
  if (layers.size() > kMostLayers) {
    linear_backward_weights(layers.subspan(kMostLayers), with_bias, gradients);
    layers = layers.first(kMostLayers);
  }
  groups_.clear();
  WeightOperands operands{};
  for (std::uint32_t l = 0; l < layers.size(); ++l) {
    check_linear(Device::kCuda, layers[l].layer, layers[l].x, gradients, layers[l].dy);
    operands.x[l] = layers[l].x.data(), operands.dy[l] = layers[l].dy.data();
    for (const LinearGroup& g : layers[l].layer) groups_.push_back(layer_group(g, l));
  }
  if (groups_.empty()) return;
  const auto list_tiles = [&](std::uint32_t height) {
    tiles_.clear();
    for (std::uint32_t n = 0; n < groups_.size(); ++n)
      for (std::uint32_t i = 0; i < std::max(groups_[n].inputs, with_bias ? 1u : 0u); i += height)
        for (std::uint32_t o = 0; o < groups_[n].outputs; o += kColumns) tiles_.push_back({n, i, o});
    return tiles_.size();
  };
  with_tile_for_blocks(list_tiles(SquareTile::kRows), precision_, [&](auto tile) {
    using Shape = typename decltype(tile)::Shape;
    const auto blocks = static_cast<unsigned>(list_tiles(Shape::kRows));
    const Launch shape{{blocks, 1, 1}, Shape::kBlockThreads, WeightPanels<Shape>::kBytes};
    launch(queue_, shape, linear_backward_weight_kernel<decltype(tile)>,
           on_device(std::span<const LayerGroup>(groups_)), on_device(std::span<const LayerTile>(tiles_)),
           static_cast<unsigned>(rows), operands, with_bias, gradients.data());
  });
}

}  // namespace meg::MEG_KERNELS
