#include <numeric>

#include "bench/generation.h"
#include "bench/peak.h"
#include "core/model/warm_up.h"

using namespace meg;

namespace {

constexpr int kBatch = 512, kPass = 256, kBlock = 16 * kPass;

/// One warm-up step of an ensemble for adult's columns. Counted are the products that happen, masked ones do not:
/// forward, gradient of the inputs (the first layer's too, for the embeddings) and of the weights, 2 flops each.
void warm_up_step(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = make_backend(Device::kCpu, threads);
  const MaskedEnsemble ensemble(bench::adult_columns(), {});
  const int row_count = 64 * kBatch;
  const Memory cells = bench::adult_cells(*backend, ensemble.layout(), row_count);
  std::vector<std::uint32_t> all(static_cast<std::size_t>(row_count));
  std::iota(all.begin(), all.end(), 0u);
  const TrainingRows rows{cells.data(), {*backend, all}, {}};
  std::vector<float> start(ensemble.parameters());
  ensemble.initialize(1, start);
  WarmUp warm_up(*backend, ensemble, rows, {.epochs = 100000, .batch_size = kBatch, .worthwhile = -1e9f}, start);
  for (auto _ : state) warm_up.step();
  state.SetItemsProcessed(state.iterations() * kBatch);
  bench::report_flops(state, 6 * ensemble.multiply_adds() * kBatch, threads);
}
BENCHMARK(warm_up_step)->Apply(bench::one_and_all_threads);

/// A block of generated rows in passes as `meg generate` makes them, 2 flops a multiply-add; drawing the cells is not
/// counted.
void generate(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = make_backend(Device::kCpu, threads);
  const MaskedEnsemble ensemble(bench::adult_columns(), {});
  std::vector<float> start(ensemble.parameters());
  ensemble.initialize(1, start);
  const Memory constants = backend->allocate(ensemble.constants()),
               cells = backend->allocate(kBlock * ensemble.layout().cell_stride());
  const auto passes_on = ensemble.forward_on(*backend);
  Arena arena(backend->allocate(static_cast<std::size_t>(threads) * ensemble.tape_floats(kPass, passes_on)));
  std::vector<MaskedEnsemble::Tape> tapes;
  for (int slot = 0; slot < threads; ++slot) tapes.push_back(ensemble.make_tape(arena, kPass, passes_on));
  std::uint64_t first_row = 0;
  for (auto _ : state) {
    backend->make_passes(kBlock / kPass, threads, [&](Backend& on, int slot, int i) {
      const std::size_t row = static_cast<std::size_t>(i) * kPass;
      ensemble.generate(on, kPass, {.first_row = first_row + row}, start.data(), constants.data(),
                        tapes[static_cast<std::size_t>(slot)], cells.data() + row * ensemble.layout().cell_stride(),
                        nullptr);
    });
    first_row += kBlock;
  }
  state.SetItemsProcessed(state.iterations() * kBlock);
  bench::report_flops(state, 2 * ensemble.multiply_adds() * kBlock, threads);
}
BENCHMARK(generate)->Name("generate_ensemble")->Apply(bench::one_and_all_threads);

/// Rows up to their numbers, and up to CSV text.
void generation(benchmark::State& state, bench::Upto upto) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = make_backend(Device::kCpu, threads);
  bench::generation(state, *backend, upto, 16 * kBlock, threads);
}
BENCHMARK_CAPTURE(generation, decoded, bench::Upto::kHost)->Apply(bench::one_and_all_threads);
BENCHMARK_CAPTURE(generation, text, bench::Upto::kText)->Apply(bench::one_and_all_threads);

}  // namespace
