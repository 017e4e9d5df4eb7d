#include "kernels/activation.h"
#include "kernels/backend.h"
#include "kernels/device.h"
#include "kernels/dropout.h"
#include "kernels/layer.h"
#include "kernels/product.h"

namespace meg::MEG_KERNELS {

namespace {

/// Both operands' panels of a block.
constexpr std::size_t kSharedBytes =
    SharedMemory::bytes<float>(Panels<true>::kFloats) + SharedMemory::bytes<float>(Panels<false>::kFloats);
static_assert(Panels<true>::kFloats == Panels<false>::kFloats);

/// What ForwardTail says, for a kernel.
struct ForwardFinish {
  explicit ForwardFinish(const ForwardTail& tail)
      : activation(tail.activation), bias(tail.bias), mask(tail.dropout), residual(tail.residual), sum(tail.sum) {}
  Activation activation;
  bool bias;
  DropoutMask mask;
  const float* residual;
  float* sum;
};

/// y = dropout(activation(x w + b)), a tile of 64 rows and 64 of a group's outputs a block.
template <class Tile>
__global__ void __launch_bounds__(kThreads)
    linear_forward_kernel(const LayerGroup* groups, const LayerTile* tiles, unsigned rows, const float* x,
                          const float* parameters, ForwardFinish finish, float* y) {
  SharedMemory shared;
  const Panels<true> a(shared.take<float>(Panels<true>::kFloats));
  const Panels<false> b(shared.take<float>(Panels<false>::kFloats));
  const LayerTile at = tiles[blockIdx.x];
  const LayerGroup g = groups[at.begin];
  const unsigned first_row = blockIdx.y * kTile, outputs = g.outputs, inputs = g.inputs;
  Tile tile;
  add_product(tile, a, b, inputs, inputs_of(g, x, first_row, rows), weights_of(g, parameters, at.column));
  DropoutDraws mask(finish.mask);
  tile.each([&](unsigned i, unsigned j, float sum) {
    const std::size_t r = first_row + i, o = at.column + j;
    if (r >= rows || o >= outputs) return;
    const std::size_t element = g.y + r * g.y_stride + o;
    if (finish.bias) sum += parameters[g.bias + o];
    sum = activate(finish.activation, sum);
    if (g.drops) sum *= mask(element);
    y[element] = sum;
    if (finish.sum) finish.sum[element] = sum + finish.residual[element];
  });
}

/// dx = dy w^T, summed over the groups that share x in their order; 64 rows and 64 columns of x a block.
template <class Tile>
__global__ void __launch_bounds__(kThreads)
    linear_backward_input_kernel(const LayerGroup* groups, const LayerTile* tiles, unsigned rows, const float* dy,
                                 const float* parameters, BackwardTail tail, float* dx) {
  SharedMemory shared;
  const Panels<true> a(shared.take<float>(Panels<true>::kFloats)), b(shared.take<float>(Panels<true>::kFloats));
  const LayerTile at = tiles[blockIdx.x];
  const unsigned first_row = blockIdx.y * kTile;
  std::size_t widest = 0;
  Tile tile;
  for (unsigned n = at.begin; n < at.end; ++n) {
    const LayerGroup g = groups[n];
    if (g.reach() > widest) widest = g.reach();
    if (g.reach() <= at.column) continue;
    const unsigned outputs = g.outputs;
    const float* const w = parameters + g.weight;
    add_product(tile, a, b, outputs, output_gradients_of(g, dy, first_row, rows),
                Operand{[&](unsigned j, unsigned k) -> const float* {
                          const std::size_t column = at.column + j;
                          return k < outputs && g.reads(column) ? w + g.input_of(column) * outputs + k : nullptr;
                        },
                        in_fours(w, outputs, outputs)});
  }
  const LayerGroup owner = groups[at.begin];
  const float scale = owner.drops ? tail.scale : 1.0f;
  tile.each([&](unsigned i, unsigned j, float sum) {
    const std::size_t r = first_row + i, column = at.column + j;
    if (r >= rows || column >= widest) return;
    const std::size_t element = owner.x + r * owner.x_stride + column;
    if (tail.residual) sum += tail.residual[element];
    dx[element] = sum;
    if (tail.masked) tail.masked[element] = tail.relu_output[element] > 0.0f ? scale * sum : 0.0f;
  });
}

/// A tile that also sums up the columns of b: of column threadIdx.x, where that is wanted.
template <class Tile>
class WithColumnSum {
 public:
  __device__ explicit WithColumnSum(bool wanted) : wanted_(wanted && threadIdx.x < kTile) {}
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

/// dw += x^T dy, 64 inputs and 64 outputs a block; those of the first inputs also do db += column sums of dy.
template <class Tile>
__global__ void __launch_bounds__(kThreads)
    linear_backward_weight_kernel(const LayerGroup* groups, const LayerTile* tiles, unsigned rows,
                                  WeightOperands operands, bool with_bias, float* gradients) {
  SharedMemory shared;
  const Panels<false> a(shared.take<float>(Panels<false>::kFloats)), b(shared.take<float>(Panels<false>::kFloats));
  const LayerTile at = tiles[blockIdx.x];
  const LayerGroup g = groups[at.begin];
  const unsigned inputs = g.inputs, outputs = g.outputs;
  const float *const x = operands.x[g.layer] + g.x, *const dy = operands.dy[g.layer] + g.y + at.column;
  const bool sums_bias = with_bias && at.row == 0;
  WithColumnSum<Tile> sums(sums_bias);
  add_product(sums, a, b, rows,
              Operand{[&](unsigned i, unsigned k) -> const float* {
                        const unsigned input = at.row + i;
                        return k < rows && input < inputs ? x + k * g.x_stride + g.column_of(input) : nullptr;
                      },
                      in_fours(x, g.x_stride, inputs) && g.gap_in_fours()},
              Operand{[&](unsigned j, unsigned k) -> const float* {
                        return k < rows && at.column + j < outputs ? dy + k * g.y_stride + j : nullptr;
                      },
                      in_fours(dy, g.y_stride, outputs)});
  sums.tile.each([&](unsigned i, unsigned j, float sum) {
    const std::size_t input = at.row + i, o = at.column + j;
    if (o < outputs && input < inputs) gradients[g.weight + input * outputs + o] += sum;
  });
  if (sums_bias && threadIdx.x < kTile && at.column + threadIdx.x < outputs)
    gradients[g.bias + at.column + threadIdx.x] += sums.column_sum;
}

unsigned blocks(std::size_t count) { return static_cast<unsigned>((count + kTile - 1) / kTile); }

}  // namespace

const LayerGroup* CudaBackend::groups_on_device(LinearGroups layer) {
  groups_.clear();
  for (const LinearGroup& g : layer) groups_.push_back(layer_group(g));
  return on_device(std::span<const LayerGroup>(groups_));
}

void CudaBackend::linear_forward(LinearGroups layer, int rows, const float* x, const float* parameters,
                                 const ForwardTail& tail, float* y) {
  if (rows == 0) return;
  tiles_.clear();
  for (std::uint32_t n = 0; n < layer.size(); ++n)
    for (std::uint32_t o = 0; o < static_cast<std::uint32_t>(layer[n].outputs); o += kTile)
      tiles_.push_back({n, n + 1, 0, o});
  const Launch shape{
      {static_cast<unsigned>(tiles_.size()), blocks(static_cast<std::size_t>(rows)), 1}, kThreads, kSharedBytes};
  with_tile<SquareTile>(precision_, [&](auto tile) {
    launch(queue_, shape, linear_forward_kernel<decltype(tile)>, groups_on_device(layer),
           on_device(std::span<const LayerTile>(tiles_)), static_cast<unsigned>(rows), x, parameters,
           ForwardFinish(tail), y);
  });
}

void CudaBackend::linear_backward_input(LinearGroups layer, int rows, const float* dy, const float* parameters,
                                        const BackwardTail& tail, float* dx) {
  if (rows == 0) return;
  tiles_.clear();
  for (std::uint32_t begin = 0, end = 0; begin < layer.size(); begin = end) {
    int widest = 0;
    for (; end < layer.size() && layer[end].x == layer[begin].x; ++end) widest = std::max(widest, layer[end].reach());
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(widest); i += kTile) tiles_.push_back({begin, end, 0, i});
  }
  const Launch shape{
      {static_cast<unsigned>(tiles_.size()), blocks(static_cast<std::size_t>(rows)), 1}, kThreads, kSharedBytes};
  with_tile<SquareTile>(precision_, [&](auto tile) {
    launch(queue_, shape, linear_backward_input_kernel<decltype(tile)>, groups_on_device(layer),
           on_device(std::span<const LayerTile>(tiles_)), static_cast<unsigned>(rows), dy, parameters, tail, dx);
  });
}

void CudaBackend::linear_backward_weight(LinearGroups layer, int rows, const float* x, const float* dy, bool with_bias,
                                         float* gradients) {
  weight_gradients({{{layer, x, dy}}}, rows, with_bias, gradients);
}

void CudaBackend::weight_gradients(std::array<WeightProduct, kMostLayers> products, int rows, bool with_bias,
                                   float* gradients) {
  if (rows == 0) return;
  groups_.clear();
  tiles_.clear();
  WeightOperands operands{};
  for (std::uint32_t l = 0; l < kMostLayers; ++l) {
    operands.x[l] = products[l].x, operands.dy[l] = products[l].dy;
    for (const LinearGroup& g : products[l].layer) {
      const auto n = static_cast<std::uint32_t>(groups_.size());
      groups_.push_back(layer_group(g, l));
      for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(std::max(g.inputs, with_bias ? 1 : 0)); i += kTile)
        for (std::uint32_t o = 0; o < static_cast<std::uint32_t>(g.outputs); o += kTile)
          tiles_.push_back({n, n + 1, i, o});
    }
  }
  const Launch shape{{static_cast<unsigned>(tiles_.size()), 1, 1}, kThreads, kSharedBytes};
  with_tile<SquareTile>(precision_, [&](auto tile) {
    launch(queue_, shape, linear_backward_weight_kernel<decltype(tile)>,
           on_device(std::span<const LayerGroup>(groups_)), on_device(std::span<const LayerTile>(tiles_)),
           static_cast<unsigned>(rows), operands, with_bias, gradients);
  });
}

}  // namespace meg::MEG_KERNELS
