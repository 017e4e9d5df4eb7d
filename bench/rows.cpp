#include "bench/peak.h"
#include "core/nn/backend.h"

using namespace meg;

namespace {

/// The noise of one batch of the classic preset (64 rows) and of a block of generated rows (1024).
void fill_normal(benchmark::State& state, int rows) {
  constexpr int kColumns = 100;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = make_backend(Device::kCpu, threads);
  const Memory out = backend->allocate(static_cast<std::size_t>(rows) * kColumns);
  std::uint64_t row = 0;
  for (auto _ : state) backend->fill_normal(1, Stream::kNoise, row += 64, rows, kColumns, out.data());
  state.SetItemsProcessed(state.iterations() * rows * kColumns);
  bench::report_bytes(state, 1.0 * sizeof(float) * rows * kColumns, threads);
}
BENCHMARK_CAPTURE(fill_normal, batch_64, 64)->Apply(bench::one_and_all_threads);
BENCHMARK_CAPTURE(fill_normal, batch_1024, 1024)->Apply(bench::one_and_all_threads);

void gather_rows(benchmark::State& state) {
  constexpr int kRows = 512, kColumns = 64, kTable = 32768;
  const auto threads = static_cast<int>(state.range(0));
  const auto backend = make_backend(Device::kCpu, threads);
  const Memory table = backend->allocate(std::size_t{kTable} * kColumns), out = backend->allocate(kRows * kColumns);
  std::vector<std::uint32_t> index(kRows);
  for (std::uint32_t r = 0; r < kRows; ++r) index[r] = r * 7919 % kTable;
  for (auto _ : state) backend->gather_rows(table.data(), index.data(), kRows, kColumns, out.data());
  bench::report_bytes(state, 2.0 * sizeof(float) * kRows * kColumns, threads);
}
BENCHMARK(gather_rows)->Apply(bench::one_and_all_threads);

}  // namespace
