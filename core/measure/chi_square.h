#pragma once
#include <span>

namespace meg {

/// p of Pearson's chi-square test that two count vectors over the same categories come from one distribution: the
/// 2 x k contingency table as scipy.stats.chi2_contingency takes it, with Yates' correction where k = 2. Categories
/// that are empty in both are left out. 1 where fewer than two categories remain or one vector has no count: there is
/// nothing to tell apart.
double chi_square_p(std::span<const double> a, std::span<const double> b);

}  // namespace meg
