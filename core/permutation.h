#pragma once
#include <algorithm>
#include <vector>

namespace meg {

/// Whether `order` holds each of 0 ... size - 1 once.
template <class Integer>
bool is_permutation(const std::vector<Integer>& order) {
  std::vector<Integer> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<Integer>(i)) return false;
  return true;
}

}  // namespace meg
