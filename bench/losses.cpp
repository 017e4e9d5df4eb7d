#include "bench/peak.h"
#include "core/nn/backend.h"

using namespace meg;

namespace {

void bce_with_logits(benchmark::State& state, int rows) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  const auto count = static_cast<std::size_t>(rows);
  const Memory logit = backend->allocate(count), gradient = backend->allocate(count), loss = backend->allocate(1);
  backend->fill_normal(1, Stream::kMeasure, 0, logit);
  bench::measure(state, *backend, [&] { backend->bce_with_logits(count, logit, loss.data(), gradient); });
  bench::report_bytes(state, 2.0 * sizeof(float) * rows, threads);
}
BENCHMARK_CAPTURE(bce_with_logits, batch_64, 64)->Apply(bench::everywhere);
BENCHMARK_CAPTURE(bce_with_logits, batch_4096, 4096)->Apply(bench::everywhere);

void add_square_sum(benchmark::State& state) {
  constexpr std::size_t kCount = 512 * 64;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  const Memory x = backend->allocate(kCount), sum = backend->allocate(1);
  backend->fill_normal(1, Stream::kMeasure, 0, x);
  bench::measure(state, *backend, [&] { backend->add_square_sum(1.0f, x, sum.data()); });
  bench::report_bytes(state, 1.0 * sizeof(float) * kCount, threads);
}
BENCHMARK(add_square_sum)->Apply(bench::everywhere);

}  // namespace
