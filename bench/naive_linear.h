#pragma once
#include "core/nn/backend.h"
#include "kernels/layer.h"
#include "kernels/queue.h"

namespace meg::MEG_KERNELS {

/// A grouped layer on the device.
class DeviceLayer {
 public:
  DeviceLayer(Queue& queue, LinearGroups layer);

  const LayerGroup* groups() const { return groups_.as<LayerGroup>(); }
  std::size_t count, most_inputs = 0, most_outputs = 0;

 private:
  Block groups_;
};

// The first rung of the ladders: a thread for every number of the result, which reads all that it needs from memory.
// Activations are ReLUs; groups do not share x on the way back, and have no gaps.
void naive_linear_forward(Queue& queue, const DeviceLayer& layer, int rows, const float* x, const float* parameters,
                          const ForwardTail& tail, float* y);
void naive_linear_backward_input(Queue& queue, const DeviceLayer& layer, int rows, const float* dy,
                                 const float* parameters, const BackwardTail& tail, float* dx);
void naive_linear_backward_weight(Queue& queue, const DeviceLayer& layer, int rows, const float* x, const float* dy,
                                  float* gradients);

// What must follow a library's products: the same without them, number by number.
void forward_tail(Queue& queue, const DeviceLayer& layer, int rows, const float* parameters, const ForwardTail& tail,
                  float* y);
void backward_tail(Queue& queue, const DeviceLayer& layer, int rows, const BackwardTail& tail, float* dx);
void add_bias_gradients(Queue& queue, const DeviceLayer& layer, int rows, const float* dy, float* gradients);

}  // namespace meg::MEG_KERNELS
