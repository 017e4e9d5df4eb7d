#pragma once
/// What kernels/cublas.cu uses of cuBLAS, for the host that plays a GPU: Eigen does the products. See NVIDIA's manual
/// for what it means. Operands that cuBLAS would refuse, or read past, are an invalid value.
#include <cstddef>

struct cublasContext;
using cublasHandle_t = cublasContext*;
struct CUstream_st;

enum cublasStatus_t { CUBLAS_STATUS_SUCCESS = 0, CUBLAS_STATUS_INVALID_VALUE = 7 };
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };
enum cublasComputeType_t { CUBLAS_COMPUTE_32F = 68, CUBLAS_COMPUTE_32F_FAST_TF32 = 77 };
enum cudaDataType_t { CUDA_R_32F };

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle);
cublasStatus_t cublasDestroy_v2(cublasHandle_t handle);
cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, CUstream_st* stream);
cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t handle, void* workspace, std::size_t bytes);
const char* cublasGetStatusString(cublasStatus_t status);

/// c = alpha a b + beta c of column-major matrices, c [m, n], in groups of products of one shape.
cublasStatus_t cublasGemmGroupedBatchedEx(cublasHandle_t handle, const cublasOperation_t* a_operation,
                                          const cublasOperation_t* b_operation, const int* m, const int* n,
                                          const int* k, const void* alpha, const void* const* a, cudaDataType_t a_type,
                                          const int* a_stride, const void* const* b, cudaDataType_t b_type,
                                          const int* b_stride, const void* beta, void* const* c, cudaDataType_t c_type,
                                          const int* c_stride, int groups, const int* group_sizes,
                                          cublasComputeType_t compute);
