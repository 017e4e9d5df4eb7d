#pragma once
#include <algorithm>

#include "core/model/masked_ensemble.h"
#include "core/table/coding.h"

namespace meg {

/// All that rows are made from and judged by. What it names must outlive it.
struct TrainedEnsemble {
  /// Rows of a pass: always so many, because a product of another shape rounds differently. So a row has the same bits
  /// whichever rows it is computed with.
  static constexpr int kRows = 256;

  Backend& backend;
  const MaskedEnsemble& ensemble;
  const TableCoding& coding;
  const float *parameters, *constants;  // on the device
};

/// Calls pass(row, stop) for rows [first_row, first_row + count) in order, cut where row numbers are whole blocks of
/// TrainedEnsemble::kRows.
template <class Pass>
void for_blocks(std::uint64_t first_row, std::size_t count, const Pass& pass) {
  constexpr std::uint64_t block = TrainedEnsemble::kRows;
  for (std::uint64_t row = first_row, end = first_row + count; row < end;) {
    const std::uint64_t stop = std::min(end, row / block * block + block);
    pass(row, stop);
    row = stop;
  }
}

}  // namespace meg
