#include "bench/cublas_peak.h"
#include "bench/generation.h"
#include "bench/on_gpu.h"

// Generated rows a second of a GPU: into its memory, to the host, and as CSV text made by all of the host's threads.
// And a batch of few rows, as a step of the refinement draws it: all columns in one launch, or each in three.

using namespace meg;

namespace {

void gpu_generation(benchmark::State& state, bench::Upto upto, Precision precision) {
  constexpr std::size_t kRows = std::size_t{1} << 20;
  const auto backend = make_backend(Device::kCuda, 0, precision);
  bench::generation(state, *backend, upto, kRows, 0);
}

/// Of state.range(0) rows, whose cells are filled with -1 first. Columns are drawn one by one where cells may be known,
/// so here none is.
void draw_batch(benchmark::State& state, bool at_once, Precision precision) {
  const auto backend = make_backend(Device::kCuda, 0, precision);
  const MaskedEnsemble ensemble(bench::adult_columns(), {});
  std::vector<float> start(ensemble.parameters());
  ensemble.initialize(1, start);
  const Memory parameters = backend->allocate(start.size()), constants = backend->allocate(ensemble.constants());
  backend->upload(start, parameters);
  const auto rows = static_cast<int>(state.range(0));
  const auto passes = MaskedEnsemble::Passes::kBackward;
  Arena arena(backend->allocate(ensemble.tape_floats(rows, passes)));
  auto tape = ensemble.make_tape(arena, rows, passes);
  const auto count = static_cast<std::size_t>(rows);
  const Memory cells = backend->allocate(count * ensemble.layout().cell_stride()),
               view = backend->allocate(count * ensemble.layout().view_stride);
  const auto draw = [&](bool fills) {
    backend->begin_step();
    backend->fill(-1.0f, cells);
    ensemble.generate(*backend, {.seed = 1, .fills = fills}, parameters, constants, tape,
                      cells.view(count, ensemble.layout().cell_stride()),
                      view.view(count, ensemble.layout().view_stride));
    backend->end_step();
  };
  draw(true);
  const std::vector<float> by_column = bench::contents(*backend, cells);
  draw(false);
  if (bench::contents(*backend, cells) != by_column) return state.SkipWithError("the rows are not the same");
  const double flops = 2 * ensemble.multiply_adds() * rows;
  bench::time(state, flops, bench::gemm_peak(*backend, precision), [&] { draw(!at_once); });
}

#define MEG_DRAW_BATCH(precision)                                                   \
  BENCHMARK_CAPTURE(draw_batch, by_column_##precision, false, Precision::precision) \
      ->Arg(512)                                                                    \
      ->Arg(2048)                                                                   \
      ->UseRealTime();                                                              \
  BENCHMARK_CAPTURE(draw_batch, at_once_##precision, true, Precision::precision)->Arg(512)->Arg(2048)->UseRealTime()

MEG_DRAW_BATCH(kFp32);
MEG_DRAW_BATCH(kTf32);
MEG_DRAW_BATCH(kBf16);

#define MEG_GENERATION(precision)                                                                                   \
  BENCHMARK_CAPTURE(gpu_generation, device_##precision, bench::Upto::kDevice, Precision::precision)->UseRealTime(); \
  BENCHMARK_CAPTURE(gpu_generation, host_##precision, bench::Upto::kHost, Precision::precision)->UseRealTime();     \
  BENCHMARK_CAPTURE(gpu_generation, text_##precision, bench::Upto::kText, Precision::precision)->UseRealTime()

MEG_GENERATION(kFp32);
MEG_GENERATION(kTf32);
MEG_GENERATION(kBf16);

}  // namespace
