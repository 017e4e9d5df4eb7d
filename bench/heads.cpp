#include "bench/adult.h"
#include "bench/peak.h"

using namespace meg;

namespace {

constexpr std::size_t kRows = 512;

struct Operands {
  explicit Operands(int threads)
      : backend(bench::backend_on(threads)),
        ensemble(bench::adult_columns(), {}),
        cells_memory(bench::adult_cells(*backend, layout, kRows)),
        constants(backend->allocate(ensemble.constants())),
        arena(backend->allocate(Arena::floats([this](Arena& from) { take(from); }))) {
    take(arena);
    for (const View normal : {heads, view}) backend->fill_normal(1, Stream::kMeasure, 0, normal);
  }

  void take(Arena& from) {
    heads = from.take(kRows, layout.head_stride), dheads = from.take(kRows, layout.head_stride);
    view = from.take(kRows, layout.view_stride), loss = from.take(kRows, layout.size());
  }

  /// GB/s of `numbers` of every row, and how many elements of the heads went through.
  void report(benchmark::State& state, std::size_t numbers, int threads) const {
    state.SetItemsProcessed(state.iterations() * bench::operations(threads) *
                            static_cast<std::int64_t>(kRows * layout.head_stride));
    bench::report_bytes(state, static_cast<double>(sizeof(float) * kRows * numbers), threads);
  }

  std::unique_ptr<Backend> backend;
  MaskedEnsemble ensemble;
  const ColumnsLayout& layout = ensemble.layout();
  Memory cells_memory, constants;
  Arena arena;
  View cells = cells_memory.view(kRows, layout.cell_stride()), heads, dheads, view, loss;
};

void heads_loss(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] { o.backend->heads_loss(o.layout, o.heads, o.cells, 1.0f, o.loss, o.dheads); });
  o.report(state, 2 * o.layout.head_stride + 3 * o.layout.size(), threads);
}
BENCHMARK(heads_loss)->Apply(bench::everywhere);

void sample_columns(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  Draw draw;
  bench::measure(state, *o.backend, [&] {
    for (int j = 0; j < static_cast<int>(o.layout.size()); ++j)
      o.backend->sample_column(o.layout, j, o.heads, o.constants, draw, o.cells, o.view);
    draw.first_row += kRows;
  });
  o.report(state, o.layout.head_stride + 3 * o.layout.size() + o.layout.view_stride, threads);
}
BENCHMARK(sample_columns)->Apply(bench::everywhere);

void sample_backward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend,
                 [&] { o.backend->sample_backward(o.layout, o.heads, o.cells, {}, o.view, o.dheads); });
  o.report(state, 2 * o.layout.head_stride + 3 * o.layout.size() + o.layout.view_stride, threads);
}
BENCHMARK(sample_backward)->Apply(bench::everywhere);

}  // namespace
