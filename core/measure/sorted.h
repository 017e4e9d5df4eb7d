#pragma once
#include <algorithm>
#include <span>
#include <vector>

namespace meg {

/// A sample in ascending order: the span itself where it is sorted already, so that a caller of several measures sorts
/// once, else a sorted copy. The span must outlive it.
class Sorted {
 public:
  explicit Sorted(std::span<const double> sample) : values_(sample) {
    if (std::is_sorted(sample.begin(), sample.end())) return;
    copy_.assign(sample.begin(), sample.end());
    std::sort(copy_.begin(), copy_.end());
    values_ = copy_;
  }
  Sorted(const Sorted&) = delete;
  Sorted& operator=(const Sorted&) = delete;

  std::span<const double> values() const { return values_; }

 private:
  std::vector<double> copy_;
  std::span<const double> values_;
};

}  // namespace meg
