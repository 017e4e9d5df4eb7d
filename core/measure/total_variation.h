#pragma once
#include <span>

namespace meg {

/// Total variation distance of two distributions over the same categories, given as counts:
/// 1/2 sum_k |a_k / sum a - b_k / sum b|. 0 = alike, 1 = no category in common. `a` and `b` have one count a category.
/// 0 where both are without any count, 1 where one is.
double total_variation(std::span<const double> a, std::span<const double> b);

}  // namespace meg
