#pragma once
#include <cstddef>
#include <span>

#include "core/measure/measured.h"

namespace meg {

// Whether synthetic values are possible ones and reach as far as the real ones: the column measures of SDMetrics'
// Diagnostic Report. Samples hold present values in any order, counts have one element a category. All in [0, 1], 1 =
// as in the real column.

/// How much of the real numbers' range the synthetic ones span: 1 minus the shares of it that are missed at either end,
/// 0 at least (RangeCoverage). None where the real numbers are constant or a side has none.
Measured range_coverage(std::span<const double> real, std::span<const double> synthetic);

/// The share of the real categories that the synthetic column has, a missing cell being none of them
/// (CategoryCoverage). None where the real column has no category.
Measured category_coverage(std::span<const double> real, std::span<const double> synthetic);

/// The share of synthetic numbers inside the range of the real ones (BoundaryAdherence). `unexpected_missing` synthetic
/// cells are missing although no real one is, and count as outside. None where a side has no cells to ask.
Measured boundary_adherence(std::span<const double> real, std::span<const double> synthetic,
                            std::size_t unexpected_missing = 0);

/// The share of synthetic cells whose category the real column has, a missing cell being one of them
/// (CategoryAdherence). None where a side has no cells.
Measured category_adherence(std::span<const double> real, std::span<const double> synthetic);

/// 1 - |difference of the shares of missing cells| (MissingValueSimilarity). Shares in [0, 1].
double missing_similarity(double real_share, double synthetic_share);

}  // namespace meg
