#include "kernels/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

void CudaBackend::features(const ColumnsLayout&, int, int, int, const float*, const float*, float*) {
  throw Error("features is not there yet on a GPU: use --device cpu");
}

void CudaBackend::features_backward(const ColumnsLayout&, int, const float*, const float*, float*) {
  throw Error("features_backward is not there yet on a GPU: use --device cpu");
}

void CudaBackend::view_rows(const ColumnsLayout&, int, const float*, float*) {
  throw Error("view_rows is not there yet on a GPU: use --device cpu");
}

}  // namespace meg::MEG_KERNELS
