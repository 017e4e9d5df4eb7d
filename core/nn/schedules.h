#pragma once
#include <cmath>
#include <cstdint>
#include <numbers>

namespace meg {

/// The one-cycle policy (Smith & Topin 2018), annealed as PyTorch's OneCycleLR does it, with a plateau: the rate rises
/// from peak / 25 to peak until step `top`, stays there until step `turn` and falls to peak / 250,000 until step `end`,
/// along half cosines, while Adam's beta1 does the opposite between 0.95 and 0.85. When to turn may be decided on the
/// way (warmup-stable-decay, Hu et al. 2024).
struct Cycle {
  double peak;
  std::int64_t top, turn, end;

  double rate(int step) const { return at(step, peak / 25, peak, peak / 250'000); }
  double beta1(int step) const { return at(step, 0.95, 0.85, 0.95); }

 private:
  double at(int step, double low, double high, double last) const {
    if (step < top) return cosine(low, high, step / static_cast<double>(top));
    if (step <= turn) return high;
    return cosine(high, last, static_cast<double>(step - turn) / static_cast<double>(end - turn));
  }
  static double cosine(double from, double to, double share) {
    return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
  }
};

}  // namespace meg
