#pragma once
#include "core/model/ensemble/warm_up.h"
#include "tests/columns.h"

namespace test {

/// Cells of a first column of four codes, a second that follows from it, and z around -1 or 1 by the first: in nats the
/// row's entropy is log 4 + log(sqrt(2 pi e) / 2).
inline Floats related_cells(int rows) {
  const meg::Philox philox(31, meg::Stream::kMeasure);
  Floats cells;
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    const float a = static_cast<float>(philox.bits(r, 0)[0] % 4),
                z = (a < 2 ? -1.0f : 1.0f) + 0.5f * philox.normal(r, 1)[0];
    for (const float x : {a, 3 - a, 0.0f, 0.0f, 0.0f, z, -1.0f, -1.0f, 7.5f + 2 * z}) cells.push_back(x);
  }
  return cells;
}

inline const std::vector<Column> kRelatedColumns{{4}, {4}, {1, true}};

/// A warm-up on related rows, every tenth held out.
struct Related {
  explicit Related(int epochs, int row_count = 2000, bool any_order = false,
                   meg::MaskedEnsemble::FirstLayer first = meg::MaskedEnsemble::FirstLayer::kOwn,
                   std::unique_ptr<meg::Backend> on = meg::make_backend(meg::Device::kCpu, 2))
      : backend(std::move(on)),
        ensemble(layout_of(kRelatedColumns), {.hidden = 32, .dropout = 0.1f, .first = first, .any_order = any_order}),
        cells(related_cells(row_count)) {
    std::vector<std::uint32_t> train, held_out;
    for (std::uint32_t r = 0; r < static_cast<std::uint32_t>(row_count); ++r)
      (r % 10 == 0 ? held_out : train).push_back(r);
    rows = {meg::ConstView(cells).reshaped(static_cast<std::size_t>(row_count), ensemble.layout().cell_stride()),
            {*backend, train},
            {*backend, held_out}};
    start.resize(ensemble.parameters());
    ensemble.initialize(1, start);
    options.epochs = epochs, options.batch_size = 64, options.rate = 1e-2f, options.average_decay = 0.95f;
  }
  meg::WarmUp warm_up() { return meg::WarmUp(*backend, ensemble, rows, options, start); }

  std::unique_ptr<meg::Backend> backend;
  meg::MaskedEnsemble ensemble;
  Floats cells, start;
  meg::TrainingRows rows;
  meg::WarmUpOptions options;
};

}  // namespace test
