#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/measure/encoded_rows.h"

namespace meg {

/// Logistic regression of 0 / 1 labels on standardized coordinates: minimizes sum_r log(1 + exp(-y_r (b + w x_r))) +
/// |w|^2 / 2 with y in {-1, 1}, as sklearn's LogisticRegression() does behind its StandardScaler. Every coordinate is
/// brought to mean 0 and deviation 1 over all `rows`; a constant one is 0.
class LogisticRegression {
 public:
  /// Learns `labels`, one of each of `rows`, from the rows that `train` lists, by L-BFGS: until no gradient is above
  /// 1e-4, or 200 steps as in sklearn. `rows` must outlive it.
  LogisticRegression(const EncodedRows& rows, std::span<const int> labels, std::span<const std::size_t> train);

  /// b + w x of the rows that `chosen` lists: above 0 where label 1 is the likelier one.
  std::vector<double> predict(std::span<const std::size_t> chosen) const;

 private:
  /// Mean and 1 / deviation of every coordinate, all columns in turn.
  void standardize();
  std::vector<double> scores(std::span<const double> weights, std::span<const std::size_t> chosen) const;
  double loss(std::span<const double> weights, std::vector<double>& gradient) const;

  const EncodedRows& rows_;
  std::span<const int> labels_;
  std::span<const std::size_t> train_;
  std::vector<double> mean_, inverse_;
  std::vector<double> weights_;  // of every coordinate, then b
};

}  // namespace meg
