#pragma once
#include "core/measure/context.h"
#include "core/measure/measured.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// Fidelity and diversity of synthetic rows, each in [0, 1], 1 = as real rows.
struct PrecisionRecall {
  Measured alpha_precision;  ///< do synthetic rows lie where real ones are dense?
  Measured beta_recall;      ///< are real rows covered by synthetic ones?
};

/// alpha-precision and beta-recall (Alaa et al., "How Faithful is your Synthetic Data?", ICML 2022) as
/// synthcity's AlphaPrecision computes them without its one-class network ("naive"), over 30 levels of alpha. Rows are
/// points: numbers scaled to [0, 1] by the real table's range, categories one-hot, as the papers of TabSyn and TabDiff
/// do; a missing number is the real mean and 1 in a coordinate of its own. Distances are Euclidean, all pairs of rows:
/// O(rows^2 columns), so the tables are to be samples. None where a table has too few rows (2 real, 1 synthetic).
PrecisionRecall precision_recall(const Table& real, const Table& synthetic, const Schema& schema, int threads = 1);

/// The same of samples, of so many rows of each table.
PrecisionRecall precision_recall(const MeasureContext& context);
std::size_t precision_recall_rows(const MeasureContext& context);

}  // namespace meg
