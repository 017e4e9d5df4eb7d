#pragma once
#include <cublas_v2.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>

#include "bench/on_gpu.h"

namespace meg::bench {

struct DestroyCublas {
  void operator()(cublasContext* handle) const { cublasDestroy(handle); }
};
using Cublas = std::unique_ptr<cublasContext, DestroyCublas>;

inline Cublas start_cublas() {
  cublasHandle_t handle = nullptr;
  check(cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS, "starting cuBLAS");
  return Cublas(handle);
}

/// What one large product by cuBLAS makes of factors rounded so, in GFLOP/s: the bound that a rung is held against.
/// Measured once a process.
inline double gemm_peak(Backend& backend, Precision precision) {
  static std::map<Precision, double> known;
  if (const auto found = known.find(precision); found != known.end()) return found->second;
  constexpr int n = 4096, kProducts = 20;
  constexpr std::size_t kNumbers = std::size_t{n} * n;
  const Memory a = random(backend, kNumbers, 1), b = random(backend, kNumbers, 2), c = backend.allocate(kNumbers);
  const bool bf16 = precision == Precision::kBf16;
  if (bf16)  // two numbers a word
    for (const Memory* factor : {&a, &b}) {
      const std::vector<float> numbers = contents(backend, *factor);
      std::vector<std::uint32_t> words(kNumbers);
      std::transform(numbers.begin(), numbers.end(), words.begin(), [](float x) {
        const std::uint32_t high = std::bit_cast<std::uint32_t>(x) >> 16;
        return high << 16 | high;
      });
      backend.upload(words, factor->view_as<std::uint32_t>(1, kNumbers));
    }
  const cudaDataType type = bf16 ? CUDA_R_16BF : CUDA_R_32F;
  const auto compute = precision == Precision::kTf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  const Cublas handle = start_cublas();
  const float one = 1.0f, zero = 0.0f;
  wait();
  double best = 0;
  for (int round = 0; round < 4; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kProducts; ++i)
      check(cublasGemmEx(handle.get(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.data(), type, n, b.data(), type, n,
                         &zero, c.data(), CUDA_R_32F, n, compute, CUBLAS_GEMM_DEFAULT) == CUBLAS_STATUS_SUCCESS,
            "cublasGemmEx");
    wait();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 2e-9 * kProducts * n * n * n / seconds);
  }
  return known[precision] = best;
}

}  // namespace meg::bench
