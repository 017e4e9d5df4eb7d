#pragma once
#include <functional>
#include <vector>

namespace meg {

/// The value of a function at a point, whose gradient it writes to the second argument.
using Differentiable = std::function<double(const std::vector<double>& at, std::vector<double>& gradient)>;

/// A minimum of a smooth convex function near `start`, by L-BFGS with ten pairs and backtracking (Nocedal & Wright,
/// "Numerical Optimization", algorithms 7.4 and 3.1): where no part of the gradient is above `tolerance`, or after
/// `steps`.
std::vector<double> minimize(const Differentiable& function, std::vector<double> start, double tolerance, int steps);

}  // namespace meg
