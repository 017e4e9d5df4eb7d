#include <numeric>

#include "bench/generation.h"
#include "bench/peak.h"
#include "core/model/ensemble/refinement.h"

using namespace meg;

namespace {

constexpr int kBatch = 512, kPass = 256, kBlock = 16 * kPass;

/// An ensemble for adult's columns, and rows that it learns from. On a GPU products are rounded as `meg train` does.
struct Training {
  explicit Training(benchmark::State& of) : state(of), all(kRows) {
    std::iota(all.begin(), all.end(), 0u);
    rows = {cells.view(kRows, ensemble.layout().cell_stride()), {*backend, all}, {}};
    ensemble.initialize(1, start);
  }
  /// Times step(), and reports products of so many multiply-adds a row and step.
  template <class Step>
  void time(double multiply_adds, const Step& step) {
    const int count = threads == bench::kGpu ? 100 : 4;  // as many of every kind
    const Memory one = backend->allocate(1);
    float there = 0;
    for (int i = 0; i < 4; ++i) step();
    backend->download(one, {&there, 1});
    for (auto _ : state) {
      for (int i = 0; i < count; ++i) step();
      backend->download(one, {&there, 1});
    }
    state.SetItemsProcessed(state.iterations() * count * kBatch);
    using benchmark::Counter;
    state.counters["step_us"] = Counter(1e-6 * count, Counter::kIsIterationInvariantRate | Counter::kInvert);
    bench::report_flops(state, 2 * multiply_adds * kBatch * count, threads);
  }

  static constexpr int kRows = 64 * kBatch;
  benchmark::State& state;
  const int threads = static_cast<int>(state.range(0));
  const std::unique_ptr<Backend> backend = bench::backend_on(threads, Precision::kTf32);
  const MaskedEnsemble ensemble{bench::adult_columns(), {}};
  const Memory cells = bench::adult_cells(*backend, ensemble.layout(), kRows);
  std::vector<std::uint32_t> all;
  TrainingRows rows{};
  std::vector<float> start = std::vector<float>(ensemble.parameters());
};

/// A step of the warm-up. Counted are the products that happen, masked ones do not: forward, gradient of the inputs
/// (the first layer's too, for the embeddings) and of the weights.
void warm_up_step(benchmark::State& state) {
  Training t(state);
  const WarmUpOptions options{.epochs = 1'000'000, .batch_size = kBatch, .worthwhile = -1e9f};
  WarmUp warm_up(*t.backend, t.ensemble, t.rows, options, t.start);
  t.time(3 * t.ensemble.multiply_adds(), [&] { warm_up.step(); });
}
BENCHMARK(warm_up_step)->Apply(bench::everywhere);

/// A step of the refinement, of the discriminator alone or of both networks, every fourth with the gradient penalty.
/// Of the products that happen these are counted: the discriminator's of two batches, forward and of the gradients of
/// weights and hidden units; where the generators learn, theirs of a batch of rows to judge, forward and twice as much
/// back, and of one of real rows, and the discriminator's verdict, forward and back to its inputs. The penalty is not.
void refinement_step(benchmark::State& state, bool alone) {
  Training t(state);
  const Memory constants = t.backend->allocate(t.ensemble.constants()), start = t.backend->allocate(t.start.size());
  t.backend->upload(t.start, start);
  constexpr int kMany = 1'000'000'000;
  const RefinementOptions options{
      .steps = alone ? 0 : kMany, .discriminator_first = alone ? kMany : 0, .batch_size = kBatch};
  Refinement refinement(*t.backend, t.ensemble, t.rows, constants, options, start);
  const double view = static_cast<double>(t.ensemble.layout().view_stride), hidden = 256,
               judge = view * hidden + hidden * hidden + hidden;
  const double learns = 2 * (2 * judge + judge - view * hidden), generates = 6 * t.ensemble.multiply_adds() + 2 * judge;
  t.time(learns + (alone ? 0 : generates), [&] { refinement.step(); });
}
BENCHMARK_CAPTURE(refinement_step, discriminator, true)->Apply(bench::everywhere);
BENCHMARK_CAPTURE(refinement_step, both, false)->Apply(bench::everywhere);

/// A block of generated rows in passes as `meg generate` makes them, 2 flops a multiply-add; drawing the cells is not
/// counted.
void generate(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = make_backend(Device::kCpu, threads);
  const MaskedEnsemble ensemble(bench::adult_columns(), {});
  std::vector<float> start(ensemble.parameters());
  ensemble.initialize(1, start);
  const Memory constants = backend->allocate(ensemble.constants()),
               memory = backend->allocate(kBlock * ensemble.layout().cell_stride());
  const View cells = memory.view(kBlock, ensemble.layout().cell_stride());
  const auto passes_on = ensemble.forward_on(*backend);
  Arena arena(backend->allocate(static_cast<std::size_t>(threads) * ensemble.tape_floats(kPass, passes_on)));
  std::vector<MaskedEnsemble::Tape> tapes;
  for (int slot = 0; slot < threads; ++slot) tapes.push_back(ensemble.make_tape(arena, kPass, passes_on));
  std::uint64_t first_row = 0;
  for (auto _ : state) {
    backend->make_passes(kBlock / kPass, threads, [&](Backend& on, int slot, int i) {
      const std::size_t row = static_cast<std::size_t>(i) * kPass;
      ensemble.generate(on, {.first_row = first_row + row}, start, constants, tapes[static_cast<std::size_t>(slot)],
                        cells.row_range(row, kPass), {});
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
