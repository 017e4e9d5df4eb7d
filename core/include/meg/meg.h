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
#include "meg/redrawn.h"
#include "meg/scores.h"
#include "meg/table.h"

namespace meg {

class RowSource;

/// Rows that are generated as they are asked for; a GPU makes the next ones while these are used. Move-only, for one
/// thread at a time.
///
///     meg::RowStream rows = model.stream(0, 1'000'000);
///     while (std::optional<meg::Table> some = rows.next()) use(*some);
class RowStream {
 public:
  RowStream(RowStream&&) noexcept;
  RowStream& operator=(RowStream&&) noexcept;
  ~RowStream();
  /// The next rows; nothing at the end. Errors are those of Meg::generate.
  std::optional<Table> next();
  /// What the rules have taken until now.
  Redrawn redrawn() const;

 private:
  friend class Meg;
  explicit RowStream(std::unique_ptr<RowSource> source);

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
/// Errors are meg::Error, a code and one sentence each. Every const member may be called from any number of threads at
/// once, and says what it says to one: a service shares one model, with options.threads = 1 where requests come on many
/// threads. (On a GPU calls wait for each other.) load_data and train are for one thread alone: while it trains, all
/// else but the callbacks of the training is refused (ErrorCode::kBusy). Move-only; an object that was moved from can
/// only be destroyed or assigned to.
///
/// From one model file, for the same seed, the rows are the same bytes on every processor that has a fused
/// multiply-add: x86-64-v3 and v4, and 64-bit Arm. v2 has none: there a few rows in a thousand differ, each as likely
/// as the other. Scores may differ in their last digits, a GPU's rows in rounding. Training may end in another model on
/// another machine, and is the same again on the same one.
class Meg {
 public:
  explicit Meg(Options options = {});
  Meg(Meg&&) noexcept;
  Meg& operator=(Meg&&) noexcept;
  ~Meg();

  /// Takes the table to learn. The first call infers the columns; later calls need the same ones. Throws Error as
  /// read_table does; where there are fewer than 2 rows; for a cell that is not UTF-8; where a column is missing or of
  /// another type; for what is no rule of the columns; and, while a run is under way, for another table than it began
  /// with. Rows that break one of options().rules are left out. Pass a table with std::move to
  /// free each column's memory once it is read.
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
  /// Whether the model was trained with dynamic masks, so that it generates in any order.
  bool any_order() const;
  /// A sentence for each column that needs a remark: it is learned as its distance from others, rare_min hid values of
  /// it, or a few odd cells keep it from being one of numbers or dates. The last kind is known only to the object that
  /// inferred the columns. And one for each rule: how many rows break it. Empty before load_data.
  std::vector<std::string> notes() const;

  /// Trains until the run is finished; a resumed model trains what is left. 0 keeps the value of the run, or lets the
  /// preset choose: classic 5000 epochs and batches of 64 rows; meg by the size of the table, where num_epochs bounds
  /// the warm-up. on_progress gets each line of the history. keep_going is asked after each step (classic on a GPU:
  /// after several); if it returns false, training stops, and another call continues it. Throws Error before load_data,
  /// for other epochs (classic: within an epoch another batch size) than the run began with, and where a loss is not
  /// finite.
  void train(int num_epochs = 0, int batch_size = 0, const std::function<void(const Progress&)>& on_progress = {},
             const std::function<bool()>& keep_going = {});
  /// Whether train did all that it was asked for.
  bool finished() const;
  /// Whether an adversarial refinement was kept: the gate lets none pass that made rows worse (meg preset).
  bool refined() const;
  int epochs_done() const;
  /// Of the last training run.
  int batch_size() const;
  /// The most memory of a GPU, in bytes, that this model and its streams have held, without the driver's own; 0 on the
  /// CPU.
  std::size_t most_gpu_bytes() const;
  std::vector<Progress> history() const;

  /// num_samples new rows. Row i is a function of (model, seed, i) alone, and of what `how` says of it:
  ///
  ///     model.generate(1000, 0, {.where = {"income=>50K", "age=20..30"}});
  ///
  /// Every row meets the conditions, and keeps options().rules (docs/rules.md); Error names a row that cannot be made
  /// to. The rows are distributed as unconditioned ones that happen to meet the conditions. That is exact, and takes no
  /// time, where the columns before a conditioned one, in the order of generation (the option order), have one value
  /// each. Else it is nearly so (docs/conditions.md): dynamic masks draw the conditioned columns first, and the empty
  /// cells of given rows too; a fixed order chooses among many rows, so that a row takes longer as conditions become
  /// rarer. Throws Error, saying what to do, where hardly one among 100,000 does, for a condition that nothing can
  /// meet, and for a cell of the given rows that the column cannot have; for a model that has learned nothing; and for
  /// rows beyond the first 2^50. The preset must be meg for any of `how`.
  Table generate(std::size_t num_samples, std::uint64_t seed = 0, const GenerateOptions& how = {}) const;
  /// Rows first_row ... first_row + count - 1 of that table, some thousands at a time. The model must outlive the
  /// stream and must not be trained meanwhile; a stream is for one thread at a time.
  RowStream stream(std::uint64_t first_row, std::size_t count, std::uint64_t seed = 0,
                   const GenerateOptions& how = {}) const;
  /// A table without rows, of the columns and types that generated ones have; columns of given texts come as utf8.
  Table empty_table() const;

  /// The rows with their missing cells filled, each drawn given all that is present in its row; draw 0, 1, 2, ... are
  /// as many versions, for multiple imputation. Present cells keep their text, a cell is never filled with a missing
  /// one, and columns that the model has not learned remain as they are. Row i is a function of (model, seed, draw, row
  /// i of `rows`, i). Throws Error for the classic preset, for rows without any column that the model has learned, for
  /// rows outside the table, and for a draw from kMostDraws on.
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
