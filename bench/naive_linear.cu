#include <algorithm>

#include "bench/naive_linear.h"
#include "kernels/device.h"
#include "kernels/layer_tail.h"

namespace meg::MEG_KERNELS {

namespace {

/// A block's group is in y, its numbers of a [height, width] matrix of the group's in x. use(row, column) for each.
template <class Use>
__device__ void each(std::size_t height, std::size_t width, const Use& use) {
  for (std::size_t i = grid_thread(); i < height * width; i += grid_threads()) use(i / width, i % width);
}

/// Threads for the largest matrix of a group, of so many rows; or of its inputs.
Launch shape_of(LinearGroups layer, std::size_t rows) {
  std::size_t most = 0;
  for (const LinearGroup& g : layer)
    most = std::max(most, std::max(rows, static_cast<std::size_t>(g.inputs)) *
                              static_cast<std::size_t>(std::max(g.inputs, g.outputs)));
  dim3 blocks = blocks_for(most);
  blocks.y = static_cast<unsigned>(layer.size());
  return {blocks};
}

__global__ void naive_forward_kernel(const LayerGroup* groups, std::size_t rows, const float* x,
                                     const float* parameters, ForwardFinish finish, float* y) {
  const LayerGroup g = groups[blockIdx.y];
  each(rows, g.outputs, [&](std::size_t row, std::size_t output) {
    float sum = 0;
    for (std::size_t i = 0; i < g.inputs; ++i)
      sum += x[g.x + row * g.x_stride + i] * parameters[g.weight + i * g.outputs + output];
    const std::size_t element = g.y + row * g.y_stride + output;
    finish.put(g.drops, element, sum, finish.joined(element, g.bias + output, parameters), DropoutDraws(finish.mask),
               y);
  });
}

__global__ void naive_backward_input_kernel(const LayerGroup* groups, std::size_t rows, const float* dy,
                                            const float* parameters, BackwardFinish tail, float* dx) {
  const LayerGroup g = groups[blockIdx.y];
  each(rows, g.inputs, [&](std::size_t row, std::size_t input) {
    float sum = 0;
    for (std::size_t o = 0; o < g.outputs; ++o)
      sum += dy[g.y + row * g.y_stride + o] * parameters[g.weight + input * g.outputs + o];
    const std::size_t element = g.x + row * g.x_stride + input;
    put_gradient(tail, g.drops ? tail.scale : 1.0f, element, sum, tail.masked ? tail.output[element] : 0.0f, dx);
  });
}

__global__ void naive_backward_weight_kernel(const LayerGroup* groups, std::size_t rows, const float* x,
                                             const float* dy, bool with_bias, float* gradients) {
  const LayerGroup g = groups[blockIdx.y];
  each(g.inputs, g.outputs, [&](std::size_t input, std::size_t output) {
    float sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += x[g.x + r * g.x_stride + input] * dy[g.y + r * g.y_stride + output];
    gradients[g.weight + input * g.outputs + output] += sum;
  });
  each(with_bias ? 1 : 0, g.outputs, [&](std::size_t, std::size_t output) {
    float sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += dy[g.y + r * g.y_stride + output];
    gradients[g.bias + output] += sum;
  });
}

}  // namespace

void NaiveLinear::linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail,
                                 View y) {
  launch(queue_, shape_of(layer, y.rows()), naive_forward_kernel, lists_.groups(layer), y.rows(), x.data(),
         parameters.data(), ForwardFinish(tail), y.data());
}

void NaiveLinear::linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters,
                                        const BackwardTail& tail, View dx) {
  launch(queue_, shape_of(layer, dy.rows()), naive_backward_input_kernel, lists_.groups(layer), dy.rows(), dy.data(),
         parameters.data(), BackwardFinish(tail), dx.data());
}

void NaiveLinear::linear_backward_weights(std::span<const WeightProduct> layers, bool with_bias, View gradients) {
  for (const auto& [layer, x, dy] : layers)
    launch(queue_, shape_of(layer, dy.rows()), naive_backward_weight_kernel, lists_.groups(layer), dy.rows(), x.data(),
           dy.data(), with_bias, gradients.data());
}

}  // namespace meg::MEG_KERNELS
