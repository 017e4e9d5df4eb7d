#pragma once
#include "core/measure/context.h"
#include "core/measure/measured.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

enum class TwoSampleClassifier { kLogistic, kTrees };

/// Whether a classifier can tell real from synthetic rows.
struct TwoSample {
  /// 1 - mean over 3 folds of 2 max(AUC, 1/2) - 1: 1 = cannot be told apart, 0 = always told apart.
  Measured score;
  /// Mean AUC of the folds; 1/2 = guessing.
  Measured auc;
};

/// Classifier two-sample test (Lopez-Paz & Oquab, ICLR 2017), scored like SDMetrics' detection metrics: real and
/// synthetic rows are labelled, and in each of 3 folds the rows are told apart by a classifier that learned from the
/// other two. The folds are a function of the rows' places alone.
/// - kLogistic: sklearn's LogisticRegression() on numbers and one-hot categories, standardized over both tables; a
///   missing number is the mean, and 1 in a column that says so.
/// - kTrees: XGBClassifier of 100 trees, depth 6, rate 0.3, on numbers and the places of sorted categories. No score,
///   with a sentence, where XGBoost is missing.
/// No score where a table has fewer than 4 rows or no column is left. `schema` is the real table's.
TwoSample two_sample(const Table& real, const Table& synthetic, const Schema& schema, TwoSampleClassifier classifier,
                     int threads = 1);

/// The same of samples, of at most so many rows of each table.
TwoSample two_sample_by_regression(const MeasureContext& context);
TwoSample two_sample_by_trees(const MeasureContext& context);
std::size_t two_sample_rows(const MeasureContext& context);

}  // namespace meg
