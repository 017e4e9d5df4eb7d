#include "bench/peak.h"
#include "core/nn/backend.h"

using namespace meg;

namespace {

/// One step over the parameters of the classic preset's generators (52 thousand) and of a larger ensemble.
void adam(benchmark::State& state, std::size_t count) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  const Memory gradient = backend->allocate(count), parameter = backend->allocate(count),
               first = backend->allocate(count), second = backend->allocate(count);
  backend->fill_normal(1, Stream::kMeasure, 0, gradient);
  int step = 0;
  bench::measure(state, *backend, [&] {
    backend->adam(++step, {}, {.gradient = gradient, .parameter = parameter, .first = first, .second = second});
  });
  bench::report_bytes(state, 8.0 * sizeof(float) * static_cast<double>(count), threads);  // 4 read, 4 written
}
BENCHMARK_CAPTURE(adam, classic, 4 * (100 * 128 + 128 + 128 + 1))->Apply(bench::everywhere);
BENCHMARK_CAPTURE(adam, million, 1000000)->Apply(bench::everywhere);

}  // namespace
