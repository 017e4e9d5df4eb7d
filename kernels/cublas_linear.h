#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "kernels/cublas.h"
#include "kernels/device_lists.h"

namespace meg::MEG_KERNELS {

/// The linear operations of nn/backend.h with all products of a layer as one grouped GEMM of cuBLAS, and kernels for
/// what precedes or follows it. Groups have no gaps, and on the way back no common x.
class CublasLinear {
 public:
  CublasLinear(Queue& queue, DeviceLists& lists, Precision precision)
      : queue_(queue), lists_(lists), cublas_(queue, precision) {}

  void linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail, View y);
  void linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters, const BackwardTail& tail, View dx);
  void linear_backward_weights(std::span<const WeightProduct> layers, bool with_bias, View gradients);

 private:
  /// Runs products_ but for those without numbers.
  void multiply(GemmForm form);

  Queue& queue_;
  DeviceLists& lists_;
  Cublas cublas_;
  std::unordered_map<std::string, GroupedGemm> gemms_;  // found by their products' bytes
  std::vector<Gemm> products_;                          // scratch of a call
};

}  // namespace meg::MEG_KERNELS
