#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/table/schema.h"
#include "core/table/table.h"
#include "core/tensor/memory.h"

namespace meg {

/// What a Meg is built with; the defaults are the classic preset's.
struct Options {
  int input_dim = 100;              ///< width of the noise that all generators share
  std::vector<int> hidden = {128};  ///< hidden widths of every generator and of the discriminator
  int generators = 0;               ///< groups of neighbouring columns, one generator each; 0: one per column
  std::string masks;                ///< a file with one line of 0/1 per generator instead; see docs/classic.md
  float learning_rate = 2e-4f;      ///< of Adam, for every network
  float beta1 = 0.5f;               ///< Adam's decay of the first moment
  float gamma = 0.1f;               ///< weight of the R1 + R2 gradient penalty; 0 is the plain game
  float dropout = 0.0f;             ///< of hidden units, both networks, while training
  float l2 = 0.0f;                  ///< added to the gradient: l2 * parameter
  float ema = 0.0f;                 ///< decay of the average of the generators that rows come from; 0: the last ones
  double held_out = 0.03;           ///< share of the rows kept from training, to judge the discriminator on
  std::uint64_t seed = 0;
  Device device = Device::kCpu;
  int threads = 0;                          ///< 0: all cores; never changes a result
  std::map<std::string, ColumnType> types;  ///< of columns whose inferred type is not wanted
  std::vector<std::string> drop;            ///< columns to leave out
};

/// One line of the history of a training run.
struct Progress {
  int epoch;                       ///< from 1
  float discriminator, generator;  ///< mean losses of the epoch
  /// How well the discriminator tells held-out rows from generated ones: ROC AUC, 0.5 = not at all. Measured 50 times
  /// a run, between them the last one; NaN where no row is held out.
  double held_out_auc;
};

/// The Masked Ensemble Generator: learns a table and generates rows like it.
///
///     meg::Meg model;
///     model.load_data("people.csv");
///     model.train();
///     model.save_model("people.meg");
///     meg::Table rows = model.generate(1000);
///
/// Errors are meg::Error, one sentence each. Not thread-safe; one object a thread.
class Meg {
 public:
  explicit Meg(Options options = {});
  Meg(Meg&&) noexcept;
  Meg& operator=(Meg&&) noexcept;
  ~Meg();

  /// Reads the table to learn. Infers its columns, unless the model has learned some already: then the table must have
  /// them (more training of a trained model).
  void load_data(const std::filesystem::path& csv);
  void load_data(const Table& table);

  const Options& options() const;
  int input_dim() const;
  /// Columns that the generators write. 0 before load_data.
  int output_dim() const;
  /// The columns, in the order of the table. Empty before load_data.
  const Schema& schema() const;

  /// Trains until `num_epochs` passes over the rows are done in all, so a resumed model does the rest. on_epoch hears
  /// of every epoch; keep_going is asked after every step, and training stops where it says no (train again to go on).
  /// Throws Error without load_data, and when a loss is not finite.
  void train(int num_epochs = 5000, int batch_size = 64, const std::function<void(const Progress&)>& on_epoch = {},
             const std::function<bool()>& keep_going = {});
  int epochs_done() const;
  /// Of the last training run.
  int batch_size() const;
  const std::vector<Progress>& history() const;

  /// num_samples new rows. Row i is a function of (model, seed, i) alone.
  Table generate(std::size_t num_samples, std::uint64_t seed = 0) const;
  /// Appends rows first_row ... first_row + count - 1 of that table to `out`, which empty_table() made: for streaming.
  void generate(std::uint64_t first_row, std::size_t count, std::uint64_t seed, Table& out) const;
  Table empty_table() const;

  /// Writes everything, so that training can go on from it; beside `path` first, then renamed.
  void save_model(const std::filesystem::path& path) const;
  /// Reads what save_model wrote. Of `options` only device and threads are used.
  static Meg load_model(const std::filesystem::path& path, const Options& options = {});
  /// A trained model as the start of a new training run: the columns and networks of `path`, the rest of `options`.
  static Meg start_from(const std::filesystem::path& path, const Options& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meg
