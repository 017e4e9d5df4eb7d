#include "core/model/classic.h"

#include "bench/peak.h"

using namespace meg;

namespace {

constexpr int kColumns = 4, kBatch = 64, kNoise = 100, kHidden = 128;  // social_network_ads, the preset's defaults

/// Products of one step, in multiply-adds of one row: the generators run forward twice and compute weight gradients
/// once; what the four-column discriminator adds is left out.
constexpr double kStepMultiplyAdds = 3.0 * kColumns * (kNoise * kHidden + kHidden);

void training_step(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = make_backend(Device::kCpu, threads);
  ClassicEnsemble ensemble(*backend, kColumns, {});
  constexpr int kSteps = 100;  // an epoch of whole batches: what it costs to begin one hardly counts
  const Memory data = backend->allocate(kSteps * kBatch * kColumns);
  backend->fill_normal(1, Stream::kMeasure, 0, kSteps * kBatch, kColumns, data.data());
  for (auto _ : state) ensemble.train({data.data(), data.size()}, kSteps * kBatch, ensemble.epochs_done() + 1, nullptr);
  state.SetItemsProcessed(state.iterations() * kSteps);
  bench::report_flops(state, 2 * kStepMultiplyAdds * kBatch * kSteps, threads);
}
BENCHMARK(training_step)->Name("100_training_steps")->Apply(bench::one_and_all_threads);

void generate(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = make_backend(Device::kCpu, threads);
  const ClassicEnsemble ensemble(*backend, kColumns, {});
  constexpr int kRows = 16384;
  std::vector<float> out(std::size_t{kRows} * kColumns);
  for (auto _ : state) ensemble.generate(1, 0, kRows, out);
  state.SetItemsProcessed(state.iterations() * kRows);
  bench::report_flops(state, 2.0 * kColumns * (kNoise * kHidden + kHidden) * kRows, threads);
}
BENCHMARK(generate)->Apply(bench::one_and_all_threads);

}  // namespace
