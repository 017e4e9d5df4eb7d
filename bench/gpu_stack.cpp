#include <array>

#include "bench/cublas_peak.h"
#include "bench/layers.h"
#include "bench/naive_linear.h"
#include "core/nn/stack_layers.h"
#include "kernels/cublas_linear.h"

// The ladder of a stack, all layers of 15 masked generators on a batch of 512 rows, with dropout, forward and also
// back: naive kernels; our operations layer by layer, in float32 (tiled) and on tensor cores; what training does, which
// at 128 units is one kernel forward and two back for all layers; and cuBLAS' grouped products with kernels for what
// follows them. Every rung must agree with the naive one before it is timed.

using namespace meg;

namespace {

constexpr std::size_t kRows = 512;
enum Way { kForward, kForwardAndBackward };

struct Operands {
  Operands(int units_of_each, Precision precision)
      : backend(make_backend(Device::kCuda, 0, precision)), layers(bench::make_stack_layers(units_of_each)) {
    const auto take = [&](std::size_t width) {
      return memory.emplace_back(bench::random(*backend, kRows * width, memory.size())).view(kRows, width);
    };
    const std::size_t units = layers.hidden[0].x_stride, wide = layers.head[0].y_stride;
    tape = {take(layers.first[0].x_stride),
            take(units),
            take(units),
            take(units),
            take(wide),
            take(wide),
            take(units),
            take(units),
            take(units)};
    bench::wait();
  }

  std::unique_ptr<Backend> backend;
  const bench::StackLayers layers;
  const Stack stack{layers.first, layers.hidden, layers.head, {0.1f, 5, 6}, {0.1f, 5, 7}};
  const Memory parameters = bench::random(*backend, layers.parameters, 99);
  Memory gradients = backend->allocate(layers.parameters);
  std::vector<Memory> memory;
  StackTape tape;
  cuda::Queue queue;
  cuda::DeviceLists lists{queue};
  cuda::NaiveLinear naive{queue, lists};
};

/// By a backend's or a peer's operations of a layer.
template <class Linear>
struct LayerByLayer {
  void forward() { stack_layers_forward(linear, o.stack, o.parameters, o.tape); }
  void backward() { stack_layers_backward(linear, o.stack, o.parameters, o.tape, o.gradients); }
  Operands& o;
  Linear& linear;
};

/// Checks and times a rung, forward() and backward().
template <class Rung>
void measure(benchmark::State& state, Operands& o, Way way, Precision precision, Rung rung) {
  const Memory &heads = o.memory[4], &gradients = o.gradients;
  LayerByLayer naive{o, o.naive};
  const auto agrees = [&](const Memory& result, const auto& expected, const auto& run) {
    const auto after = [&](const auto& pass) {
      o.backend->fill(0.0f, result);
      bench::wait();
      pass();
      return bench::contents(*o.backend, result);
    };
    const std::vector<float> want = after(expected);
    return bench::close(after(run), want, bench::tolerance(precision));
  };
  if (!agrees(
          heads, [&] { naive.forward(); }, [&] { rung.forward(); }))
    return state.SkipWithError("its heads do not agree with the naive rung's");
  naive.forward();  // its ReLUs, for both
  if (way == kForwardAndBackward && !agrees(
                                        gradients, [&] { naive.backward(); }, [&] { rung.backward(); }))
    return state.SkipWithError("its gradients do not agree with the naive rung's");

  const auto [first, hidden, head] = std::array{bench::flops(o.stack.first, kRows), bench::flops(o.stack.hidden, kRows),
                                                bench::flops(o.stack.head, kRows)};
  const double forward = first + hidden + head, backward = first + 2 * (hidden + head);
  const double peak = bench::gemm_peak(*o.backend, precision);
  bench::time(state, way == kForward ? forward : forward + backward, peak, [&] {
    rung.forward();
    if (way == kForwardAndBackward) rung.backward();
  });
}

void naive(benchmark::State& state, Way way, int units) {
  Operands o(units, Precision::kFp32);
  measure(state, o, way, Precision::kFp32, LayerByLayer{o, o.naive});
}

void cublas(benchmark::State& state, Way way, int units, Precision precision) {
  Operands o(units, precision);
  cuda::CublasLinear linear(o.queue, o.lists, precision);
  measure(state, o, way, precision, LayerByLayer{o, linear});
}

/// Our operations: one a layer, tiled or on tensor cores.
void per_layer(benchmark::State& state, Way way, int units, Precision precision) {
  Operands o(units, precision);
  measure(state, o, way, precision, LayerByLayer{o, *o.backend});
}

/// What training does.
void trained(benchmark::State& state, Way way, int units, Precision precision) {
  struct Rung {
    void forward() { o.backend->stack_forward(o.stack, o.parameters, o.tape); }
    void backward() { o.backend->stack_backward(o.stack, o.parameters, o.tape, o.gradients); }
    Operands& o;
  };
  Operands o(units, precision);
  measure(state, o, way, precision, Rung{o});
}

/// At 128 units: in one kernel forward, and two back.
constexpr auto fused = trained;

#define MEG_RUNG(rung, name, ...) BENCHMARK_CAPTURE(rung, name, __VA_ARGS__)->UseRealTime()
#define MEG_STACK_LADDER(way)                                          \
  MEG_RUNG(naive, stack_##way, way, 128);                              \
  MEG_RUNG(per_layer, stack_##way##_fp32, way, 128, Precision::kFp32); \
  MEG_RUNG(per_layer, stack_##way##_tf32, way, 128, Precision::kTf32); \
  MEG_RUNG(per_layer, stack_##way##_bf16, way, 128, Precision::kBf16); \
  MEG_RUNG(fused, stack_##way##_fp32, way, 128, Precision::kFp32);     \
  MEG_RUNG(fused, stack_##way##_tf32, way, 128, Precision::kTf32);     \
  MEG_RUNG(fused, stack_##way##_bf16, way, 128, Precision::kBf16);     \
  MEG_RUNG(cublas, stack_##way##_fp32, way, 128, Precision::kFp32);    \
  MEG_RUNG(cublas, stack_##way##_tf32, way, 128, Precision::kTf32)
/// Too wide for one kernel: what training does at 512 units is cuBLAS' part and ours.
#define MEG_WIDE_STACK_LADDER(name, units)                                        \
  MEG_RUNG(per_layer, name##_fp32, kForwardAndBackward, units, Precision::kFp32); \
  MEG_RUNG(per_layer, name##_tf32, kForwardAndBackward, units, Precision::kTf32); \
  MEG_RUNG(trained, name##_tf32, kForwardAndBackward, units, Precision::kTf32);   \
  MEG_RUNG(cublas, name##_fp32, kForwardAndBackward, units, Precision::kFp32);    \
  MEG_RUNG(cublas, name##_tf32, kForwardAndBackward, units, Precision::kTf32)

MEG_STACK_LADDER(kForward);
MEG_STACK_LADDER(kForwardAndBackward);
MEG_WIDE_STACK_LADDER(stack_256, 256);
MEG_WIDE_STACK_LADDER(stack_512, 512);

}  // namespace
