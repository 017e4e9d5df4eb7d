#pragma once
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

}  // namespace meg
