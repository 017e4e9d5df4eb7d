#pragma once
#include <memory>
#include <span>
#include <string>

#include "core/nn/backend.h"
#include "kernels/queue.h"

namespace meg::MEG_KERNELS {

/// c = a b + beta c of row-major matrices, c [m, n] from a [m, k] and b [k, n]; none of the sizes is 0.
struct Gemm {
  const float *a, *b;
  float* c;
  int m, n, k, a_stride, b_stride, c_stride;  // strides of rows, as they lie in memory
};

/// What the products of a grouped GEMM have in common.
struct GemmForm {
  bool a_transposed = false, b_transposed = false;  // a lies in memory as [k, m], b as [n, k]
  float beta = 0.0f;
};

/// cuBLAS for the work of a queue; where the device is emulated, Eigen (tests/simt/cublas_v2.h). It is loaded by the
/// first that asks for it: a program that is linked with it loads 600 MB whenever it starts, or does not start.
class Cublas {
 public:
  /// Why it cannot be used; empty where it can.
  static std::string obstacle();
  /// fp32 or tf32.
  Cublas(Queue& queue, Precision precision);
  ~Cublas();

 private:
  friend class GroupedGemm;  // which needs it as long as it lives
  struct State;
  std::unique_ptr<State> state_;
};

/// cuBLAS' grouped batched GEMM: products of any shapes in one launch. Made once, and run as often as wanted.
class GroupedGemm {
 public:
  GroupedGemm(const Cublas& cublas, std::span<const Gemm> products, GemmForm form);
  GroupedGemm(const GroupedGemm&) = delete;
  GroupedGemm& operator=(const GroupedGemm&) = delete;
  ~GroupedGemm();

  /// Puts it behind what the queue has. A step that has it is no graph, see Queue: what takes time there is the GPU.
  void run() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace meg::MEG_KERNELS
