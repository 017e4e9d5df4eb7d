#include "kernels/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

void CudaBackend::heads_loss(const ColumnsLayout&, int, const float*, const float*, float, float*, float*) {
  throw Error("heads_loss is not there yet on a GPU: use --device cpu");
}

void CudaBackend::sample_column(const ColumnsLayout&, int, int, const float*, const float*, const Draw&, float*, float*,
                                const Allowed&) {
  throw Error("sample_column is not there yet on a GPU: use --device cpu");
}

void CudaBackend::sample_backward(const ColumnsLayout&, int, const float*, const float*, const Draw&, const float*,
                                  float*) {
  throw Error("sample_backward is not there yet on a GPU: use --device cpu");
}

}  // namespace meg::MEG_KERNELS
