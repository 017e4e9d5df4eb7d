#include "core/measure/diagnostic.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "meg/error.h"

namespace meg {

namespace {

constexpr const char* kNoReal = "the real column has no value";
constexpr const char* kNoSynthetic = "the synthetic column has no value";

void check_counts(std::span<const double> real, std::span<const double> synthetic) {
  if (real.size() != synthetic.size())
    fail("coverage of {} and of {} categories: they must be the same", real.size(), synthetic.size());
}

}  // namespace

Measured range_coverage(std::span<const double> real, std::span<const double> synthetic) {
  if (real.empty()) return Measured::none(kNoReal);
  if (synthetic.empty()) return Measured::none(kNoSynthetic);
  const auto [low, high] = std::minmax_element(real.begin(), real.end());
  if (*low == *high) return Measured::none("the real column is constant, so it has no range");
  const auto [reached_low, reached_high] = std::minmax_element(synthetic.begin(), synthetic.end());
  const double range = *high - *low;
  return std::max(0.0,
                  1 - std::max(0.0, (*reached_low - *low) / range) - std::max(0.0, (*high - *reached_high) / range));
}

Measured category_coverage(std::span<const double> real, std::span<const double> synthetic) {
  check_counts(real, synthetic);
  double categories = 0, covered = 0;
  for (std::size_t k = 0; k < real.size(); ++k) {
    if (real[k] == 0) continue;
    ++categories;
    covered += synthetic[k] > 0;
  }
  return categories > 0 ? Measured(covered / categories) : Measured::none(kNoReal);
}

Measured boundary_adherence(std::span<const double> real, std::span<const double> synthetic,
                            std::size_t unexpected_missing) {
  if (real.empty()) return Measured::none(kNoReal);
  const std::size_t asked = synthetic.size() + unexpected_missing;
  if (asked == 0) return Measured::none(kNoSynthetic);
  const auto [low, high] = std::minmax_element(real.begin(), real.end());
  const auto inside = std::count_if(synthetic.begin(), synthetic.end(),
                                    [low = *low, high = *high](double x) { return x >= low && x <= high; });
  return static_cast<double>(inside) / static_cast<double>(asked);
}

Measured category_adherence(std::span<const double> real, std::span<const double> synthetic) {
  check_counts(real, synthetic);
  if (std::reduce(real.begin(), real.end()) == 0) return Measured::none(kNoReal);
  const double cells = std::reduce(synthetic.begin(), synthetic.end());
  if (cells == 0) return Measured::none(kNoSynthetic);
  double known = 0;
  for (std::size_t k = 0; k < real.size(); ++k)
    if (real[k] > 0) known += synthetic[k];
  return known / cells;
}

double missing_similarity(double real_share, double synthetic_share) {
  return 1 - std::abs(real_share - synthetic_share);
}

}  // namespace meg
