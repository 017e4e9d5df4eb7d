#include "bench/adult.h"
#include "bench/peak.h"

using namespace meg;

namespace {

constexpr int kRows = 96;
constexpr Vectors kUnits{1000, 128};  // of a table of 1,000 columns
constexpr std::size_t kCount = std::size_t{kRows} * kUnits.groups * kUnits.width;

struct Operands {
  explicit Operands(int threads)
      : backend(bench::backend_on(threads)),
        x(bench::random(*backend, kCount)),
        y(backend->allocate(kCount)),
        bias(bench::random(*backend, std::size_t{kUnits.groups} * kUnits.width)),
        sum(backend->allocate(std::size_t{kRows} * kUnits.width)) {}

  std::unique_ptr<Backend> backend;
  Memory x, y, bias, sum;
};

void running_sum_forward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] {
    o.backend->running_sum_forward(kUnits, 0, kUnits.groups, kRows, o.x.data(), o.bias.data(), {}, o.sum.data(),
                                   o.y.data());
  });
  bench::report_bytes(state, sizeof(float) * 2.0 * kCount, threads);
}
BENCHMARK(running_sum_forward)->Apply(bench::everywhere);

void running_sum_backward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend,
                 [&] { o.backend->running_sum_backward(kUnits, kRows, o.x.data(), o.y.data(), o.bias.data()); });
  bench::report_bytes(state, sizeof(float) * 3.0 * kCount, threads);  // read twice, written once
}
BENCHMARK(running_sum_backward)->Apply(bench::everywhere);

void sum_of_others_forward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] {
    o.backend->sum_of_others_forward(kUnits, 0, kUnits.groups, kRows, o.sum.data(), o.x.data(), o.bias.data(), {},
                                     o.y.data());
  });
  bench::report_bytes(state, sizeof(float) * 2.0 * kCount, threads);
}
BENCHMARK(sum_of_others_forward)->Apply(bench::everywhere);

void sum_of_others_backward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend,
                 [&] { o.backend->sum_of_others_backward(kUnits, kRows, o.x.data(), o.y.data(), o.bias.data()); });
  bench::report_bytes(state, sizeof(float) * 4.0 * kCount, threads);  // read three times, written once
}
BENCHMARK(sum_of_others_backward)->Apply(bench::everywhere);

}  // namespace
