#include "bench/peak.h"
#include "core/nn/row_numbers.h"

using namespace meg;

namespace {

/// The noise of one batch of the classic preset (64 rows) and of a block of generated rows (1024).
void fill_normal(benchmark::State& state, int rows) {
  constexpr int kColumns = 100;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  const Memory out = backend->allocate(static_cast<std::size_t>(rows) * kColumns);
  std::uint64_t row = 0;
  bench::measure(state, *backend,
                 [&] { backend->fill_normal(1, Stream::kNoise, row += 64, rows, kColumns, out.data()); });
  state.SetItemsProcessed(state.iterations() * bench::operations(threads) * rows * kColumns);
  bench::report_bytes(state, 1.0 * sizeof(float) * rows * kColumns, threads);
}
BENCHMARK_CAPTURE(fill_normal, batch_64, 64)->Apply(bench::everywhere);
BENCHMARK_CAPTURE(fill_normal, batch_1024, 1024)->Apply(bench::everywhere);

void gather_rows(benchmark::State& state) {
  constexpr int kRows = 512, kColumns = 64, kTable = 32768;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = bench::backend_on(threads);
  const Memory table = backend->allocate(std::size_t{kTable} * kColumns), out = backend->allocate(kRows * kColumns);
  std::vector<std::uint32_t> index(kRows);
  for (std::uint32_t r = 0; r < kRows; ++r) index[r] = r * 7919 % kTable;
  const RowNumbers numbers(*backend, index);
  bench::measure(state, *backend,
                 [&] { backend->gather_rows(table.data(), numbers.data(), kRows, kColumns, out.data()); });
  bench::report_bytes(state, 2.0 * sizeof(float) * kRows * kColumns, threads);
}
BENCHMARK(gather_rows)->Apply(bench::everywhere);

}  // namespace
