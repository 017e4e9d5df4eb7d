#pragma once
#include <span>

namespace meg {

/// Area under the ROC curve: the share of (positive, negative) pairs in which the positive row has the higher score,
/// ties counted half (the Mann-Whitney rank statistic; sklearn.metrics.roc_auc_score). `scores` and `positive` have one
/// element a row; positive where not 0. NaN where there are no positive or no negative rows.
double roc_auc(std::span<const double> scores, std::span<const int> positive);
/// Its standard error where nothing can be told, for two samples of `rows` each (of the Mann-Whitney statistic).
double roc_auc_error(std::size_t rows);

/// Mean of the one-versus-rest areas over the classes that occur, but not in every row, in `labels` (one a row, 0 to
/// classes - 1). `scores` is rows x classes, row by row. NaN where there is no such class.
double macro_roc_auc(std::span<const double> scores, std::span<const int> labels, int classes);

}  // namespace meg
