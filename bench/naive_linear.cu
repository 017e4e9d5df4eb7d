#include <algorithm>
#include <vector>

#include "bench/naive_linear.h"
#include "kernels/activation.h"
#include "kernels/device.h"
#include "kernels/dropout.h"

namespace meg::MEG_KERNELS {

namespace {

/// A block's group is in y, its numbers of a [height, width] matrix of the group's in x. use(row, column) for each.
template <class Use>
__device__ void each(std::size_t height, std::size_t width, const Use& use) {
  for (std::size_t i = grid_thread(); i < height * width; i += grid_threads()) use(i / width, i % width);
}

Launch shape_of(const DeviceLayer& layer, std::size_t most) {
  dim3 blocks = blocks_for(most);
  blocks.y = static_cast<unsigned>(layer.count);
  return {blocks};
}

struct Forward {
  explicit Forward(const ForwardTail& tail)
      : relu(tail.activation == Activation::kRelu), mask(tail.dropout), residual(tail.residual), sum(tail.sum) {}
  __device__ void finish(const LayerGroup& g, std::size_t element, float value, float* y) const {
    if (relu) value = fmaxf(value, 0.0f);
    if (g.drops) value *= DropoutDraws(mask)(element);
    y[element] = value;
    if (sum) sum[element] = value + residual[element];
  }

