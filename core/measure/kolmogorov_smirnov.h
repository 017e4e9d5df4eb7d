#pragma once
#include <cstddef>
#include <span>

namespace meg {

/// Kolmogorov-Smirnov statistic of two samples: the largest |F_a - F_b| of their cumulative distributions, as
/// scipy.stats.ks_2samp(a, b).statistic. 0 = alike, 1 = apart. Samples that are sorted already are not copied. 0 where
/// both are empty, 1 where one is. Values must not be NaN.
double kolmogorov_smirnov(std::span<const double> a, std::span<const double> b);

/// p of the two-sample test of the statistic `d` of samples of `a` and `b` values: the limit distribution of Kolmogorov
/// at x = d sqrt(ab / (a + b)), 2 sum_k (-1)^(k-1) exp(-2 k^2 x^2), as scipy.special.kolmogorov(x). Too large, never
/// too small, for short samples and for values that repeat. 1 where a sample is empty.
double kolmogorov_smirnov_p(double d, std::size_t a, std::size_t b);

}  // namespace meg
