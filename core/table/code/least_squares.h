#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "core/table/code/feature.h"

namespace meg {

/// Counts the cells that a relation gives, and of them those that do not hold the column's most frequent number.
class Hits {
 public:
  explicit Hits(double common) : common_(common) {}
  void add(double number, double predicted, double step);
  double share() const { return static_cast<double>(hits_) / static_cast<double>(std::max<std::size_t>(all_, 1)); }
  /// Whether the relation is exact: it gives nearly all cells of both kinds, and there are enough to say so.
  bool are_enough() const;

 private:
  double common_;
  std::size_t all_ = 0, hits_ = 0, uncommon_ = 0, uncommon_hits_ = 0;
};

/// A sum of features with factors, beside the target that it is to give, which must outlive it.
class Sum {
 public:
  /// Least squares, of which the quarter of rows that are furthest off is left out twice.
  Sum(const Target& target, Features features);

  /// Rounds the factors to few digits, and the offset to 0, where that gives about as many cells.
  void simplify();

  const Features& features() const { return features_; }
  /// Whether the last term moves the sum by less than a step of the grid: it only turns how some cells are rounded.
  bool ends_in_rounding() const;
  const Hits& hits() const { return hits_; }
  /// What it leaves of the target.
  std::vector<double> rest() const;
  Relation relation() const;

 private:
  double at(std::size_t i) const;
  /// Half of the cells are above it.
  void set_offset();
  void count();

  const Target* target_;
  Features features_;
  std::vector<double> factors_;
  double offset_ = 0;
  Hits hits_{0};
};

/// How much of `left`, one number a row of the target, a factor times the feature is.
double explained(const Feature& feature, const Target& target, std::span<const double> left);
/// Of distances from the mean.
double square_sum(std::span<const double> numbers);

}  // namespace meg
