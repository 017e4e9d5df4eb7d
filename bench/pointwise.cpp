#include "bench/peak.h"
#include "core/nn/backend.h"

using namespace meg;

namespace {

constexpr std::size_t kCount = std::size_t{512} * 15 * 128;  // hidden units of 15 generators, batch 512

/// Three operands of kCount floats and a backend.
struct Operands {
  explicit Operands(int threads) : backend(bench::backend_on(threads)) {
    for (Memory* memory : {&a, &b, &c}) {
      *memory = backend->allocate(kCount);
      backend->fill_normal(1, Stream::kMeasure, 0, *memory);
    }
  }
  std::unique_ptr<Backend> backend;
  Memory a, b, c;
};

void activation_backward(benchmark::State& state, Activation activation) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] { o.backend->activation_backward(activation, o.a, o.b, o.c); });
  bench::report_bytes(state, 3.0 * sizeof(float) * kCount, threads);
}
BENCHMARK_CAPTURE(activation_backward, relu, Activation::kRelu)->Apply(bench::everywhere);
BENCHMARK_CAPTURE(activation_backward, tanh, Activation::kTanh)->Apply(bench::everywhere);

void dropout(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  std::uint64_t step = 0;
  bench::measure(state, *o.backend, [&] { o.backend->dropout({0.01f, 1, ++step}, o.a); });
  bench::report_bytes(state, 2.0 * sizeof(float) * kCount, threads);
}
BENCHMARK(dropout)->Apply(bench::everywhere);

void add_scaled(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] { o.backend->add_scaled(0.5f, o.a, 0.5f, o.b); });
  bench::report_bytes(state, 3.0 * sizeof(float) * kCount, threads);
}
BENCHMARK(add_scaled)->Apply(bench::everywhere);

}  // namespace
