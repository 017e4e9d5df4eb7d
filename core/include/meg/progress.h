#pragma once
#include <algorithm>
#include <limits>

namespace meg {

/// One line of the history of a training run. What a phase has not is NaN.
struct Progress {
  enum class Phase { kTraining, kWarmUp, kRefinement };
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  Phase phase = Phase::kTraining;
  int done = 0, of = 0;                             ///< epochs; in the refinement steps
  double discriminator = kNone, generator = kNone;  ///< mean losses since the last line
  double loss = kNone, held_out_loss = kNone;       ///< warm-up: -log likelihood of a row, in nats
  /// How well the discriminator tells held-out rows from generated ones: ROC AUC, 0.5 = not at all.
  double held_out_auc = kNone;
};

/// Steps between two lines of a refinement of so many: a short one, too, has a curve.
constexpr int steps_per_line(int steps) { return std::clamp((steps + 3) / 4, 1, 100); }

/// "training", "warm-up" or "refinement".
constexpr const char* phase_name(Progress::Phase phase) {
  return phase == Progress::Phase::kTraining ? "training"
         : phase == Progress::Phase::kWarmUp ? "warm-up"
                                             : "refinement";
}

}  // namespace meg
