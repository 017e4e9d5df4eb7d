#include "bench/adult.h"
#include "bench/peak.h"

using namespace meg;

namespace {

constexpr int kRows = 512;

struct Operands {
  explicit Operands(int threads)
      : backend(bench::backend_on(threads)),
        ensemble(bench::adult_columns(), {}),
        cells_memory(bench::adult_cells(*backend, layout, kRows)),
        parameters(bench::random(*backend, ensemble.parameters())),
        x_memory(bench::random(*backend, kRows * layout.size() * kFeatures)) {}

  std::unique_ptr<Backend> backend;
  MaskedEnsemble ensemble;
  const ColumnsLayout& layout = ensemble.layout();
  Memory cells_memory, parameters, x_memory;
  View cells = cells_memory.view(kRows, layout.cell_stride()), x = x_memory.view(kRows, layout.size() * kFeatures);
};

/// Bytes of one call: `numbers` of every cell, and what the cell itself takes.
double bytes(const Operands& o, double numbers) {
  return sizeof(float) * kRows * static_cast<double>(o.layout.size()) * (numbers + 3);
}

void features(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] {
    o.backend->features(o.layout, 0, static_cast<int>(o.layout.size()), o.cells, o.parameters, o.x);
  });
  bench::report_bytes(state, bytes(o, kEmbedding + kFeatures), threads);  // an embedding read, features written
}
BENCHMARK(features)->Apply(bench::everywhere);

void features_backward(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] {
    o.backend->features_backward(o.layout, static_cast<int>(o.layout.size()) - 1, o.cells, o.x, o.parameters);
  });
  bench::report_bytes(state, bytes(o, 3 * kEmbedding), threads);  // a gradient read, a sum read and written
}
BENCHMARK(features_backward)->Apply(bench::everywhere);

void hide_columns(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(threads);
  bench::measure(state, *o.backend, [&] { o.backend->hide_columns(1, 0, o.x); });
  const double features = kRows * static_cast<double>(o.layout.size()) * kFeatures;
  bench::report_bytes(state, 0.5 * sizeof(float) * features, threads);  // half of them are set to zero
}
BENCHMARK(hide_columns)->Apply(bench::everywhere);

}  // namespace
