#pragma once
#include <span>
#include <vector>

#include "core/model/trained_parameters.h"
#include "core/nn/network.h"

namespace meg {

struct DiscriminatorOptions {
  std::vector<int> hidden;
  bool leaky = false;  ///< LeakyReLU in the place of ReLU
  float dropout = 0;
  float gamma = 0;        ///< weight of the R1 + R2 penalty: gamma / 2 E |grad D|^2 on real and on generated rows
  int penalty_every = 1;  ///< steps between two penalties, each as heavy as all it stands for (Karras et al. 2020)
  AdamOptions adam{};
  std::uint64_t seed = 0;
};

/// The discriminator of whole rows: Linear -> activation -> ... -> one logit, binary cross-entropy, its own Adam.
class Discriminator {
 public:
  /// For rows of `columns` numbers, at most max_rows at once. The backend must outlive it.
  Discriminator(Backend& backend, int columns, int max_rows, DiscriminatorOptions options);

  /// For batches of up to so many rows from now on.
  void make_room(int max_rows);

  /// One step on x [2 rows, columns], real rows (label 1) and behind them as many generated ones (label 0); the loss,
  /// BCE and penalty, is added to *loss.
  void train(ConstView x, float* loss);
  /// dx: the gradient of the generators' loss by generated rows, both [rows, columns]. The loss is the mean BCE with
  /// label 1 (the non-saturating loss), and is added to *loss.
  void row_gradients(ConstView generated, float* loss, View dx);
  /// The logits of rows [out.size(), columns] on the device.
  void score(ConstView x, std::span<float> out);

  int steps_done() const { return step_; }
  void set_steps_done(int steps) { step_ = steps; }
  const TrainedParameters& parameters() const { return parameters_; }
  const Network& network() const { return network_; }

 private:
  Backend& backend_;
  DiscriminatorOptions options_;
  int max_rows_ = 0;
  Network network_;
  TrainedParameters parameters_;
  Arena arena_{Memory()};
  Network::Tape tape_, deltas_, tangents_;
  View dlogit_, dx_;  // of real and generated rows
  int step_ = 0;
};

/// ROC AUC of the discriminator between real and generated rows, on the device: 0.5 = it cannot tell them apart. Of
/// rows that it was not trained on it is an honest answer.
double discriminator_auc(Discriminator& discriminator, ConstView real, ConstView generated);

}  // namespace meg
