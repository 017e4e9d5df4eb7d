#include <array>

#include "bench/cublas_layer.h"
#include "bench/layers.h"
#include "bench/naive_linear.h"
#include "bench/on_gpu.h"

// The ladder of a stack, all layers of 15 masked generators on a batch of 512 rows, hidden 128, with dropout, forward
// and also back: naive kernels; our operations layer by layer, in float32 (tiled) and on tensor cores; one kernel
// forward and two back for all layers; and cuBLAS' grouped products with kernels for what follows them. Every rung must
// agree with the naive one before it is timed.

using namespace meg;

namespace {

constexpr int kRows = 512;
enum Way { kForward, kForwardAndBackward };

struct Operands {
  explicit Operands(Precision precision) : backend(make_backend(Device::kCuda, 0, precision)) {
    const auto take = [&](std::size_t width) {
      return memory.emplace_back(bench::random(*backend, kRows * width, memory.size())).data();
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
  const bench::StackLayers layers = bench::make_stack_layers();
  const Stack stack{layers.first, layers.hidden, layers.head, {0.1f, 5, 6}, {0.1f, 5, 7}};
  const Memory parameters = bench::random(*backend, layers.parameters, 99);
  Memory gradients = backend->allocate(layers.parameters);
  std::vector<Memory> memory;
  StackTape tape;
  cuda::Queue queue;
};

/// What the rungs of other kernels do, by theirs.
template <class Layer>
struct LayerByLayer {
  void forward() {
    first.forward({.activation = Activation::kRelu, .dropout = o.stack.first_dropout});
    hidden.forward(
        {.activation = Activation::kRelu, .dropout = o.stack.hidden_dropout, .residual = o.tape.a0, .sum = o.tape.h});
    head.forward({});
  }
  void backward() {
    head.backward_weight();
    head.backward_input({.output = o.tape.a1, .scale = o.stack.hidden_dropout.scale(), .masked = o.tape.da1});
    hidden.backward_weight();
    hidden.backward_input(
        {.residual = o.tape.dh, .output = o.tape.a0, .scale = o.stack.first_dropout.scale(), .masked = o.tape.da0});
    first.backward_weight();
  }

  Operands& o;
  Layer first, hidden, head;
};

class NaiveLayer {
 public:
  using At = bench::CublasLayer::At;
  NaiveLayer(cuda::Queue& queue, LinearGroups layer, int rows, const At& at, Precision)
      : queue_(queue), layer_(queue, layer), rows_(rows), at_(at) {}
  void forward(const ForwardTail& tail) {
    cuda::naive_linear_forward(queue_, layer_, rows_, at_.x, at_.parameters, tail, at_.y);
  }
  void backward_input(const BackwardTail& tail) {
    cuda::naive_linear_backward_input(queue_, layer_, rows_, at_.dy, at_.parameters, tail, at_.dx);
  }
  void backward_weight() { cuda::naive_linear_backward_weight(queue_, layer_, rows_, at_.x, at_.dy, at_.gradients); }

 private:
  cuda::Queue& queue_;
  cuda::DeviceLayer layer_;
  int rows_;
  At at_;
};

template <class Layer>
LayerByLayer<Layer> layer_by_layer(Operands& o, Precision precision) {
  const StackTape& t = o.tape;
  float *const p = o.parameters.data(), *const g = o.gradients.data();
  const auto layer = [&](LinearGroups groups, const bench::CublasLayer::At& at) {
    return Layer(o.queue, groups, kRows, at, precision);
  };
  return {o, layer(o.stack.first, {t.x, t.a0, t.da0, nullptr, p, g}),
          layer(o.stack.hidden, {t.a0, t.a1, t.da1, t.da0, p, g}),
          layer(o.stack.head, {t.h, t.heads, t.dheads, t.dh, p, g})};
}

/// Checks and times a rung, forward() and backward().
template <class Rung>
void measure(benchmark::State& state, Operands& o, Way way, Precision precision, Rung rung) {
  const Memory &heads = o.memory[4], &gradients = o.gradients;
  auto naive = layer_by_layer<NaiveLayer>(o, precision);
  const auto agrees = [&](const Memory& result, const auto& expected, const auto& run) {
    const auto after = [&](const auto& pass) {
      o.backend->fill(result.size(), 0.0f, result.data());
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

void naive(benchmark::State& state, Way way) {
  Operands o(Precision::kFp32);
  measure(state, o, way, Precision::kFp32, layer_by_layer<NaiveLayer>(o, Precision::kFp32));
}

void cublas(benchmark::State& state, Way way, Precision precision) {
  Operands o(precision);
  measure(state, o, way, precision, layer_by_layer<bench::CublasLayer>(o, precision));
}

/// Our operations: one a layer, tiled or on tensor cores.
void per_layer(benchmark::State& state, Way way, Precision precision) {
  struct Rung {
    void forward() { o.backend->Backend::stack_forward(o.stack, kRows, o.parameters.data(), o.tape); }
    void backward() {
      o.backend->Backend::stack_backward(o.stack, kRows, o.parameters.data(), o.tape, o.gradients.data());
    }
    Operands& o;
  };
  Operands o(precision);
  measure(state, o, way, precision, Rung{o});
}

/// Our operations: one for all.
void fused(benchmark::State& state, Way way, Precision precision) {
  struct Rung {
    void forward() { o.backend->stack_forward(o.stack, kRows, o.parameters.data(), o.tape); }
    void backward() { o.backend->stack_backward(o.stack, kRows, o.parameters.data(), o.tape, o.gradients.data()); }
    Operands& o;
  };
  Operands o(precision);
  measure(state, o, way, precision, Rung{o});
}

#define MEG_STACK_LADDER(way)                                                             \
  BENCHMARK_CAPTURE(naive, stack_##way, way)->UseRealTime();                              \
  BENCHMARK_CAPTURE(per_layer, stack_##way##_fp32, way, Precision::kFp32)->UseRealTime(); \
  BENCHMARK_CAPTURE(per_layer, stack_##way##_tf32, way, Precision::kTf32)->UseRealTime(); \
  BENCHMARK_CAPTURE(per_layer, stack_##way##_bf16, way, Precision::kBf16)->UseRealTime(); \
  BENCHMARK_CAPTURE(fused, stack_##way##_fp32, way, Precision::kFp32)->UseRealTime();     \
  BENCHMARK_CAPTURE(fused, stack_##way##_tf32, way, Precision::kTf32)->UseRealTime();     \
  BENCHMARK_CAPTURE(fused, stack_##way##_bf16, way, Precision::kBf16)->UseRealTime();     \
  BENCHMARK_CAPTURE(cublas, stack_##way##_fp32, way, Precision::kFp32)->UseRealTime();    \
  BENCHMARK_CAPTURE(cublas, stack_##way##_tf32, way, Precision::kTf32)->UseRealTime()

MEG_STACK_LADDER(kForward);
MEG_STACK_LADDER(kForwardAndBackward);

}  // namespace
