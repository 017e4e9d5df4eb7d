#include "bench/adult.h"
#include "bench/peak.h"

using namespace meg;

namespace {

constexpr std::size_t kRows = 96, kGroups = 1000, kWidth = 128;  // of a table of 1,000 columns
constexpr std::size_t kUnits = kGroups * kWidth, kCount = kRows * kUnits;

struct Operands {
  explicit Operands(int threads)
      : backend(bench::backend_on(threads)), arena(backend->allocate(2 * kCount + kUnits + kRows * kWidth)) {
    for (const View normal : {x, bias}) backend->fill_normal(1, Stream::kMeasure, 0, normal);
  }

  std::unique_ptr<Backend> backend;
  Arena arena;
  View x = arena.take(kRows, kUnits), y = arena.take(kRows, kUnits), bias = arena.take(kGroups, kWidth),
       sum = arena.take(kRows, kWidth);
};

void running_sum_forward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] { o.backend->running_sum_forward(0, kGroups, o.x, o.bias, {}, o.sum, o.y); });
  bench::report_bytes(state, sizeof(float) * 2.0 * kCount, threads);
}
BENCHMARK(running_sum_forward)->Apply(bench::everywhere);

void running_sum_backward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] { o.backend->running_sum_backward(o.x, o.y, o.bias); });
  bench::report_bytes(state, sizeof(float) * 3.0 * kCount, threads);  // read twice, written once
}
BENCHMARK(running_sum_backward)->Apply(bench::everywhere);

void sum_of_others_forward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] { o.backend->sum_of_others_forward(0, kGroups, o.sum, o.x, o.bias, {}, o.y); });
  bench::report_bytes(state, sizeof(float) * 2.0 * kCount, threads);
}
BENCHMARK(sum_of_others_forward)->Apply(bench::everywhere);

void sum_of_others_backward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] { o.backend->sum_of_others_backward(o.x, o.y, o.bias); });
  bench::report_bytes(state, sizeof(float) * 4.0 * kCount, threads);  // read three times, written once
}
BENCHMARK(sum_of_others_backward)->Apply(bench::everywhere);

}  // namespace
