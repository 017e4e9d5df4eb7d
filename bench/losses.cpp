#include "bench/peak.h"
#include "core/nn/backend.h"

using namespace meg;

namespace {

void bce_with_logits(benchmark::State& state, int rows) {
  const auto backend = make_backend(Device::kCpu, 1);
  const auto count = static_cast<std::size_t>(rows);
  const Memory logit = backend->allocate(count), gradient = backend->allocate(count), loss = backend->allocate(1);
  backend->fill_normal(1, Stream::kMeasure, 0, 1, rows, logit.data());
  for (auto _ : state) backend->bce_with_logits(rows, logit.data(), 1.0f, loss.data(), gradient.data());
  bench::report_bytes(state, 2.0 * sizeof(float) * rows, 1);
}
BENCHMARK_CAPTURE(bce_with_logits, batch_64, 64);
BENCHMARK_CAPTURE(bce_with_logits, batch_4096, 4096);

void add_square_sum(benchmark::State& state) {
  constexpr std::size_t kCount = 512 * 64;
  const auto backend = make_backend(Device::kCpu, 1);
  const Memory x = backend->allocate(kCount), sum = backend->allocate(1);
  backend->fill_normal(1, Stream::kMeasure, 0, 1, static_cast<int>(kCount), x.data());
  for (auto _ : state) backend->add_square_sum(kCount, 1.0f, x.data(), sum.data());
  bench::report_bytes(state, 1.0 * sizeof(float) * kCount, 1);
}
BENCHMARK(add_square_sum);

}  // namespace
