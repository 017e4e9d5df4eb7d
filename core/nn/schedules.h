#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace meg {

/// The one-cycle policy (Smith & Topin 2018), annealed as PyTorch's OneCycleLR does it, with a plateau: the rate rises
/// from peak / 25 to peak until step `rise_end`, stays there until step `decay_begin` and falls to peak / 250,000 until
/// step `end`, along half cosines, while Adam's beta1 does the opposite between 0.95 and 0.85. Where the decay begins
/// may be decided on the way (warmup-stable-decay, Hu et al. 2024), by early_stopping.h.
struct OneCycle {
  double peak;
  std::int64_t rise_end, decay_begin, end;

  double rate(int step) const { return at(step, peak / 25, peak, peak / 250'000); }
  double beta1(int step) const { return at(step, 0.95, 0.85, 0.95); }

 private:
  double at(int step, double low, double high, double last) const {
    if (step < rise_end) return cosine(low, high, step / static_cast<double>(rise_end));
    if (step <= decay_begin) return high;
    return cosine(high, last, static_cast<double>(step - decay_begin) / static_cast<double>(end - decay_begin));
  }
  static double cosine(double from, double to, double share) {
    return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share));
  }
};

/// The epochs of a run whose rate is a OneCycle.
struct CycleEpochs {
  int most;         // the run has no more
  int decay, last;  // the decay lies behind epoch `decay`, and ends with epoch `last`
};

/// The rate rises in 60 steps, or in a tenth of the most there can be.
inline OneCycle one_cycle(double peak, std::int64_t steps_per_epoch, const CycleEpochs& epochs) {
  constexpr std::int64_t kRiseSteps = 60;
  return {.peak = peak,
          .rise_end = std::min(kRiseSteps, steps_per_epoch * epochs.most / 10),
          .decay_begin = epochs.decay * steps_per_epoch,
          .end = std::max(epochs.last, epochs.decay + 1) * steps_per_epoch};
}

}  // namespace meg
