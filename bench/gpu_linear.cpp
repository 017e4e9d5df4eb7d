#include "bench/cublas_peak.h"
#include "bench/layers.h"
#include "bench/naive_linear.h"
#include "kernels/cublas_linear.h"

// The ladder of y = relu(x w + b) of all generators: naive, tiled, tensor cores, all in one launch with what follows
// the product, against cuBLAS, which needs a second one for that. 15 generators, batch 512, hidden 128, and 256 and 512
// as `--hidden` may ask for. Every rung must agree with the naive one before it is timed.

using namespace meg;
using bench::Layer;

namespace {

const ForwardTail kRelu{.activation = Activation::kRelu};

struct Operands {
  Operands(Layer kind, int hidden, Precision precision)
      : backend(make_backend(Device::kCuda, 0, precision)),
        layer(bench::make_layer(kind, hidden)),
        rows(bench::rows_of(kind)),
        x(bench::random(*backend, rows * layer.front().x_stride)),
        y(bench::random(*backend, rows * layer.front().y_stride)),
        parameters(bench::random(*backend, layer.back().bias + static_cast<std::size_t>(layer.back().outputs), 2)) {
    bench::wait();
  }
  /// By the linear_forward() of a backend, or of a peer.
  template <class Linear>
  void run(Linear& linear) {
    linear.linear_forward(layer, x.view(rows, layer.front().x_stride), parameters, kRelu,
                          y.view(rows, layer.front().y_stride));
  }
  /// Checks and times it.
  template <class Linear>
  void measure(benchmark::State& state, Precision precision, Linear& linear) {
    run(naive);
    const std::vector<float> expected = bench::contents(*backend, y);
    backend->fill(0.0f, y);
    bench::wait();
    run(linear);
    if (!bench::close(bench::contents(*backend, y), expected, bench::tolerance(precision)))
      return state.SkipWithError("it does not agree with the naive rung");
    bench::time(state, bench::flops(layer, rows), bench::gemm_peak(*backend, precision), [&] { run(linear); });
  }

  std::unique_ptr<Backend> backend;
  GroupedLinear layer;
  std::size_t rows;
  Memory x, y, parameters;
  cuda::Queue queue;
  cuda::DeviceLists lists{queue};
  cuda::NaiveLinear naive{queue, lists};
};

void naive(benchmark::State& state, Layer kind, int hidden) {
  Operands o(kind, hidden, Precision::kFp32);
  o.measure(state, Precision::kFp32, o.naive);
}

void fused(benchmark::State& state, Layer kind, int hidden, Precision precision) {
  Operands o(kind, hidden, precision);
  o.measure(state, precision, *o.backend);
}

void cublas(benchmark::State& state, Layer kind, int hidden, Precision precision) {
  Operands o(kind, hidden, precision);
  cuda::CublasLinear linear(o.queue, o.lists, precision);
  o.measure(state, precision, linear);
}

#define MEG_RUNG(rung, name, ...) BENCHMARK_CAPTURE(rung, name, __VA_ARGS__)->UseRealTime()
#define MEG_LADDER(name, layer, hidden)                                  \
  MEG_RUNG(naive, name, Layer::layer, hidden);                           \
  MEG_RUNG(fused, name##_fp32, Layer::layer, hidden, Precision::kFp32);  \
  MEG_RUNG(fused, name##_tf32, Layer::layer, hidden, Precision::kTf32);  \
  MEG_RUNG(cublas, name##_fp32, Layer::layer, hidden, Precision::kFp32); \
  MEG_RUNG(cublas, name##_tf32, Layer::layer, hidden, Precision::kTf32)

MEG_LADDER(kPrefix, kPrefix, 128);
MEG_RUNG(fused, kPrefix_bf16, Layer::kPrefix, 128, Precision::kBf16);
MEG_LADDER(kHidden, kHidden, 128);
MEG_RUNG(fused, kHidden_bf16, Layer::kHidden, 128, Precision::kBf16);
MEG_LADDER(kHidden_256, kHidden, 256);
MEG_LADDER(kHidden_512, kHidden, 512);

}  // namespace
