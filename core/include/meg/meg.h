#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "meg/error.h"
#include "meg/files.h"
#include "meg/generate_options.h"
#include "meg/imputed.h"
#include "meg/options.h"
#include "meg/progress.h"
#include "meg/scores.h"
#include "meg/table.h"

namespace meg {

class RowSource;

/// Rows that a model makes as they are asked for; the device makes the next ones meanwhile.
///
///     meg::RowStream rows = model.stream(0, 1'000'000);
///     while (std::optional<meg::Table> some = rows.next()) use(*some);
class RowStream {
 public:
  explicit RowStream(std::unique_ptr<RowSource> source);
  RowStream(RowStream&&) noexcept;
  RowStream& operator=(RowStream&&) noexcept;
  ~RowStream();
  /// The next rows; nothing at the end. Errors are those of Meg::generate.
  std::optional<Table> next();

 private:
  std::unique_ptr<RowSource> source_;
};

/// The Masked Ensemble Generator: learns a table and generates rows like it.
///
///     meg::Meg model;
///     model.load_data("people.csv");
///     model.train();
///     model.save_model("people.meg");
///     meg::Table rows = model.generate(1000);
///
/// Errors are meg::Error, a code and one sentence each. Not thread-safe; one object a thread.
class Meg {
 public:
  explicit Meg(Options options = {});
  Meg(Meg&&) noexcept;
  Meg& operator=(Meg&&) noexcept;
  ~Meg();

  /// Reads the table to learn. Infers its columns, unless the model has learned some already: then the table must have
  /// them (more training of a trained model). Throws Error where the file cannot be read or is no table (read_csv),
  /// where it has fewer than 2 rows or a cell is not UTF-8, where a column is not there or its type does not fit, and
  /// for another table than the run began with.
  /// A table that is moved in is given back column by column as its cells are read.
  void load_data(const std::filesystem::path& file);
  void load_data(Table table);

  const Options& options() const;
  /// Random numbers that a row is made from.
  int input_dim() const;
  /// Columns that the generators write. 0 before load_data.
  int output_dim() const;
  /// The columns, in the order of the table. Empty before load_data.
  const Schema& schema() const;
  /// The names of the learned columns as they are generated one after the other; empty for the classic preset, which
  /// generates them at once.
  std::vector<std::string> generation_order() const;
  /// Whether the model was trained with dynamic masks, so that any columns can be conditioned.
  bool any_order() const;
  /// Which columns are learned as their distance from others, and what the option rare_min hid, a sentence a column.
  /// Empty before load_data.
  std::vector<std::string> notes() const;

  /// Trains until all is done that was asked for, so a resumed model does the rest. 0 epochs or rows of a batch are
  /// those that the run began with, at first the preset's choice: 5000 and 64 of classic; by the size of the table of
  /// meg, which warms up for so many epochs at most and refines then. on_progress hears of every line of the log;
  /// keep_going is asked after every step, or where a GPU takes many at once (classic) after these, and training stops
  /// where it says no (train again to go on). Throws Error without load_data, where other epochs (meg) or batches
  /// (classic: within an epoch) are asked for than the run began with, and when a loss is not finite.
  void train(int num_epochs = 0, int batch_size = 0, const std::function<void(const Progress&)>& on_progress = {},
             const std::function<bool()>& keep_going = {});
  /// Whether train did all that it was asked for.
  bool finished() const;
  /// Whether an adversarial refinement was kept: the gate lets none pass that made rows worse (meg preset).
  bool refined() const;
  int epochs_done() const;
  /// Of the last training run.
  int batch_size() const;
  /// Most bytes of a GPU's memory that models of this process have held together, without the driver's own; 0 on the
  /// CPU.
  std::size_t most_gpu_bytes() const;
  const std::vector<Progress>& history() const;

  /// num_samples new rows. Row i is a function of (model, seed, i) alone, and of what `how` says of it:
  ///
  ///     model.generate(1000, 0, {.where = {"income=>50K", "age=20..30"}});
  ///
  /// Conditions are met by construction: the rows are distributed as unconditioned ones that happen to meet them. With
  /// dynamic masks they may be on any columns, and the empty cells of given rows are generated; several that each leave
  /// a choice are met by every row, and in distribution nearly (docs/conditions.md). Else they are exact, and the
  /// columns before a conditioned one, in the order of generation (the option order), must each have one value. Throws
  /// Error, saying what to do, where they have not, for a condition that nothing can meet, and for a cell of the given
  /// rows that the column cannot have; for a model that has learned nothing; and for rows beyond the first 2^50. The
  /// preset must be meg for any of `how`.
  Table generate(std::size_t num_samples, std::uint64_t seed = 0, const GenerateOptions& how = {}) const;
  /// Rows first_row ... first_row + count - 1 of that table, some thousands at a time. The model must outlive the
  /// stream and must not be trained meanwhile; a stream is for one thread.
  RowStream stream(std::uint64_t first_row, std::size_t count, std::uint64_t seed = 0,
                   const GenerateOptions& how = {}) const;
  /// A table without rows, of the columns and types that generated ones have; columns of given texts come as utf8.
  Table empty_table() const;

  /// The rows with their missing cells filled, each drawn given all that is present in its row; draw 0, 1, 2, ... are
  /// as many versions, for multiple imputation. Present cells keep their text, a cell is never filled with a missing
  /// one, and columns that the model has not learned remain as they are. Row i is a function of (model, seed, draw, row
  /// i of `rows`, i). Throws Error for a model without dynamic masks, for rows without any column that it has learned,
  /// for rows outside the table, and for a draw from kMostDraws on.
  Table impute(const Table& rows, std::uint64_t seed = 0, std::uint32_t draw = 0, Imputed* counts = nullptr) const;
  /// Rows first_row ... first_row + count - 1 of that table: for streaming.
  Table impute(const Table& rows, std::uint64_t first_row, std::size_t count, std::uint64_t seed, std::uint32_t draw,
               Imputed* counts = nullptr) const;
  static constexpr std::uint32_t kMostDraws = 1000;

  /// How likely rows are, exactly: the log-likelihood of each, and its parts by the chain rule. A row's score depends
  /// on nothing but the model and the row. Columns of `rows` that the model has not learned are passed over; throws
  /// Error where one that it has is not there, for rows outside the table, and for the classic preset, which has no
  /// likelihood.
  Scores score(const Table& rows) const;
  /// Of rows first_row ... first_row + count - 1 of the table: for streaming.
  Scores score(const Table& rows, std::size_t first_row, std::size_t count) const;

  /// Writes everything, so that training can go on from it; beside `path` first, then renamed. Throws Error where the
  /// disk or the folder refuses, before load_data, and where parameters are not finite.
  void save_model(const std::filesystem::path& path) const;
  /// The same bytes in memory.
  std::vector<std::byte> save_model() const;
  /// Reads what save_model wrote. Of `options` only device, threads and precision are used. Throws Error for a file
  /// that cannot be read, is damaged, is no meg model, or is of a newer meg.
  static Meg load_model(const std::filesystem::path& path, const Options& options = {});
  /// The same of the file's bytes, which are not needed any longer then.
  static Meg load_model(std::span<const std::byte> bytes, const Options& options = {});
  /// A trained model as the start of a new training run: the columns and networks of `path`, the rest of `options`.
  /// Errors as load_model's; also where `options` make no sense, hide rare values, or ask for any order of a model of a
  /// fixed one.
  static Meg start_from(const std::filesystem::path& path, const Options& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meg
