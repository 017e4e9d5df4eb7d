#include "bench/naive_linear.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

namespace {

/// A block's groups are in y, its numbers of y in x. use(group, row, output) for each of them.
template <class Use>
__device__ void each_output(const LayerGroup* groups, std::size_t rows, const Use& use) {
  const LayerGroup g = groups[blockIdx.y];
  for (std::size_t i = grid_thread(); i < rows * g.outputs; i += grid_threads()) use(g, i / g.outputs, i % g.outputs);
}

__global__ void naive_linear_relu_kernel(const LayerGroup* groups, std::size_t rows, const float* x,
                                         const float* parameters, float* y) {
  each_output(groups, rows, [&](const LayerGroup& g, std::size_t row, std::size_t output) {
    float sum = parameters[g.bias + output];
    for (std::size_t i = 0; i < g.inputs; ++i)
      sum += x[g.x + row * g.x_stride + i] * parameters[g.weight + i * g.outputs + output];
    y[g.y + row * g.y_stride + output] = fmaxf(sum, 0.0f);
  });
}

__global__ void add_bias_relu_kernel(const LayerGroup* groups, std::size_t rows, const float* parameters, float* y) {
  each_output(groups, rows, [&](const LayerGroup& g, std::size_t row, std::size_t output) {
    float& out = y[g.y + row * g.y_stride + output];
    out = fmaxf(out + parameters[g.bias + output], 0.0f);
  });
}

Launch shape_of(std::size_t group_count, int most_outputs, int rows) {
  dim3 blocks = blocks_for(static_cast<std::size_t>(rows) * static_cast<std::size_t>(most_outputs));
  blocks.y = static_cast<unsigned>(group_count);
  return {blocks};
}

}  // namespace

void naive_linear_relu(Queue& queue, const LayerGroup* groups, std::size_t group_count, int most_outputs, int rows,
                       const float* x, const float* parameters, float* y) {
  launch(queue, shape_of(group_count, most_outputs, rows), naive_linear_relu_kernel, groups,
         static_cast<std::size_t>(rows), x, parameters, y);
}

void add_bias_relu(Queue& queue, const LayerGroup* groups, std::size_t group_count, int most_outputs, int rows,
                   const float* parameters, float* y) {
  launch(queue, shape_of(group_count, most_outputs, rows), add_bias_relu_kernel, groups, static_cast<std::size_t>(rows),
         parameters, y);
}

}  // namespace meg::MEG_KERNELS
