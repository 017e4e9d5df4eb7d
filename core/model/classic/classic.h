#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/model/discriminator.h"

namespace meg {

/// The options of the `classic` preset, with the description's defaults.
struct ClassicOptions {
  int input_dim = 100;                      ///< width of the noise that all generators share
  std::vector<int> hidden = {128};          ///< hidden widths of every generator and of the discriminator
  std::vector<int> generator_columns = {};  ///< columns per generator, contiguous; empty: one generator per column
  int batch_size = 64;
  float learning_rate = 2e-4f;
  float beta1 = 0.5f, beta2 = 0.999f;
  float gamma = 0.1f;  ///< weight of the R1 + R2 gradient penalty; 0 is the plain game
  float dropout = 0.0f, l2 = 0.0f;
  float ema = 0.9998f;  ///< decay of the average of the generators' parameters that generate() uses; 0: the last ones
  std::uint64_t seed = 0;
  int steps_at_once = 256;  ///< most steps of one launch, where a device takes many at once; 0: none does
};

/// The classic masked ensemble (Goodfellow et al.'s game with one masked generator per group of columns):
/// noise -> Linear -> ReLU -> Linear -> Tanh per generator, all on the SAME noise, and one BCE discriminator on whole
/// rows. Works on rows scaled into [-1, 1].
class ClassicEnsemble {
 public:
  /// Throws Error where an option makes no sense. The backend must outlive the ensemble.
  ClassicEnsemble(Backend& backend, int columns, ClassicOptions options);

  struct Epoch {
    int number;                      ///< from 1
    float discriminator, generator;  ///< mean losses of the epoch: BCE + penalty, and non-saturating BCE
  };

  /// Trains on data [rows, columns] in [-1, 1] until `last_epoch` epochs are done in all, an epoch being one pass over
  /// the rows in a new order, in the fewest batches of at most batch_size rows, all about as large. `keep_going` is
  /// asked after every step, or after every few where a device takes many at once: where it says no, training stops
  /// there, and the next call (or that of an ensemble loaded from what this one saved) goes on with the same bits as if
  /// it had not. Either function may be empty. Throws Error, naming the epoch, when a loss is not finite.
  void train(std::span<const float> data, int rows, int last_epoch, const std::function<void(const Epoch&)>& on_epoch,
             const std::function<bool()>& keep_going = {});

  /// How well the discriminator tells rows [rows, columns] from as many generated ones (1024 at least): ROC AUC; 0.5 =
  /// not at all. Of rows it was not trained on it is an honest answer.
  double discriminator_auc(std::span<const float> data, int rows);

  /// Rows of a training step from now on.
  void set_batch_size(int rows);

  int epochs_done() const { return epoch_; }
  int steps_done() const { return step_; }
  bool within_epoch() const { return epoch_step_ > 0; }

  /// Everything that training goes on from: parameters, Adam's moments, counters.
  void save(TensorFile& file) const;
  /// Throws Error where the file's networks have other sizes.
  void load(const TensorFile& file);
  /// Counts epochs and steps from zero again, with fresh moments: training from learned parameters on.
  void restart();

  /// What generate() works in.
  struct Slot {
    int rows;
    Arena arena;
    Network::Tape tape;
    View noise;
  };
  /// Rows of a pass where so many are wanted, see Backend::rows_of_pass.
  int rows_of_pass(std::size_t wanted) const;
  std::size_t slot_floats(int rows) const;
  Slot make_slot(int rows) const;
  /// Rows first_row ... first_row + slot.rows - 1 of the table that `seed` stands for, [rows, columns] in [-1, 1], on
  /// the device, in the slot.
  ConstView generate(Backend& on, std::uint64_t seed, std::uint64_t first_row, Slot& slot) const;

  int columns() const { return generator_.outputs(); }

 private:
  struct Step;                             // the arena of a training step
  void train_step(Step& step, int count);  // of so many rows
  /// The game as a device plays it at once; its spans are those of this ensemble.
  Game game(ConstView table) const;
  float average_decay(int step) const;

  Backend& backend_;
  ClassicOptions options_;
  Network generator_;  // all generators
  TrainedParameters generators_;
  Discriminator discriminator_;
  int epoch_ = 0;       // done
  int epoch_step_ = 0;  // steps of the epoch under way that are done
  int step_ = 0;
  std::uint64_t noise_row_ = 0;
  double discriminator_loss_ = 0, generator_loss_ = 0;  // sums over the rows of the epoch under way
};

}  // namespace meg
