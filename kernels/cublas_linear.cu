#include <algorithm>
#include <utility>

#include "kernels/cublas_linear.h"
#include "kernels/device.h"
#include "kernels/layer_tail.h"

namespace meg::MEG_KERNELS {

namespace {

/// A grid of blocks for each group of a layer, blockIdx.y, with threads for `most` items of it.
Launch for_groups(LinearGroups layer, std::size_t most) {
  dim3 blocks = blocks_for(most);
  blocks.y = static_cast<unsigned>(layer.size());
  return {blocks};
}

std::size_t most(LinearGroups layer, int LinearGroup::*extent) {
  int out = 0;
  for (const LinearGroup& g : layer) out = std::max(out, g.*extent);
  return static_cast<std::size_t>(out);
}

/// Outputs of a thread in forward_tail_kernel, sixteen apart: of one draw of the dropout, or two.
constexpr std::size_t kOutputs = kDropoutBlock / 16;

/// From y = x w.
__global__ void forward_tail_kernel(const LayerGroup* groups, std::size_t rows, const float* parameters,
                                    ForwardFinish finish, float* y) {
  const LayerGroup g = groups[blockIdx.y];
  const std::size_t across = (g.outputs + kDropoutBlock - 1) / kDropoutBlock * 16;  // threads of a row
  for (std::size_t n = grid_thread(); n < rows * across; n += grid_threads()) {
    const std::size_t row = n / across, first = n % across / 16 * kDropoutBlock + n % 16;
    const std::size_t line = g.y + row * g.y_stride;
    const DropoutRow mask(finish.mask, line + first);
#pragma unroll
    for (std::size_t i = 0; i < kOutputs; ++i) {
      const std::size_t output = first + 16 * i, element = line + output;
      if (output >= g.outputs) break;
      const float product = g.inputs > 0 ? y[element] : 0.0f;  // nobody has written one of no inputs
      finish.put(g.drops, element, product, finish.joined(element, g.bias + output, parameters), mask, y);
    }
  }
}

/// From dx = dy w^T.
__global__ void backward_tail_kernel(const LayerGroup* groups, std::size_t rows, BackwardFinish tail, float* dx) {
  const LayerGroup g = groups[blockIdx.y];
  const float scale = g.drops ? tail.scale : 1.0f;
  for (std::size_t n = grid_thread(); n < rows * g.inputs; n += grid_threads()) {
    const std::size_t element = g.x + n / g.inputs * g.x_stride + n % g.inputs;
    const float output = tail.masked ? tail.output[element] : 0.0f;
    put_gradient(tail, scale, element, dx[element], output, dx);
  }
}

/// Of a block: so many outputs side by side, each summed by several threads.
constexpr unsigned kBiases = 32;

__global__ void bias_gradients_kernel(const LayerGroup* groups, std::size_t rows, const float* dy, float* gradients) {
  const LayerGroup g = groups[blockIdx.y];
  SharedMemory shared;
  const Shared<float> parts = shared.take<float>(kThreads);
  const std::size_t output = blockIdx.x * kBiases + threadIdx.x % kBiases;
  float sum = 0;
  if (output < g.outputs)
    for (std::size_t r = threadIdx.x / kBiases; r < rows; r += kThreads / kBiases)
      sum += dy[g.y + r * g.y_stride + output];
  parts[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x >= kBiases || output >= g.outputs) return;
  for (unsigned t = threadIdx.x + kBiases; t < kThreads; t += kBiases) sum += parts[t];
  gradients[g.bias + output] += sum;
}

}  // namespace

void CublasLinear::multiply(GemmForm form) {
  std::erase_if(products_, [](const Gemm& g) { return g.m == 0 || g.n == 0 || g.k == 0; });
  if (products_.empty()) return;
  std::string key(reinterpret_cast<const char*>(products_.data()), products_.size() * sizeof(Gemm));
  key += {form.a_transposed ? 't' : 'n', form.b_transposed ? 't' : 'n', form.beta == 0.0f ? '0' : '1'};
  gemms_.try_emplace(std::move(key), cublas_, std::span<const Gemm>(products_), form).first->second.run();
}

void CublasLinear::linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail,
                                  View y) {
  products_.clear();
  for (const LinearGroup& g : layer)
    products_.push_back({x.data() + g.x, parameters.data() + g.weight, y.data() + g.y, static_cast<int>(y.rows()),
                         g.outputs, g.inputs, static_cast<int>(g.x_stride), g.outputs, static_cast<int>(g.y_stride)});
  multiply({});
  const std::size_t items = y.rows() * ((most(layer, &LinearGroup::outputs) + kOutputs - 1) / kOutputs);
  launch(queue_, for_groups(layer, items), forward_tail_kernel, lists_.groups(layer), y.rows(), parameters.data(),
         ForwardFinish(tail), y.data());
}

void CublasLinear::linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters,
                                         const BackwardTail& tail, View dx) {
  products_.clear();
  for (const LinearGroup& g : layer)
    products_.push_back({dy.data() + g.y, parameters.data() + g.weight, dx.data() + g.x, static_cast<int>(dy.rows()),
                         g.inputs, g.outputs, static_cast<int>(g.y_stride), g.outputs, static_cast<int>(g.x_stride)});
  multiply({.b_transposed = true});
  launch(queue_, for_groups(layer, dy.rows() * most(layer, &LinearGroup::inputs)), backward_tail_kernel,
         lists_.groups(layer), dy.rows(), BackwardFinish(tail), dx.data());
}

void CublasLinear::linear_backward_weights(std::span<const WeightProduct> layers, bool with_bias, View gradients) {
  products_.clear();
  for (const auto& [layer, x, dy] : layers)
    for (const LinearGroup& g : layer)
      products_.push_back({x.data() + g.x, dy.data() + g.y, gradients.data() + g.weight, g.inputs, g.outputs,
                           static_cast<int>(dy.rows()), static_cast<int>(g.x_stride), static_cast<int>(g.y_stride),
                           g.outputs});
  multiply({.a_transposed = true, .beta = 1.0f});
  if (!with_bias) return;
  for (const auto& [layer, x, dy] : layers) {
    const auto blocks = static_cast<unsigned>((most(layer, &LinearGroup::outputs) + kBiases - 1) / kBiases);
    launch(queue_, {{blocks, static_cast<unsigned>(layer.size()), 1}, kThreads, SharedMemory::bytes<float>(kThreads)},
           bias_gradients_kernel, lists_.groups(layer), dy.rows(), dy.data(), gradients.data());
  }
}

}  // namespace meg::MEG_KERNELS
