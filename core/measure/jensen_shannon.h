#pragma once
#include <span>

namespace meg {

/// Jensen-Shannon distance of two distributions over the same categories, given as counts: the square root of the mean
/// of both Kullback-Leibler divergences from their mixture, in bits (scipy.spatial.distance.jensenshannon with base 2).
/// 0 = alike, 1 = no category in common. `a` and `b` have one count a category. 0 where both are without any count, 1
/// where one is.
double jensen_shannon(std::span<const double> a, std::span<const double> b);

}  // namespace meg
