#pragma once
#include <limits>
#include <string_view>

namespace meg {

/// One line of a training run's history. Values that a phase does not compute are NaN.
struct Progress {
  enum class Phase { kTraining, kWarmUp, kRefinement };
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  Phase phase = Phase::kTraining;
  int done = 0, of = 0;                             ///< epochs; during the refinement steps
  double discriminator = kNone, generator = kNone;  ///< mean losses since the last line
  double loss = kNone, held_out_loss = kNone;       ///< of the warm-up: -log likelihood of a row, in nats
  /// How well the discriminator tells held-out rows from generated ones: ROC AUC, 0.5 = not at all.
  double held_out_auc = kNone;
};

/// "training", "warm-up" or "refinement".
constexpr std::string_view phase_name(Progress::Phase phase) {
  return phase == Progress::Phase::kTraining ? "training"
         : phase == Progress::Phase::kWarmUp ? "warm-up"
                                             : "refinement";
}

}  // namespace meg
