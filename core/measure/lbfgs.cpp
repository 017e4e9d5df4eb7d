#include "core/measure/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <numeric>
#include <utility>

namespace meg {

namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

/// y += scale x
void add(double scale, const Vector& x, Vector& y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += scale * x[i];
}

/// A step and how the gradient changed along it.
struct Pair {
  Vector step, change;
  double product;  // of the two
};

/// -H g, where H is the inverse Hessian that the pairs tell of.
Vector direction(const std::deque<Pair>& pairs, const Vector& gradient) {
  Vector out = gradient;
  std::vector<double> alpha(pairs.size());
  for (std::size_t i = pairs.size(); i-- > 0;) {
    alpha[i] = dot(pairs[i].step, out) / pairs[i].product;
    add(-alpha[i], pairs[i].change, out);
  }
  const double scale = pairs.empty() ? 1 / std::max(1.0, std::sqrt(dot(gradient, gradient)))
                                     : pairs.back().product / dot(pairs.back().change, pairs.back().change);
  for (double& x : out) x *= scale;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    add(alpha[i] - dot(pairs[i].change, out) / pairs[i].product, pairs[i].step, out);
  for (double& x : out) x = -x;
  return out;
}

}  // namespace

std::vector<double> minimize(const Differentiable& function, std::vector<double> start, double tolerance, int steps) {
  constexpr std::size_t kPairs = 10;
  constexpr double kDecrease = 1e-4;  // the share of what the slope promises that a step must bring
  Vector at = std::move(start), gradient(at.size()), next_gradient(at.size());
  double value = function(at, gradient);
  std::deque<Pair> pairs;
  for (int s = 0; s < steps; ++s) {
    if (std::all_of(gradient.begin(), gradient.end(), [&](double g) { return std::abs(g) <= tolerance; })) break;
    const Vector along = direction(pairs, gradient);
    const double slope = dot(gradient, along);
    Vector next;
    double length = 1, next_value = value;
    for (; length > 1e-10; length /= 2) {
      next = at;
      add(length, along, next);
      next_value = function(next, next_gradient);
      if (next_value <= value + kDecrease * length * slope) break;
    }
    if (length <= 1e-10) break;  // rounding hides what is left to gain
    Pair pair{along, next_gradient, 0};
    for (double& x : pair.step) x *= length;
    add(-1, gradient, pair.change);
    pair.product = dot(pair.step, pair.change);
    if (pair.product > 0) pairs.push_back(std::move(pair));
    if (pairs.size() > kPairs) pairs.pop_front();
    at = std::move(next);
    value = next_value;
    std::swap(gradient, next_gradient);
  }
  return at;
}

}  // namespace meg
