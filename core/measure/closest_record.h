#pragma once
#include <cstdint>
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

struct ClosestRecordOptions {
  std::uint64_t seed = 0;             ///< of the samples
  std::size_t synthetic_rows = 5000;  ///< at most so many ask for their nearest record
  std::size_t real_rows = 20000;      ///< among at most so many training rows, and as many held-out ones
  int threads = 1;
};

/// How near the synthetic rows come to the rows of one real table.
struct Nearness {
  double median_distance = 0;     ///< to the nearest row, in [0, 1]
  double median_ratio = 0;        ///< of the distances to the nearest and to the second nearest row; 1 where both are 0
  double identical = 0;           ///< share of synthetic rows that equal one of them
  std::vector<double> distances;  ///< to the nearest row, of every synthetic row of the sample
};

/// Whether a synthetic table copies the rows it was learned from.
struct ClosestRecord {
  std::size_t synthetic_rows = 0, real_rows = 0;  ///< of the samples: synthetic; training, and as many held-out
  /// Share of synthetic rows nearer to a training row than to any held-out one, ties counted half: 0.5 where training
  /// rows are no nearer than rows that the model has not seen, 1 where it repeats them.
  double share = 0;
  /// Standard error of the share if training and held-out rows were alike, so that a draw might have decided which is
  /// which: a share within two of these from 0.5 says nothing against the model.
  double share_error = 0;
  Nearness train, held_out;
};

/// Distance to closest record against held-out rows (Platzer & Reutterer, "Holdout-based empirical assessment of
/// mixed-type synthetic data", Frontiers in Big Data 2021); the ratio is that of Zhao et al., "CTAB-GAN", ACML 2021.
///
/// The distance of two rows is Gower's, as the mean over the columns, in [0, 1]: see gower.h.
///
/// Where there are more training than held-out rows, a copied row counts only if its original is in the sample: copies
/// of all of them make a share of 0.5 + 0.5 real_rows / train.rows(), 1 where the held-out table is as large.
///
/// The samples are functions of the seed and the numbers of rows; training and held-out ones are of one size, for the
/// larger of two is nearer by chance. `schema` is the training table's. Throws Error where a table lacks a column, no
/// column is left, a real table has fewer than two rows, or there is no synthetic row.
ClosestRecord closest_record(const Table& train, const Table& held_out, const Table& synthetic, const Schema& schema,
                             const ClosestRecordOptions& options = {});

}  // namespace meg
