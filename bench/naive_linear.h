#pragma once
#include "core/nn/backend.h"
#include "kernels/device_lists.h"

namespace meg::MEG_KERNELS {

/// The first rung of the ladders, the linear operations of nn/backend.h by a thread for every number of the result,
/// which reads all that it needs from memory. Groups do not share x on the way back, and have no gaps.
class NaiveLinear {
 public:
  NaiveLinear(Queue& queue, DeviceLists& lists) : queue_(queue), lists_(lists) {}

  void linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail, View y);
  void linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters, const BackwardTail& tail, View dx);
  void linear_backward_weights(std::span<const WeightProduct> layers, bool with_bias, View gradients);

 private:
  Queue& queue_;
  DeviceLists& lists_;
};

}  // namespace meg::MEG_KERNELS
