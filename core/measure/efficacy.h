#pragma once
#include <limits>
#include <string>
#include <string_view>

#include "core/measure/context.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

enum class EfficacyTask { kBinary, kMulticlass, kRegression };

/// The task's name in files and messages: "binary", "multiclass", "regression".
std::string_view task_name(EfficacyTask task);

/// How well boosted trees that learned from one table predict a column of another. What the task has not is NaN.
struct Efficacy {
  EfficacyTask task = EfficacyTask::kBinary;
  std::size_t train_rows = 0, test_rows = 0;  ///< rows with a target, learned from and predicted
  /// Binary: of the positive label. Multiclass: the mean of the classes, one versus the rest.
  double auc = std::numeric_limits<double>::quiet_NaN();
  /// Binary: of the positive label, predicted above probability 0.5. Multiclass: the mean of the classes.
  double f1 = std::numeric_limits<double>::quiet_NaN();
  double accuracy = std::numeric_limits<double>::quiet_NaN();  ///< of labels: the share of rows that are said rightly
  double macro_f1 = std::numeric_limits<double>::quiet_NaN();  ///< of labels: the mean of the classes' F1
  double rmse = std::numeric_limits<double>::quiet_NaN();  ///< regression: root mean square error, in the target's unit
  double r2 = std::numeric_limits<double>::quiet_NaN();    ///< regression: 1 - squared errors / variance of the target
};

/// Machine-learning efficacy: XGBoost learns `target` from all other columns of `train` (a synthetic table) that are
/// numeric or categorical, and predicts it in `test` (real rows). A numeric target with more than 20 different values
/// in `test` is a regression (300 trees of depth 6); else its values are labels (150 trees of depth 5), and of two the
/// positive one is the last in order (the larger number, "yes" of yes and no). Rows without a target are left out.
/// `schema` is the real table's. Throws Error where a table lacks a column, there is nothing to learn from, or `test`
/// has one target value only.
Efficacy efficacy(const Table& train, const Table& test, const Schema& schema, std::string_view target);

/// The same within one table, to know what a synthetic one can reach: in 3 folds, each predicted by trees that learned
/// from the other two; the scores are of all predictions together. A label's rows, or all rows of a regression, go to
/// the folds in turn.
Efficacy efficacy_within(const Table& real, const Schema& schema, std::string_view target, int threads = 1);

/// How well trees predict the target that learned from synthetic rows, and from real ones.
struct TargetEfficacy {
  std::string target;
  Efficacy synthetic, real;
};

/// Of samples. EvaluationOptions::test is asked, or else the real table.
TargetEfficacy target_efficacy(const MeasureContext& context);

}  // namespace meg
