#pragma once
#include <span>

namespace meg {

/// Kolmogorov-Smirnov statistic of two samples: the largest |F_a - F_b| of their cumulative distributions, as
/// scipy.stats.ks_2samp(a, b).statistic. 0 = alike, 1 = apart. Samples that are sorted already are not copied. 0 where
/// both are empty, 1 where one is. Values must not be NaN.
double kolmogorov_smirnov(std::span<const double> a, std::span<const double> b);

}  // namespace meg
