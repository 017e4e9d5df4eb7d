#pragma once
#include <cstddef>

#include "core/measure/closest_record.h"
#include "core/table/schema.h"
#include "core/table/table.h"

namespace meg {

/// Whether somebody who holds the synthetic table can tell who was in the training table.
struct Membership {
  std::size_t synthetic_rows = 0, real_rows = 0;  ///< of the samples: synthetic; training, and as many held-out
  /// The share of (training, held-out) pairs in which the training row is nearer to its closest synthetic row, ties
  /// counted half: 1/2 = nothing can be told, 1 = every training row is found.
  double auc = 0;
  double auc_error = 0;  ///< standard error of the AUC if nothing can be told
};

/// Membership inference by distance to the closest synthetic row (Chen et al., "GAN-Leaks", CCS 2020, full black box),
/// with the distance and the samples of closest_record(), and its errors.
Membership membership(const Table& train, const Table& held_out, const Table& synthetic, const Schema& schema,
                      const ClosestRecordOptions& options = {});

}  // namespace meg
