#include "bench/adult.h"
#include "bench/peak.h"
#include "core/nn/row_numbers.h"

using namespace meg;

namespace {

/// The noise of one batch of the classic preset (64 rows) and of a pass of generated rows (256).
void fill_normal(benchmark::State& state, int rows) {
  constexpr int kColumns = 100;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  const Memory out = backend->allocate(static_cast<std::size_t>(rows) * kColumns);
  std::uint64_t row = 0;
  const View numbers = out.view(static_cast<std::size_t>(rows), kColumns);
  bench::measure(state, *backend, [&] { backend->fill_normal(1, Stream::kNoise, row += 64, numbers); });
  state.SetItemsProcessed(state.iterations() * bench::operations(threads) * rows * kColumns);
  bench::report_bytes(state, 1.0 * sizeof(float) * rows * kColumns, threads);
}
BENCHMARK_CAPTURE(fill_normal, batch_64, 64)->Apply(bench::everywhere);
BENCHMARK_CAPTURE(fill_normal, batch_256, 256)->Apply(bench::everywhere);

/// The order of an epoch of adult.
void shuffle_rows(benchmark::State& state) {
  constexpr std::size_t kRows = 32561;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  const RowNumbers out(*backend, kRows);
  std::uint64_t epoch = 0;
  bench::measure(state, *backend, [&] { backend->shuffle_rows(1, ++epoch, {nullptr, kRows}, out.view()); });
  bench::report_bytes(state, 1.0 * sizeof(std::uint32_t) * kRows, threads);
}
BENCHMARK(shuffle_rows)->Apply(bench::everywhere);

/// The rows of a batch of the refinement.
void draw_rows(benchmark::State& state) {
  constexpr int kRows = 512;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  const RowNumbers out(*backend, kRows);
  std::uint64_t step = 0;
  bench::measure(state, *backend, [&] {
    backend->draw_rows(1, Stream::kRefinement, ++step, {nullptr, 32561}, out.view());
  });
  bench::report_bytes(state, 1.0 * sizeof(std::uint32_t) * kRows, threads);
}
BENCHMARK(draw_rows)->Apply(bench::everywhere);

/// A pass of the classic preset's rows, on a grid.
void unscale(benchmark::State& state) {
  constexpr int kRows = 8192;
  constexpr std::size_t kColumns = 16, kCount = kRows * kColumns;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  std::vector<PlacedColumn> columns;
  for (std::size_t c = 0; c < kColumns; ++c)
    columns.push_back({{.low = -1, .high = 1, .step = 1e-3}, kColumns - 1 - c});
  const Memory x = bench::random(*backend, kCount), number = backend->allocate(2 * kCount);
  bench::measure(state, *backend,
                 [&] { backend->unscale(columns, x.view(kRows, kColumns), number.view_as<double>(kRows, kColumns)); });
  bench::report_bytes(state, 1.0 * (sizeof(float) + sizeof(double)) * kCount, threads);
}
BENCHMARK(unscale)->Apply(bench::everywhere);

void gather_rows(benchmark::State& state) {
  constexpr int kRows = 512, kColumns = 64, kTable = 32768;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  const Memory table = backend->allocate(std::size_t{kTable} * kColumns), out = backend->allocate(kRows * kColumns);
  std::vector<std::uint32_t> index(kRows);
  for (std::uint32_t r = 0; r < kRows; ++r) index[r] = r * 7919 % kTable;
  const RowNumbers numbers(*backend, index);
  bench::measure(state, *backend, [&] {
    backend->gather_rows(table.view(kTable, kColumns), numbers.view(), out.view(kRows, kColumns));
  });
  bench::report_bytes(state, 2.0 * sizeof(float) * kRows * kColumns, threads);
}
BENCHMARK(gather_rows)->Apply(bench::everywhere);

}  // namespace
