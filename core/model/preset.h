#pragma once
#include <algorithm>
#include <functional>
#include <memory>

#include "core/model/row_source.h"
#include "core/model/tensor_file.h"
#include "core/nn/backend.h"
#include "core/table/infer/read_table.h"
#include "meg/generate_options.h"
#include "meg/imputed.h"
#include "meg/options.h"
#include "meg/progress.h"
#include "meg/scores.h"
#include "meg/table.h"

namespace meg {

/// One way to learn a table and to generate rows like it: what is behind a Meg. Errors as Meg's.
class Preset {
 public:
  virtual ~Preset() = default;

  /// Empty before load_data.
  virtual const Schema& schema() const = 0;
  /// Columns that the generators write; 0 before load_data.
  virtual int output_dim() const = 0;
  virtual int input_dim() const = 0;
  virtual std::vector<std::string> generation_order() const = 0;
  /// What there is to say of single columns, a sentence each.
  virtual std::vector<std::string> notes() const = 0;

  /// Whether the columns are known: those of a table that was fitted, or of a model file.
  virtual bool knows_columns() const = 0;
  /// Fits the columns, and takes the rows to learn.
  virtual void fit(InferredTable table) = 0;
  /// Takes the rows to learn, where the columns are known.
  virtual void load_data(const Table& table) = 0;
  /// Trains until all is done that was asked for; epochs and batch_size 0 are the preset's choice.
  virtual void train(int epochs, int batch_size, const std::function<void(const Progress&)>& on_progress,
                     const std::function<bool()>& keep_going) = 0;
  virtual int epochs_done() const = 0;
  virtual int batch_size() const = 0;
  /// Whether train has done all that it was last asked for.
  virtual bool finished() const = 0;
  virtual const std::vector<Progress>& history() const = 0;

  /// Whether the model is that of an adversarial refinement which passed the gate.
  virtual bool refined() const { return false; }
  /// Whether the columns can be generated in any order.
  virtual bool any_order() const { return false; }
  /// Whether there is anything that generate could use.
  virtual bool has_learned() const = 0;
  /// The preset must outlive what it returns, and not learn meanwhile.
  virtual std::unique_ptr<RowSource> generate(std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                                              const GenerateOptions& how) const = 0;
  virtual Table impute(const Table& rows, std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                       std::uint32_t draw, Imputed& counts) const = 0;
  virtual Scores score(const Table& table, std::size_t first_row, std::size_t count) const = 0;

  virtual void save(TensorFile& file) const = 0;
  virtual void load(const TensorFile& file) = 0;
  /// Keeps columns and parameters and begins a new run with these options.
  virtual void restart(const Options& options) = 0;
};

std::unique_ptr<Preset> make_classic_preset(const Options& options, Backend& backend);
std::unique_ptr<Preset> make_meg_preset(const Options& options, Backend& backend);

/// Of the values that training began with: is it the same table?
std::string fingerprint(std::span<const float> values);

/// Rows [0, rows) that are held out from training, `share` of them, ascending: a function of the seed.
std::vector<std::uint32_t> held_out_rows(std::size_t rows, double share, std::uint64_t seed);

/// Steps between two lines of a refinement of so many: a short one, too, has a curve.
constexpr int steps_per_line(int steps) { return std::clamp((steps + 3) / 4, 1, 100); }

/// The history as JSON, and back.
std::string history_to_json(const std::vector<Progress>& history);
std::vector<Progress> history_from_json(const std::string& json);

}  // namespace meg
