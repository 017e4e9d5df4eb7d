#pragma once
#include <span>

namespace meg {

/// Pearson correlation over the rows in which neither value is NaN, as pandas.Series.corr. `a` and `b` have one element
/// a row. NaN where fewer than two rows remain or one side is constant in them.
double pearson(std::span<const double> a, std::span<const double> b);

}  // namespace meg
