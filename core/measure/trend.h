#pragma once
#include <span>
#include <vector>

#include "core/measure/column_pair.h"

namespace meg {

/// How well a synthetic table keeps the dependence of two columns, in [0, 1], 1 = as in the real table.
struct Trend {
  std::size_t first = 0, second = 0;  ///< places of the columns, first < second
  double score = 0;
};

/// The trend of every pair of columns (SDMetrics' CorrelationSimilarity and ContingencySimilarity):
/// - both numeric: 1 - |Pearson of real - Pearson of synthetic| / 2; a pair whose correlation the real table leaves
///   undefined is passed over, one that only the synthetic table leaves undefined counts as 0 there;
/// - else 1 - the total variation distance of the two columns' joint codes.
/// The columns' numbers are centred in place, which no correlation depends on. O(columns^2 rows).
std::vector<Trend> trends(std::span<ColumnPair> columns, int threads = 1);

}  // namespace meg