  bool relu;
  DropoutMask mask;
  const float* residual;
  float* sum;
};

__global__ void forward_kernel(const LayerGroup* groups, std::size_t rows, const float* x, const float* parameters,
                               Forward tail, float* y) {
  const LayerGroup g = groups[blockIdx.y];
  each(rows, g.outputs, [&](std::size_t row, std::size_t output) {
    float value = parameters[g.bias + output];
    for (std::size_t i = 0; i < g.inputs; ++i)
      value += x[g.x + row * g.x_stride + i] * parameters[g.weight + i * g.outputs + output];
    tail.finish(g, g.y + row * g.y_stride + output, value, y);
  });
}

__global__ void forward_tail_kernel(const LayerGroup* groups, std::size_t rows, const float* parameters, Forward tail,
                                    float* y) {
  const LayerGroup g = groups[blockIdx.y];
  each(rows, g.outputs, [&](std::size_t row, std::size_t output) {
    const std::size_t element = g.y + row * g.y_stride + output;
    tail.finish(g, element, y[element] + parameters[g.bias + output], y);
  });
}

__device__ void finish(const BackwardTail& tail, const LayerGroup& g, std::size_t element, float value, float* dx) {
  if (tail.residual) value += tail.residual[element];
  dx[element] = value;
  if (tail.masked)
    tail.masked[element] = (g.drops ? tail.scale : 1.0f) * slope(tail.activation, tail.output[element]) * value;
}

__global__ void backward_input_kernel(const LayerGroup* groups, std::size_t rows, const float* dy,
                                      const float* parameters, BackwardTail tail, float* dx) {
  const LayerGroup g = groups[blockIdx.y];
  each(rows, g.inputs, [&](std::size_t row, std::size_t input) {
    float value = 0;
    for (std::size_t o = 0; o < g.outputs; ++o)
      value += dy[g.y + row * g.y_stride + o] * parameters[g.weight + input * g.outputs + o];
    finish(tail, g, g.x + row * g.x_stride + input, value, dx);
  });
}

__global__ void backward_tail_kernel(const LayerGroup* groups, std::size_t rows, BackwardTail tail, float* dx) {
  const LayerGroup g = groups[blockIdx.y];
  each(rows, g.inputs, [&](std::size_t row, std::size_t input) {
    const std::size_t element = g.x + row * g.x_stride + input;
    finish(tail, g, element, dx[element], dx);
  });
}

__global__ void backward_weight_kernel(const LayerGroup* groups, std::size_t rows, const float* x, const float* dy,
                                       float* gradients) {
  const LayerGroup g = groups[blockIdx.y];
  each(g.inputs, g.outputs, [&](std::size_t input, std::size_t output) {
    float sum = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += x[g.x + r * g.x_stride + input] * dy[g.y + r * g.y_stride + output];
    gradients[g.weight + input * g.outputs + output] += sum;
  });
}

/// Of a block: kBiasOutputs outputs side by side, each summed by several threads.
constexpr unsigned kBiasOutputs = 32;

__global__ void bias_gradients_kernel(const LayerGroup* groups, std::size_t rows, const float* dy, float* gradients) {
  const LayerGroup g = groups[blockIdx.y];
  SharedMemory shared;
  const Shared<float> parts = shared.take<float>(kThreads);
  const std::size_t output = blockIdx.x * kBiasOutputs + threadIdx.x % kBiasOutputs;
  float sum = 0;
  if (output < g.outputs)
    for (std::size_t r = threadIdx.x / kBiasOutputs; r < rows; r += kThreads / kBiasOutputs)
      sum += dy[g.y + r * g.y_stride + output];
  parts[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x >= kBiasOutputs || output >= g.outputs) return;
  for (unsigned t = threadIdx.x + kBiasOutputs; t < kThreads; t += kBiasOutputs) sum += parts[t];
  gradients[g.bias + output] += sum;
}

}  // namespace

DeviceLayer::DeviceLayer(Queue& queue, LinearGroups layer)
    : count(layer.size()), groups_(layer.size() * sizeof(LayerGroup)) {
  std::vector<LayerGroup> groups;
  for (const LinearGroup& g : layer) {
    groups.push_back(layer_group(g));
    most_inputs = std::max(most_inputs, static_cast<std::size_t>(g.inputs));
    most_outputs = std::max(most_outputs, static_cast<std::size_t>(g.outputs));
  }
  queue.upload(groups.data(), groups.size() * sizeof(LayerGroup), groups_.as<void>());
}

void naive_linear_forward(Queue& queue, const DeviceLayer& layer, int row_count, const float* x,
                          const float* parameters, const ForwardTail& tail, float* y) {
  const auto rows = static_cast<std::size_t>(row_count);
  launch(queue, shape_of(layer, rows * layer.most_outputs), forward_kernel, layer.groups(), rows, x, parameters,
         Forward(tail), y);
}

void forward_tail(Queue& queue, const DeviceLayer& layer, int row_count, const float* parameters,
                  const ForwardTail& tail, float* y) {
  const auto rows = static_cast<std::size_t>(row_count);
  launch(queue, shape_of(layer, rows * layer.most_outputs), forward_tail_kernel, layer.groups(), rows, parameters,
         Forward(tail), y);
}

void naive_linear_backward_input(Queue& queue, const DeviceLayer& layer, int row_count, const float* dy,
                                 const float* parameters, const BackwardTail& tail, float* dx) {
  const auto rows = static_cast<std::size_t>(row_count);
  launch(queue, shape_of(layer, rows * layer.most_inputs), backward_input_kernel, layer.groups(), rows, dy, parameters,
         tail, dx);
}

void backward_tail(Queue& queue, const DeviceLayer& layer, int row_count, const BackwardTail& tail, float* dx) {
  const auto rows = static_cast<std::size_t>(row_count);
  launch(queue, shape_of(layer, rows * layer.most_inputs), backward_tail_kernel, layer.groups(), rows, tail, dx);
}

void naive_linear_backward_weight(Queue& queue, const DeviceLayer& layer, int rows, const float* x, const float* dy,
                                  float* gradients) {
  launch(queue, shape_of(layer, layer.most_inputs * layer.most_outputs), backward_weight_kernel, layer.groups(),
         static_cast<std::size_t>(rows), x, dy, gradients);
  add_bias_gradients(queue, layer, rows, dy, gradients);
}

void add_bias_gradients(Queue& queue, const DeviceLayer& layer, int rows, const float* dy, float* gradients) {
  const auto blocks = static_cast<unsigned>((layer.most_outputs + kBiasOutputs - 1) / kBiasOutputs);
  launch(queue, {{blocks, static_cast<unsigned>(layer.count), 1}, kThreads, SharedMemory::bytes<float>(kThreads)},
         bias_gradients_kernel, layer.groups(), static_cast<std::size_t>(rows), dy, gradients);
}

}  // namespace meg::MEG_KERNELS
