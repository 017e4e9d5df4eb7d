#pragma once
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace meg {

/// Summed in double.
float mean_loss(std::span<const float> losses);

struct EarlyStoppingOptions {
  int epochs = 0;               ///< at most
  double decay_share = 0;       ///< length of the learning rate's decay, as a share of the epochs before it
  float least_improvement = 0;  ///< of the held-out loss in an epoch, for the rate to stay at its top
  int patience = 1;             ///< epochs in a row with less, before the rate decays
  float least_gain = 0;         ///< on the held-out rows for an epoch to be the best, in its standard errors
};

/// Early stopping (Prechelt 1998) for a rate with a plateau and a decay (schedules.h): the decay begins where the
/// held-out loss has stopped falling, or where it must to end within the epochs, and the run ends with it. The best
/// epoch is the one whose weights are kept. All rules are here.
class EarlyStopping {
 public:
  EarlyStopping() = default;
  explicit EarlyStopping(const EarlyStoppingOptions& options);

  /// Takes the held-out losses of epoch number `epoch` (from 1), a row each, the same rows every time. Returns whether
  /// it is the best epoch so far.
  bool end_epoch(int epoch, std::vector<float> losses);

  /// What a checkpoint needs. Until the decay has begun its epochs are the latest possible ones.
  struct State {
    int decay_epoch = 0;  ///< the last before the decay
    int last_epoch = 0;
    int slow_epochs = 0;                                       ///< in a row
    float best_loss = std::numeric_limits<float>::infinity();  ///< the mean of best_losses
    std::vector<float> best_losses;
  };
  const State& state() const { return state_; }
  void set_state(State state) { state_ = std::move(state); }

 private:
  EarlyStoppingOptions options_;
  State state_;
};

}  // namespace meg
