#include "kernels/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

void CudaBackend::running_sum_forward(Vectors, int, int, int, const float*, const float*, const Dropout&, float*,
                                      float*) {
  throw Error("running_sum_forward is not there yet on a GPU: use --device cpu");
}

void CudaBackend::running_sum_backward(Vectors, int, const float*, float*, float*) {
  throw Error("running_sum_backward is not there yet on a GPU: use --device cpu");
}

}  // namespace meg::MEG_KERNELS
