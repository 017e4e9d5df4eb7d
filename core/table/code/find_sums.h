#pragma once
#include <map>
#include <optional>
#include <vector>

#include "core/table/code/feature.h"

namespace meg {

/// The sum of up to three features with factors, or of up to eight columns, or the one quotient, that gives nearly all
/// cells of the target; nothing where none does.
std::optional<Relation> find_exact_sum(const Target& target, const std::vector<Feature>& features);

/// A sum and difference of columns that the target is off by few numbers, where it holds many itself: total = fare +
/// tip + tolls and one of five surcharges. Not one column that the target is always on the same side of.
std::optional<Relation> find_sum_off_by_few(const Target& target, const std::vector<Feature>& features);

/// Counts numbers, to say whether nearly all of them are few.
class FewNumbers {
 public:
  void add(double number) { ++count_[number]; }
  /// How many different ones nine tenths of them are.
  std::size_t of_most() const;
  bool are_few() const { return of_most() <= kMost; }
  /// The share that the kMost most frequent ones have.
  double share() const;
  static constexpr std::size_t kMost = 20;

 private:
  std::vector<std::size_t> counts() const;  // the largest first

  std::map<double, std::size_t> count_;
};

}  // namespace meg
