#include "kernels/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

void CudaBackend::linear_forward(LinearGroups, int, const float*, const float*, const ForwardTail&, float*) {
  throw Error("linear_forward is not there yet on a GPU: use --device cpu");
}

void CudaBackend::linear_backward_input(LinearGroups, int, const float*, const float*, const BackwardTail&, float*) {
  throw Error("linear_backward_input is not there yet on a GPU: use --device cpu");
}

void CudaBackend::linear_backward_weight(LinearGroups, int, const float*, const float*, bool, float*) {
  throw Error("linear_backward_weight is not there yet on a GPU: use --device cpu");
}

}  // namespace meg::MEG_KERNELS
