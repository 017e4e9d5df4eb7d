#pragma once
#include <cstdint>
#include <vector>

#include "core/model/ensemble/row_losses.h"
#include "core/model/trained_parameters.h"
#include "core/nn/early_stopping.h"
#include "core/nn/schedules.h"

namespace meg {

/// Rows to learn, on the device: cells [all rows, 3 columns], of which some are held out from training.
struct TrainingRows {
  ConstView cells;
  RowNumbers train, held_out;
};

struct WarmUpOptions {
  int epochs = 12;  ///< at most
  int batch_size = 512;
  float rate = 4e-3f;       ///< at the top of the cycle
  double fall_share = 0.6;  ///< length of the rate's decay, as a share of the epochs before it
  float weight_decay = 1e-4f;
  float clip = 5.0f;
  float average_decay = 0.998f;
  float worthwhile = 1e-3f;   ///< nats that a step at the top should take off the held-out loss
  int patience = 2;           ///< epochs in a row of steps that take less before the rate decays
  float least_gain = 0;       ///< on the held-out rows for an average to be the best, in its standard errors
  float hidden_share = 0.5f;  ///< of an ensemble of any order: rows of a batch that hide columns at random
  std::uint64_t seed = 0;
};

/// The warm-up: every generator maximizes the likelihood of its column given the real columns before it, all at once.
/// AdamW, an average of the weights, judged on the held-out rows after every epoch; the best average is the result, and
/// all that is kept when it is done. Early stopping makes the run as long as the table needs. Its state is a function
/// of (rows, options, steps done).
class WarmUp {
 public:
  /// Starts from `parameters` [ensemble.parameters()], on the host. All references must outlive it.
  WarmUp(Backend& backend, const MaskedEnsemble& ensemble, const TrainingRows& rows, const WarmUpOptions& options,
         std::span<const float> parameters);

  bool done() const { return done_; }
  /// One step. Returns whether an epoch ended with it. Throws Error when the loss is not finite.
  bool step();

  int epoch() const { return epoch_; }  ///< epochs done
  int epochs() const { return stopping_.state().last_epoch; }
  int steps_done() const { return step_; }
  /// Of the last finished epoch: -log likelihood of a row, in nats, of training rows (of any order with what they hide)
  /// and of held-out rows in the generation order.
  float train_loss() const { return train_loss_; }
  float held_out_loss() const { return held_out_loss_; }
  /// The best loss of held-out rows; of any order a share of it is with columns hidden, as in training.
  float best_loss() const { return stopping_.state().best_loss; }
  /// The best average so far, on the device.
  ConstView best() const { return best_; }
  /// The same, or the average while the first epoch is under way.
  ConstView result() const { return epoch_ > 0 || done_ ? View(best_) : parameters_.average(); }

  void save(TensorFile& file) const;
  void load(const TensorFile& file);

 private:
  int steps_per_epoch() const;
  OneCycle cycle() const;
  void shuffle();
  void end_epoch();
  /// Of the average, with columns hidden from a row on.
  std::vector<float> held_out_losses(int hidden_from);
  void finish();  // gives back what a refinement beside it has more use for

  Backend& backend_;
  const MaskedEnsemble& ensemble_;
  const TrainingRows& rows_;
  WarmUpOptions options_;
  TrainedParameters parameters_;
  Memory best_;
  Arena arena_;
  MaskedEnsemble::Tape tape_;
  View cells_;              // [batch, 3 columns]
  View losses_;             // [batch, columns]
  View sum_, square_norm_;  // the loss of the epoch, the gradient's norm
  RowNumbers order_;        // of the epoch
  int epoch_ = 0, epoch_step_ = 0, step_ = 0;
  EarlyStopping stopping_;
  bool done_ = false;
  float train_loss_ = 0, held_out_loss_ = 0;
};

}  // namespace meg
