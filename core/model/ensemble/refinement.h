#pragma once
#include "core/model/discriminator.h"
#include "core/model/ensemble/warm_up.h"

namespace meg {

struct RefinementOptions {
  int steps = 300;
  int discriminator_first = 150;  ///< steps before these that train the discriminator alone
  int batch_size = 512;
  float rate = 2e-4f, discriminator_rate = 5e-4f;
  float gamma = 1.0f;
  int penalty_every = 4;
  float keep = 0.3f;  ///< weight of the warm-up loss, so that densities are not forgotten
  float average_decay = 0.99f;
  float clip = 5.0f;
  float hidden_share = 0.5f;             ///< of the warm-up loss, as there
  std::vector<int> hidden = {256, 256};  ///< of the discriminator
  std::uint64_t seed = 0;
};

/// Adversarial refinement of a warmed-up ensemble: rows generated from noise alone against a discriminator on one-hot
/// codes and z of whole rows, BCE with R1 and R2. A generator's gradient flows through its own columns only,
/// straight-through for codes, reparameterized for z; what it was given is held fixed. The warm-up loss stays in.
class Refinement {
 public:
  /// Starts from `parameters`, on the device. All references must outlive it.
  Refinement(Backend& backend, const MaskedEnsemble& ensemble, const TrainingRows& rows, ConstView constants,
             const RefinementOptions& options, ConstView parameters);

  bool done() const { return step_ >= steps(); }
  void step();
  int steps_done() const { return step_; }
  int steps() const { return options_.discriminator_first + options_.steps; }

  /// Means since the last call: of the discriminator's loss and of the generators' (NaN before they train). Throws
  /// Error when one is not finite.
  std::pair<float, float> losses();
  /// The discriminator's AUC between held-out and freshly generated rows; NaN where none is held out.
  double held_out_auc();
  /// The average of the weights, on the device.
  ConstView result() const { return generators_.average(); }

  void save(TensorFile& file) const;
  void load(const TensorFile& file);

 private:
  std::size_t arena_floats() const;
  void fill_pool();
  Draw draw() const;
  /// From the view of the rows that have just been generated.
  void train_generators(ConstView generated);

  Backend& backend_;
  const MaskedEnsemble& ensemble_;
  const TrainingRows& rows_;
  ConstView constants_;
  RefinementOptions options_;
  TrainedParameters generators_;
  Discriminator discriminator_;
  Arena arena_;
  MaskedEnsemble::Tape tape_;  // rows [0, batch) generated, [batch, 2 batch) real
  View cells_;                 // [2 batch, 3 columns]
  View views_, dview_;         // views_: real rows [0, batch), generated [batch, 2 batch)
  View losses_;                // [batch, columns]
  View sums_, square_norm_;    // both losses; the gradient's norm
  RowNumbers drawn_;           // [batch]
  Memory pool_;                // cells of rows from the warmed-up generators, for the steps of the discriminator alone
  int step_ = 0, generator_step_ = 0;
  int discriminator_steps_ = 0, generator_steps_ = 0;  // since the last report
};

}  // namespace meg
