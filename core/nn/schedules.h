#pragma once
#include <cmath>
#include <numbers>

namespace meg {

/// The one-cycle policy (Smith & Topin 2018) as PyTorch's OneCycleLR anneals it: the rate rises from peak / 25 to peak
/// over the first `rise` of the steps and falls to peak / 250,000 over the rest, both along a half cosine, while Adam's
/// beta1 does the opposite between 0.95 and 0.85. Steps count from 0 to steps - 1.
struct OneCycle {
  double peak;
  int steps;
  double rise = 0.3;

  double rate(int step) const { return at(step, peak / 25, peak, peak / 250'000); }
  double beta1(int step) const { return at(step, 0.95, 0.85, 0.95); }

 private:
  double at(int step, double start, double top, double end) const {
    const double turn = rise * steps - 1, last = steps - 1;
    return step <= turn ? cosine(start, top, step / turn) : cosine(top, end, (step - turn) / (last - turn));
  }
  static double cosine(double from, double to, double share) {
    return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
  }
};

}  // namespace meg
