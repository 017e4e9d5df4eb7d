#include "bench/cublas_layer.h"
#include "bench/layers.h"
#include "bench/naive_linear.h"
#include "bench/on_gpu.h"

// The ladder of y = relu(x w + b) of all generators: naive, tiled, tensor cores, all in one launch with what follows
// the product, against cuBLAS, which needs a second one for that. 15 generators, batch 512, hidden 128, and 512 as
// `--hidden` may ask for. Every rung must agree with the naive one before it is timed.

using namespace meg;
using bench::Layer;

namespace {

const ForwardTail kRelu{.activation = Activation::kRelu};

struct Operands {
  Operands(Layer kind, Precision precision)
      : backend(make_backend(Device::kCuda, 0, precision)),
        layer(bench::make_layer(kind)),
        rows(bench::rows_of(kind)),
        x(bench::random(*backend, static_cast<std::size_t>(rows) * layer.front().x_stride)),
        y(bench::random(*backend, static_cast<std::size_t>(rows) * layer.front().y_stride)),
        parameters(bench::random(*backend, layer.back().bias + static_cast<std::size_t>(layer.back().outputs), 2)),
        naive_layer(queue, layer) {
    bench::wait();
  }
  void run_naive() {
    cuda::naive_linear_forward(queue, naive_layer, rows, x.data(), parameters.data(), kRelu, y.data());
  }
  /// Checks and times run(), which puts one operation into a queue.
  template <class Run>
  void measure(benchmark::State& state, Precision precision, const Run& run) {
    run_naive();
    const std::vector<float> expected = bench::contents(*backend, y);
    backend->fill(y.size(), 0.0f, y.data());
    bench::wait();
    run();
    if (!bench::close(bench::contents(*backend, y), expected, bench::tolerance(precision)))
      return state.SkipWithError("it does not agree with the naive rung");
    bench::time(state, bench::flops(layer, rows), bench::gemm_peak(*backend, precision), run);
  }

  std::unique_ptr<Backend> backend;
  GroupedLinear layer;
  int rows;
  Memory x, y, parameters;
  cuda::Queue queue;
  cuda::DeviceLayer naive_layer;
};

void naive(benchmark::State& state, Layer kind) {
  Operands o(kind, Precision::kFp32);
  o.measure(state, Precision::kFp32, [&] { o.run_naive(); });
}

void fused(benchmark::State& state, Layer kind, Precision precision) {
  Operands o(kind, precision);
  o.measure(state, precision,
            [&] { o.backend->linear_forward(o.layer, o.rows, o.x.data(), o.parameters.data(), kRelu, o.y.data()); });
}

void cublas(benchmark::State& state, Layer kind, Precision precision) {
  Operands o(kind, precision);
  bench::CublasLayer layer(o.queue, o.layer, o.rows,
                           {.x = o.x.data(), .y = o.y.data(), .parameters = o.parameters.data()}, precision);
  o.measure(state, precision, [&] { layer.forward(kRelu); });
}

#define MEG_LADDER(layer)                                                                 \
  BENCHMARK_CAPTURE(naive, layer, Layer::layer)->UseRealTime();                           \
  BENCHMARK_CAPTURE(fused, layer##_fp32, Layer::layer, Precision::kFp32)->UseRealTime();  \
  BENCHMARK_CAPTURE(fused, layer##_tf32, Layer::layer, Precision::kTf32)->UseRealTime();  \
  BENCHMARK_CAPTURE(fused, layer##_bf16, Layer::layer, Precision::kBf16)->UseRealTime();  \
  BENCHMARK_CAPTURE(cublas, layer##_fp32, Layer::layer, Precision::kFp32)->UseRealTime(); \
  BENCHMARK_CAPTURE(cublas, layer##_tf32, Layer::layer, Precision::kTf32)->UseRealTime()

MEG_LADDER(kPrefix);
MEG_LADDER(kHidden);
MEG_LADDER(kWide);

}  // namespace
