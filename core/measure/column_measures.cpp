#include "core/measure/column_measures.h"

namespace meg {

namespace {

using Print = ColumnMeasure::Print;

template <double ColumnComparison::*number>
std::optional<Measured> of(const ColumnComparison& column) {
  return column.*number;
}

template <std::optional<double> ColumnComparison::*number>
std::optional<Measured> of_some(const ColumnComparison& column) {
  return column.*number ? std::optional(Measured(*(column.*number))) : std::nullopt;
}

std::optional<Measured> wasserstein_of(const ColumnComparison& column) {
  return number_or(column.wasserstein, "the real or the synthetic column has no value");
}

template <bool numeric>
std::optional<Measured> coverage_of(const ColumnComparison& column) {
  return is_numeric(column.type) == numeric ? std::optional(column.coverage) : std::nullopt;
}

std::optional<Measured> adherence_of(const ColumnComparison& column) { return column.adherence; }

constexpr ColumnMeasure kColumnMeasures[] = {
    {.key = "shape", .heading = "shape", .terminal = "shape", .of = of<&ColumnComparison::shape>},
    {.key = "ks", .heading = "KS", .terminal = "KS", .of = of<&ColumnComparison::ks>},
    {.key = "ks_p", .heading = "KS p", .print = Print::kProbability, .of = of<&ColumnComparison::ks_p>},
    {.key = "wasserstein", .heading = "Wasserstein, σ", .terminal = "Wasser", .of = wasserstein_of},
    {.key = "jensen_shannon",
     .heading = "Jensen–Shannon",
     .terminal = "JS",
     .of = of<&ColumnComparison::jensen_shannon>},
    {.key = "total_variation", .heading = "total variation", .of = of_some<&ColumnComparison::total_variation>},
    {.key = "chi_square_p",
     .heading = "χ² p",
     .print = Print::kProbability,
     .of = of_some<&ColumnComparison::chi_square_p>},
    {.key = "range_coverage",
     .heading = "coverage",
     .terminal = "cover",
     .print = Print::kShort,
     .of = coverage_of<true>},
    {.key = "category_coverage",
     .heading = "coverage",
     .terminal = "cover",
     .print = Print::kShort,
     .of = coverage_of<false>},
    {.key = "adherence", .heading = "valid", .terminal = "valid", .print = Print::kShort, .of = adherence_of},
    {.key = "missing_similarity", .of = of<&ColumnComparison::missing_similarity>},
    {.key = "missing_real",
     .heading = "missing real",
     .print = Print::kPercent,
     .of = of<&ColumnComparison::missing_real>},
    {.key = "missing_synthetic",
     .heading = "missing synthetic",
     .print = Print::kPercent,
     .of = of<&ColumnComparison::missing_synthetic>}};

}  // namespace

std::span<const ColumnMeasure> column_measures() { return kColumnMeasures; }

}  // namespace meg
