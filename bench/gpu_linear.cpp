#include <benchmark/benchmark.h>
#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <memory>

#include "bench/layers.h"
#include "bench/naive_linear.h"

// The ladder of y = relu(x w + b) of all generators: naive, tiled, tensor cores, all in one launch with what follows
// the product, against cuBLAS, which needs a second one for that. 15 generators, batch 512, hidden 128.

using namespace meg;
using bench::Layer;

namespace {

void check(bool good, const char* what) {
  if (!good) fail("{} failed: {}", what, cudaGetErrorString(cudaGetLastError()));
}

/// Operations between two looks at the clock: the device is asked once, behind them all.
constexpr int kOperations = 100;

struct Operands {
  Operands(Layer kind, Precision precision)
      : backend(make_backend(Device::kCuda, 0, precision)),
        layer(bench::make_layer(kind)),
        rows(bench::rows_of(kind)),
        x(random(static_cast<std::size_t>(rows) * layer.front().x_stride)),
        y(random(static_cast<std::size_t>(rows) * layer.front().y_stride)),
        parameters(random(layer.back().bias + static_cast<std::size_t>(layer.back().outputs))),
        groups(layer.size() * sizeof(cuda::LayerGroup)) {
    std::vector<cuda::LayerGroup> on_device;
    for (const LinearGroup& g : layer) {
      on_device.push_back(cuda::layer_group(g));
      most_outputs = std::max(most_outputs, g.outputs);
    }
    queue.upload(on_device.data(), on_device.size() * sizeof(cuda::LayerGroup), groups.as<void>());
  }

  Memory random(std::size_t count) {
    Memory memory = backend->allocate(count);
    backend->fill_normal(1, Stream::kMeasure, 0, 1, static_cast<int>(count), memory.data());
    return memory;
  }

  /// Times run(), which puts one operation into a queue.
  template <class Run>
  void time(benchmark::State& state, const Run& run) {
    const auto wait = [] { check(cudaDeviceSynchronize() == cudaSuccess, "waiting for the GPU"); };
    run();
    wait();
    for (auto _ : state) {
      for (int i = 0; i < kOperations; ++i) run();
      wait();
    }
    double flops = 0;
    for (const LinearGroup& g : layer) flops += 2.0 * g.inputs * g.outputs * rows;
    const auto operations = static_cast<double>(state.iterations()) * kOperations;
    state.counters["GFLOP/s"] = benchmark::Counter(1e-9 * flops * operations, benchmark::Counter::kIsRate);
    state.counters["us"] =
        benchmark::Counter(1e-6 * operations, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  }

  std::unique_ptr<Backend> backend;
  GroupedLinear layer;
  int rows, most_outputs = 0;
  Memory x, y, parameters;
  cuda::Block groups;
  cuda::Queue queue;
};

void naive(benchmark::State& state, Layer kind) {
  Operands o(kind, Precision::kFp32);
  o.time(state, [&] {
    cuda::naive_linear_relu(o.queue, o.groups.as<cuda::LayerGroup>(), o.layer.size(), o.most_outputs, o.rows,
                            o.x.data(), o.parameters.data(), o.y.data());
  });
}

void fused(benchmark::State& state, Layer kind, Precision precision) {
  Operands o(kind, precision);
  o.time(state, [&] {
    o.backend->linear_forward(o.layer, o.rows, o.x.data(), o.parameters.data(), {.activation = Activation::kRelu},
                              o.y.data());
  });
}

/// cuBLAS' grouped product; row-major y = x w is column-major y^T = w^T x^T.
void cublas(benchmark::State& state, Layer kind, cublasComputeType_t compute) {
  Operands o(kind, Precision::kFp32);
  cublasHandle_t handle = nullptr;
  check(cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS, "starting cuBLAS");
  const std::unique_ptr<cublasContext, cublasStatus_t (*)(cublasHandle_t)> owned(handle, cublasDestroy);
  check(cublasSetStream(handle, o.queue.stream()) == CUBLAS_STATUS_SUCCESS, "cublasSetStream");
  const auto count = static_cast<int>(o.layer.size());
  const std::vector<cublasOperation_t> plain(o.layer.size(), CUBLAS_OP_N);
  const std::vector<float> one(o.layer.size(), 1.0f), zero(o.layer.size(), 0.0f);
  const std::vector<int> group_size(o.layer.size(), 1), rows(o.layer.size(), o.rows);
  std::vector<int> inputs, outputs, x_stride, y_stride;
  std::vector<void*> pointers;
  for (const LinearGroup& g : o.layer) {
    inputs.push_back(g.inputs), outputs.push_back(g.outputs);
    x_stride.push_back(static_cast<int>(g.x_stride)), y_stride.push_back(static_cast<int>(g.y_stride));
  }
  for (const LinearGroup& g : o.layer) pointers.push_back(o.parameters.data() + g.weight);
  for (const LinearGroup& g : o.layer) pointers.push_back(o.x.data() + g.x);
  for (const LinearGroup& g : o.layer) pointers.push_back(o.y.data() + g.y);
  const cuda::Block block(pointers.size() * sizeof(void*));
  o.queue.upload(pointers.data(), pointers.size() * sizeof(void*), block.as<void>());
  void **const w = block.as<void*>(), **const x = w + count, **const y = x + count;
  o.time(state, [&] {
    check(cublasGemmGroupedBatchedEx(handle, plain.data(), plain.data(), outputs.data(), rows.data(), inputs.data(),
                                     one.data(), w, CUDA_R_32F, outputs.data(), x, CUDA_R_32F, x_stride.data(),
                                     zero.data(), y, CUDA_R_32F, y_stride.data(), count, group_size.data(),
                                     compute) == CUBLAS_STATUS_SUCCESS,
          "cublasGemmGroupedBatchedEx");
    cuda::add_bias_relu(o.queue, o.groups.as<cuda::LayerGroup>(), o.layer.size(), o.most_outputs, o.rows,
                        o.parameters.data(), o.y.data());
  });
}

#define MEG_LADDER(layer)                                                                   \
  BENCHMARK_CAPTURE(naive, layer, Layer::layer)->UseRealTime();                             \
  BENCHMARK_CAPTURE(fused, layer##_fp32, Layer::layer, Precision::kFp32)->UseRealTime();    \
  BENCHMARK_CAPTURE(fused, layer##_tf32, Layer::layer, Precision::kTf32)->UseRealTime();    \
  BENCHMARK_CAPTURE(fused, layer##_bf16, Layer::layer, Precision::kBf16)->UseRealTime();    \
  BENCHMARK_CAPTURE(cublas, layer##_fp32, Layer::layer, CUBLAS_COMPUTE_32F)->UseRealTime(); \
  BENCHMARK_CAPTURE(cublas, layer##_tf32, Layer::layer, CUBLAS_COMPUTE_32F_FAST_TF32)->UseRealTime()

MEG_LADDER(kPrefix);
MEG_LADDER(kHidden);

}  // namespace
