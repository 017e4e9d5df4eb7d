#include <cublas_v2.h>

#include <Eigen/Core>
#include <cstdint>

struct cublasContext {};

namespace {

using Eigen::MatrixXf;
using Stride = Eigen::OuterStride<>;

MatrixXf factor(const void* at, int rows, int columns, int stride, cublasOperation_t operation) {
  const auto* const from = static_cast<const float*>(at);
  if (operation == CUBLAS_OP_N) return Eigen::Map<const MatrixXf, 0, Stride>(from, rows, columns, Stride(stride));
  return Eigen::Map<const MatrixXf, 0, Stride>(from, columns, rows, Stride(stride)).transpose();
}

bool on_16_bytes(const void* at) { return reinterpret_cast<std::uintptr_t>(at) % 16 == 0; }

}  // namespace

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream_v2(cublasHandle_t, CUstream_st*) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t, void*, std::size_t) { return CUBLAS_STATUS_SUCCESS; }
const char* cublasGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "success" : "an invalid value";
}

cublasStatus_t cublasGemmGroupedBatchedEx(cublasHandle_t, const cublasOperation_t* a_operation,
                                          const cublasOperation_t* b_operation, const int* m, const int* n,
                                          const int* k, const void* alpha, const void* const* a, cudaDataType_t,
                                          const int* a_stride, const void* const* b, cudaDataType_t,
                                          const int* b_stride, const void* beta, void* const* c, cudaDataType_t,
                                          const int* c_stride, int groups, const int* group_sizes,
                                          cublasComputeType_t compute) {
  for (int g = 0, i = 0; g < groups; ++g) {
    const bool fit = m[g] > 0 && n[g] > 0 && k[g] > 0 && a_stride[g] >= (a_operation[g] == CUBLAS_OP_N ? m[g] : k[g]) &&
                     b_stride[g] >= (b_operation[g] == CUBLAS_OP_N ? k[g] : n[g]) && c_stride[g] >= m[g];
    if (!fit) return CUBLAS_STATUS_INVALID_VALUE;
    for (int end = i + group_sizes[g]; i < end; ++i) {
      const bool aligned = on_16_bytes(a[i]) && on_16_bytes(b[i]) && on_16_bytes(c[i]);
      if (compute == CUBLAS_COMPUTE_32F_FAST_TF32 && !aligned) return CUBLAS_STATUS_INVALID_VALUE;
      const MatrixXf product = static_cast<const float*>(alpha)[g] *
                               factor(a[i], m[g], k[g], a_stride[g], a_operation[g]) *
                               factor(b[i], k[g], n[g], b_stride[g], b_operation[g]);
      Eigen::Map<MatrixXf, 0, Stride> out(static_cast<float*>(c[i]), m[g], n[g], Stride(c_stride[g]));
      const float before = static_cast<const float*>(beta)[g];
      if (before == 0.0f)
        out = product;  // whatever was there
      else
        out = before * out + product;
    }
  }
  return CUBLAS_STATUS_SUCCESS;
}
