#include "core/nn/early_stopping.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace meg {

namespace {

/// Standard error of the mean difference of two losses of the same rows; 0 where these are fewer than two.
float error_of_difference(std::span<const float> a, std::span<const float> b) {
  const std::size_t rows = std::min(a.size(), b.size());
  if (rows < 2) return 0;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference;
    squares += difference * difference;
  }
  const auto n = static_cast<double>(rows);
  return static_cast<float>(std::sqrt(std::max(0.0, squares - sum * sum / n) / (n - 1) / n));
}

/// Epochs of the decay behind `epochs` epochs.
int decay_epochs(int epochs, double share) { return std::max(1, static_cast<int>(std::lround(share * epochs))); }

/// The last epoch behind which the decay ends in time.
int latest_decay(int epochs, double share) {
  int epoch = epochs;
  while (epoch > 0 && epoch + decay_epochs(epoch, share) > epochs) --epoch;
  return epoch;
}

}  // namespace

float mean_loss(std::span<const float> losses) {
  return static_cast<float>(std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size()));
}

EarlyStopping::EarlyStopping(const EarlyStoppingOptions& options) : options_(options) {
  state_.decay_epoch = latest_decay(options.epochs, options.decay_share);
  state_.last_epoch = options.epochs;
}

bool EarlyStopping::end_epoch(int epoch, std::vector<float> losses) {
  const float loss = mean_loss(losses), improvement = state_.best_loss - loss;
  const bool best = improvement > options_.least_gain * error_of_difference(losses, state_.best_losses);
  if (best) {
    state_.best_loss = loss;
    state_.best_losses = std::move(losses);
  }
  state_.slow_epochs = improvement < options_.least_improvement ? state_.slow_epochs + 1 : 0;
  if (epoch < state_.decay_epoch && state_.slow_epochs >= options_.patience) {
    state_.decay_epoch = epoch;
    state_.last_epoch = std::min(options_.epochs, epoch + decay_epochs(epoch, options_.decay_share));
  }
  return best;
}

}  // namespace meg
