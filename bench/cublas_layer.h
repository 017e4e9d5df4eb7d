#pragma once
#include "bench/cublas_peak.h"
#include "bench/naive_linear.h"
#include "bench/on_gpu.h"

namespace meg::bench {

/// The peer: a grouped layer by cuBLAS' grouped products, and what follows them by kernels of their own.
class CublasLayer {
 public:
  /// Where the layer's operands are, always. Gradients are asked for where they are there.
  struct At {
    float *x, *y, *dy = nullptr, *dx = nullptr;
    float *parameters, *gradients = nullptr;
  };

  CublasLayer(cuda::Queue& queue, LinearGroups layer, int rows, const At& at, Precision precision)
      : queue_(queue),
        layer_(queue, layer),
        at_(at),
        compute_(precision == Precision::kTf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F),
        rows_(layer.size(), rows),
        pointers_(6 * layer.size() * sizeof(void*)) {
    check(cublasSetStream(handle_.get(), queue.stream()) == CUBLAS_STATUS_SUCCESS, "cublasSetStream");
    for (const LinearGroup& g : layer) {
      inputs_.push_back(g.inputs), outputs_.push_back(g.outputs);
      x_stride_.push_back(static_cast<int>(g.x_stride)), y_stride_.push_back(static_cast<int>(g.y_stride));
    }
    std::vector<float*> pointers;
    const auto add = [&](float* begin, std::size_t LinearGroup::*offset) {
      for (const LinearGroup& g : layer) pointers.push_back(begin ? begin + g.*offset : nullptr);
    };
    add(at.x, &LinearGroup::x), add(at.y, &LinearGroup::y);
    add(at.dx, &LinearGroup::x), add(at.dy, &LinearGroup::y);
    add(at.parameters, &LinearGroup::weight), add(at.gradients, &LinearGroup::weight);
    queue.upload(pointers.data(), pointers.size() * sizeof(float*), pointers_.as<void>());
  }

  void forward(const ForwardTail& tail) {
    multiply(w(CUBLAS_OP_N), x(CUBLAS_OP_N), outputs_, rows_, inputs_, 0.0f, {kY, y_stride_});
    forward_tail(queue_, layer_, rows_[0], at_.parameters, tail, at_.y);
  }
  void backward_input(const BackwardTail& tail) {
    multiply(w(CUBLAS_OP_T), dy(CUBLAS_OP_N), inputs_, rows_, outputs_, 0.0f, {kDx, x_stride_});
    backward_tail(queue_, layer_, rows_[0], tail, at_.dx);
  }
  void backward_weight() {
    multiply(dy(CUBLAS_OP_N), x(CUBLAS_OP_T), outputs_, inputs_, rows_, 1.0f, {kDw, outputs_});
    add_bias_gradients(queue_, layer_, rows_[0], at_.dy, at_.gradients);
  }

 private:
  enum Matrix { kX, kY, kDx, kDy, kW, kDw };
  using Sizes = std::vector<int>;
  struct Factor {
    Matrix matrix;
    const Sizes& stride;
    cublasOperation_t operation = CUBLAS_OP_N;
  };

  Factor x(cublasOperation_t operation) const { return {kX, x_stride_, operation}; }
  Factor dy(cublasOperation_t operation) const { return {kDy, y_stride_, operation}; }
  Factor w(cublasOperation_t operation) const { return {kW, outputs_, operation}; }

  /// c = a b + beta c, [m, n] from [m, k] and [k, n]. cuBLAS is column-major: to it our matrices are their transposes.
  void multiply(const Factor& a, const Factor& b, const Sizes& m, const Sizes& n, const Sizes& k, float beta,
                const Factor& c) {
    const std::size_t count = rows_.size();
    const std::vector<cublasOperation_t> a_operation(count, a.operation), b_operation(count, b.operation);
    const std::vector<float> one(count, 1.0f), betas(count, beta);
    const Sizes group_size(count, 1);
    const auto at = [&](Matrix matrix) { return pointers_.as<void*>() + static_cast<std::size_t>(matrix) * count; };
    check(
        cublasGemmGroupedBatchedEx(handle_.get(), a_operation.data(), b_operation.data(), m.data(), n.data(), k.data(),
                                   one.data(), at(a.matrix), CUDA_R_32F, a.stride.data(), at(b.matrix), CUDA_R_32F,
                                   b.stride.data(), betas.data(), at(c.matrix), CUDA_R_32F, c.stride.data(),
                                   static_cast<int>(count), group_size.data(), compute_) == CUBLAS_STATUS_SUCCESS,
        "cublasGemmGroupedBatchedEx");
  }

  cuda::Queue& queue_;
  cuda::DeviceLayer layer_;
  At at_;
  cublasComputeType_t compute_;
  Sizes rows_, inputs_, outputs_, x_stride_, y_stride_;
  cuda::Block pointers_;
  Cublas handle_ = start_cublas();
};

}  // namespace meg::bench
