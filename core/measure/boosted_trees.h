#pragma once
#include <memory>
#include <span>
#include <vector>

namespace meg {

/// Rows x columns numbers, row by row; NaN where one is missing.
struct FeatureMatrix {
  std::size_t rows = 0, columns = 0;
  std::vector<float> values;
};

struct TreeOptions {
  /// Values per row that are learned: 0 = one number (squared error), 2 = the probability of label 1 (logistic), more =
  /// the probabilities of the labels 0 to classes - 1 (softmax).
  int classes = 0;
  int rounds = 150;
  int depth = 5;
  double learning_rate = 0.1;
  double subsample = 1;           ///< share of the rows that a tree learns from
  double columns_by_tree = 1;     ///< share of the columns that it may use
  double least_child_weight = 1;  ///< sum of the second derivatives of a leaf's rows
};

/// Gradient-boosted trees by XGBoost, histogram method; the same as xgboost.XGBClassifier and XGBRegressor with these
/// options and their defaults else. On one thread: XGBoost's own wait for each other a thousand times a second, each
/// time for milliseconds where a core is busy with something else. Who learns several learns them side by side.
class BoostedTrees {
 public:
  /// Whether XGBoost's library was found: libxgboost.so, or what the environment variable MEG_XGBOOST names. Without it
  /// the constructor throws Error, saying kMissing. Thread-safe.
  static bool available();
  static constexpr const char* kMissing = "XGBoost was not found: install it (Debian: libxgboost0)";

  /// Learns `labels`, one a row of `features`. Throws Error with XGBoost's words where it fails.
  BoostedTrees(const FeatureMatrix& features, std::span<const float> labels, const TreeOptions& options);

  /// Rows x (classes > 2 ? classes : 1) values, row by row. `features` has the columns that were learned from.
  std::vector<double> predict(const FeatureMatrix& features) const;

 private:
  struct Free {
    void operator()(void* booster) const;
  };
  std::unique_ptr<void, Free> booster_;
};

}  // namespace meg
