#include "core/measure/diagnostic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/fail.h"
#include "core/measure/compare.h"
#include "core/measure/registry.h"

namespace meg {

namespace {

constexpr const char* kNoReal = "the real column has no value";
constexpr const char* kNoSynthetic = "the synthetic column has no value";

void check_counts(std::span<const double> real, std::span<const double> synthetic) {
  if (real.size() != synthetic.size())
    fail("coverage of {} and of {} categories: they must be the same", real.size(), synthetic.size());
}

/// NaN where there is none.
double number_of(const Measured& x) { return x ? *x : std::numeric_limits<double>::quiet_NaN(); }

Measured coverage_mean(const Comparison& comparison, bool numeric) {
  return column_mean(comparison, [numeric](const ColumnComparison& column) {
    return is_numeric(column.type) == numeric ? number_of(column.coverage) : std::numeric_limits<double>::quiet_NaN();
  });
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

constinit const Measure measures::range_coverage{
    .key = "range_coverage",
    .label = "range of numbers reached",
    .meaning = "How much of the real numbers' range the synthetic ones span, mean over the columns of numbers.",
    .compute = [](const MeasureContext& c) { return coverage_mean(c.get(compare), true); }};

constinit const Measure measures::category_coverage{
    .key = "category_coverage",
    .label = "categories reached",
    .meaning = "The share of the real categories that occur, mean over the columns of categories.",
    .compute = [](const MeasureContext& c) { return coverage_mean(c.get(compare), false); }};

constinit const Measure measures::validity{
    .key = "validity",
    .label = "cells that could be real",
    .meaning = "The share of cells that lie within the real range or are of a real category, mean over the columns.",
    .compute = [](const MeasureContext& c) {
      return column_mean(c.get(compare), [](const ColumnComparison& column) { return number_of(column.adherence); });
    }};

constinit const Measure measures::missing_similarity{
    .key = "missing_similarity",
    .label = "shares of missing cells",
    .meaning = "1 - difference of the shares of missing cells, mean over the columns.",
    .compute = [](const MeasureContext& c) {
      return column_mean(c.get(compare), &ColumnComparison::missing_similarity);
    }};

}  // namespace meg
