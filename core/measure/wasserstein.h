#pragma once
#include <span>

namespace meg {

/// Wasserstein-1 distance of two samples: the area between their cumulative distributions, integral of |F_a - F_b|, as
/// scipy.stats.wasserstein_distance computes it. In the samples' own unit; nothing is standardized. Exact; samples that
/// are sorted already are not copied. NaN where a sample is empty. Values must not be NaN.
double wasserstein(std::span<const double> a, std::span<const double> b);

}  // namespace meg
