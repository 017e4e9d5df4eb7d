#include "core/model/classic/classic.h"

#include "bench/adult.h"
#include "bench/peak.h"

using namespace meg;

namespace {

constexpr int kColumns = 4, kBatch = 64, kNoise = 100, kHidden = 128;  // social_network_ads, the preset's defaults

/// Products of one step, in multiply-adds of one row: the generators run forward twice and compute weight gradients
/// once; what the four-column discriminator adds is left out.
constexpr double kStepMultiplyAdds = 3.0 * kColumns * (kNoise * kHidden + kHidden);

/// `epochs` of `steps` whole batches, and the time of a step. On a GPU at most `at_once` steps are one launch; 0: a
/// step is a graph of its operations.
void training_steps(benchmark::State& state, int epochs, int steps) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  ClassicOptions options;
  options.steps_at_once = static_cast<int>(state.range(1));
  ClassicEnsemble ensemble(*backend, kColumns, options);
  const int rows = steps * kBatch, all = epochs * steps;
  const Memory normal = bench::random(*backend, static_cast<std::size_t>(rows) * kColumns);
  std::vector<float> data(normal.size());
  backend->download(normal, data);
  for (auto _ : state) ensemble.train(data, rows, ensemble.epochs_done() + epochs, nullptr);
  state.SetItemsProcessed(state.iterations() * all);
  state.counters["step_us"] =
      benchmark::Counter(1e-6 * all, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  bench::report_flops(state, 2 * kStepMultiplyAdds * kBatch * all, threads);
}
/// The CPU takes its steps one by one, a GPU does in both ways.
void both_ways(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"threads", "at_once"})->UseRealTime()->Args({1, 0});
  if (bench::all_threads() > 1) benchmark->Args({bench::all_threads(), 0});
  bench::gpu_registrations().push_back([benchmark] { benchmark->Args({bench::kGpu, 0})->Args({bench::kGpu, 256}); });
}
BENCHMARK_CAPTURE(training_steps, one_epoch, 1, 100)->Name("100_training_steps")->Apply(both_ways);
BENCHMARK_CAPTURE(training_steps, ads, 100, 7)->Name("100_epochs_of_social_network_ads")->Apply(both_ways);

/// Rows as numbers in memory, as `meg generate` makes them before they are text.
void generate(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = make_backend(Device::kCpu, threads);
  const ClassicEnsemble ensemble(*backend, kColumns, {});
  constexpr int kRows = 16384;
  const int rows = ensemble.rows_of_pass(kRows);
  const std::vector<PlacedColumn> columns(kColumns, {{.low = -1, .high = 1, .step = 1e-3}, 0});
  std::vector<double> numbers(std::size_t{kRows} * kColumns);
  std::vector<ClassicEnsemble::Slot> slots;
  for (int slot = 0; slot < threads; ++slot) slots.push_back(ensemble.make_slot(rows));
  for (auto _ : state)
    backend->make_passes(kRows / rows, threads, [&](Backend& on, int slot, int i) {
      const auto first = static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(rows);
      const ConstView x = ensemble.generate(on, 1, first, slots[static_cast<std::size_t>(slot)]);
      on.unscale(columns, x, {&numbers[first * kColumns], x.rows(), kColumns, Device::kCpu});
    });
  state.SetItemsProcessed(state.iterations() * kRows);
  bench::report_flops(state, 2.0 * kColumns * (kNoise * kHidden + kHidden) * kRows, threads);
}
BENCHMARK(generate)->Apply(bench::one_and_all_threads);

}  // namespace
