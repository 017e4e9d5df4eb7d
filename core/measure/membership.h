#pragma once
#include <cstddef>
#include <cstdint>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

struct MembershipOptions {
  std::uint64_t seed = 0;              ///< of the samples
  std::size_t real_rows = 5000;        ///< at most so many training rows, and as many held-out ones, are asked for
  std::size_t synthetic_rows = 20000;  ///< among at most so many synthetic rows
  int threads = 1;
};

/// Whether somebody who holds the synthetic table can tell who was in the training table.
struct Membership {
  std::size_t synthetic_rows = 0, real_rows = 0;  ///< of the samples: synthetic; training, and as many held-out
  /// The share of (training, held-out) pairs in which the training row is nearer to its closest synthetic row, ties
  /// counted half: 1/2 = nothing can be told, 1 = every training row is found.
  double auc = 0;
  double auc_error = 0;  ///< standard error of the AUC if nothing can be told
};

/// Membership inference by distance to the closest synthetic row (Chen et al., "GAN-Leaks", CCS 2020, full black box).
/// Distances are Gower's, see gower.h for the samples and the errors.
Membership membership(const Table& train, const Table& held_out, const Table& synthetic, const Schema& schema,
                      const MembershipOptions& options = {});

}  // namespace meg
