#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <future>
#include <optional>
#include <sstream>
#include <utility>

#include "cli/checks.h"
#include "cli/column_flags.h"
#include "cli/column_list.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/option_flags.h"
#include "cli/run_flags.h"
#include "cli/table_flags.h"
#include "cli/training_log.h"
#include "core/fail.h"
#include "core/input_file.h"
#include "core/model/preset.h"
#include "core/option_values.h"
#include "core/output_file.h"
#include "core/platform.h"
#include "core/table/read/table_reader.h"
#include "meg/meg.h"

namespace meg::cli {

namespace {

struct TrainFlags {
  std::vector<std::string> data;
  std::string out, log, checkpoint, resume, from, masks;
  std::vector<std::string> order;  // words, which columns_in() reads
  int epochs = 0, batch_size = 0, checkpoint_every = 0;
  bool no_refine = false;
  RunFlags run;
  ReadFlags read;
  ColumnFlags columns;
  Options options;
  const CLI::App* command = nullptr;

  bool given(const std::string& flag) const { return command->count(flag) > 0; }
};

constexpr const char *kMasks = "--masks", *kDynamicMasks = "dynamic";

/// Whether an option of `meg train` has a flag that is made from kOptions: others are sets of flags, or share one.
bool has_own_flag(const Option& option) {
  return option.scope != OptionScope::kMachine && option.name != "types" && option.name != "drop" &&
         option.name != "missing" && option.name != "rules" && option.name != "masks" && option.name != "any_order";
}

/// Throws Error where a flag is given that the preset knows nothing of.
void check_preset_flags(const TrainFlags& f, const std::string& preset) {
  if (f.no_refine && preset == "classic")
    fail(ErrorCode::kInvalidArgument, "{}", other_preset_text("--no-refine", "meg", preset));
  for (const Option& option : kOptions)
    if (has_own_flag(option) && !is_of(option, preset) && f.given(flag_of(option)))
      fail(ErrorCode::kInvalidArgument, "{}", other_preset_text(flag_of(option), option.of, preset));
}

/// The lines of a file of masks.
std::vector<std::string> read_masks(const std::string& path) {
  std::istringstream file(read_file(path, "a file of masks"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  if (lines.empty()) lines.emplace_back();
  return lines;
}

/// How long an epoch, or a step of the refinement, takes in the phase under way.
class Pace {
 public:
  /// `now` in seconds since training began, which may have been in the middle of a phase.
  double seconds_each(const Progress& p, double now) {
    if (begun_ != p.phase) {
      begun_ = p.phase, begin_ = last_;
      first_ = p.phase == Progress::Phase::kRefinement ? p.done - 1 - (p.done - 1) % steps_per_line(p.of) : p.done - 1;
    }
    last_ = now;
    return (now - begin_) / std::max(1, p.done - first_);
  }

 private:
  std::optional<Progress::Phase> begun_;
  double begin_ = 0, last_ = 0;
  int first_ = 0;
};

std::string progress_text(const Progress& p, double rows_per_second, double seconds_left) {
  std::string out =
      fmt::format("{} {}/{}", p.phase == Progress::Phase::kTraining ? "epoch" : phase_name(p.phase), p.done, p.of);
  const auto put = [&](const char* form, double value) {
    if (!std::isnan(value)) out += fmt::format(fmt::runtime(form), value);
  };
  put("  loss {:.3f}", p.loss);
  put("  held-out {:.3f}", p.held_out_loss);
  put("  loss D {:.3f}", p.discriminator);
  put("  G {:.3f}", p.generator);
  put("  held-out AUC {:.2f}", p.held_out_auc);
  return out + fmt::format("  {} rows/s  {} left", count_text(rows_per_second), duration_text(seconds_left));
}

/// NaN without a GPU.
double gpu_megabytes(const Meg& model) {
  const std::size_t bytes = model.most_gpu_bytes();
  return bytes > 0 ? static_cast<double>(bytes) / (1 << 20) : Progress::kNone;
}

/// `columns`: the names of the table's, where a flag with a list of columns is given.
Meg make_model(TrainFlags& f, const std::vector<std::string>& columns) {
  f.options = f.run.options(f.options);
  f.options.types = f.columns.types(columns);
  f.options.drop = f.columns.dropped(columns);
  f.options.meg.order = columns_in(f.order, columns);
  f.options.missing = f.columns.missing;
  f.options.rules = f.columns.rules();
  if (f.no_refine) f.options.meg.refine_steps = 0;
  if (f.masks == kDynamicMasks)
    f.options.meg.any_order = true;
  else if (!f.masks.empty())
    f.options.classic.masks = read_masks(f.masks);
  const std::string& learned = f.from.empty() ? f.resume : f.from;
  if (learned.empty()) {
    check_preset_flags(f, f.options.preset);
    return Meg(f.options);
  }
  const Options& o = f.options;
  if (!o.types.empty() || !o.drop.empty() || !o.missing.empty() || !o.rules.empty())
    fail("the columns are those of '{}': leave --schema, --categorical, --numeric, --drop, --missing and --rule out",
         learned);
  Meg model = f.from.empty() ? Meg::load_model(f.resume, f.options) : Meg::start_from(f.from, f.options);
  const std::string& preset = model.options().preset;
  if (f.given("--preset") && f.options.preset != preset) fail("'{}' is a model of the {} preset", learned, preset);
  check_preset_flags(f, preset);
  return model;
}

/// A line for each column.
void say_what_is_not_learned(const Schema& schema) {
  for (const ColumnSchema& column : schema)
    if (const std::string why = why_not_learned(column); !why.empty())
      say(column.sdtype.empty()
              ? fmt::format("column '{}' is not learned: it is {} ({}); new values only look like it", column.name,
                            column.type == ColumnType::kIdentifier ? "an identifier" : "text", why)
              : fmt::format("column '{}' is not learned: {}; new values are stand-ins", column.name, why));
}

/// The same in one, when all is done.
void say_what_was_not_learned(const Schema& schema) {
  std::vector<std::string> names;
  for (const ColumnSchema& column : schema)
    if (!why_not_learned(column).empty()) names.push_back("'" + column.name + "'");
  if (!names.empty())
    say(fmt::format("{} of {} columns {} not learned: {}", names.size(), schema.size(),
                    names.size() == 1 ? "was" : "were", fmt::join(names, ", ")));
}

/// Says where the warm-up stopped before the last epoch that it was allowed: its first line has that one, later ones
/// the last that is worth while.
void say_early_stop(const Meg& model) {
  if (model.history().empty() || model.history().front().phase != Progress::Phase::kWarmUp) return;
  const int done = model.epochs_done(), most = model.history().front().of;
  if (done < most) say(fmt::format("stopped after {} of at most {} epochs: the loss no longer falls", done, most));
}

int train(TrainFlags& f) {
  return_freed_memory();
  const Stopwatch watch;
  const std::string masks = f.masks == kDynamicMasks ? "" : f.masks;
  std::vector<std::string> inputs = f.data;
  inputs.insert(inputs.end(), {f.columns.schema, masks});
  check_files(inputs, {f.out, f.checkpoint, f.log});
  check_files({f.resume, f.from}, {f.log});
  { const OutputFile writable(f.out); }  // better now than after an hour
  if (!f.checkpoint.empty()) const OutputFile writable(f.checkpoint);
  std::vector<std::string> notes;  // of reading, said with those of learning
  ReadOptions how = f.read.options();
  how.on_note = [&](const std::string& note) { notes.push_back(note); };
  // A GPU takes its time to wake up; the table is read meanwhile, unless lists of columns need its names.
  auto reading = std::async(f.run.device == "cpu" ? std::launch::deferred : std::launch::async,
                            [&] { return read_tables(f.data, how); });
  std::optional<Table> table;
  if (f.columns.has_lists() || !f.order.empty()) table = reading.get();
  Meg model = make_model(f, table ? table->names() : std::vector<std::string>());
  if (!table) table = reading.get();
  const auto table_rows = static_cast<double>(table->rows());
  model.load_data(*std::exchange(table, std::nullopt));
  if (!f.run.quiet) {
    for (const std::string& note : notes) say(note);
    say_what_is_not_learned(model.schema());
    for (const std::string& note : model.notes()) say(note);
  }
  TrainingLog log(f.log, !f.resume.empty());

  catch_interrupts();
  outlive_readers();
  if (!f.run.quiet) say_device(f.run.device, f.options.device);
  const Stopwatch training;
  const int first_epoch = model.epochs_done();
  {
    ProgressLine line(f.run.quiet);
    const int every = f.checkpoint_every > 0 ? f.checkpoint_every : model.options().preset == "classic" ? 100 : 1;
    int lines = 0;
    Pace pace;
    const auto on_progress = [&](const Progress& p) {
      log.write({p, training.seconds(), peak_megabytes(), gpu_megabytes(model)});
      if (!f.checkpoint.empty() && ++lines % every == 0) model.save_model(f.checkpoint);
      const double each = pace.seconds_each(p, training.seconds());
      if (!line.due()) return;
      const double rows = p.phase == Progress::Phase::kRefinement ? model.batch_size() : table_rows;
      line.show(progress_text(p, rows / each, each * (p.of - p.done)));
    };
    try {
      model.train(f.epochs, f.batch_size, on_progress, [] { return !interrupted(); });
      model.save_model(f.out);
    } catch (const Error& error) {
      if (f.checkpoint.empty() || !std::filesystem::exists(f.checkpoint)) throw;
      fail(error.code(), "{}; the last checkpoint, '{}', is whole", error.what(), f.checkpoint);
    }
  }
  if (interrupted() && !model.finished()) {
    say(fmt::format("stopped after {} epochs; the model so far is in {}; to go on: --resume {}", model.epochs_done(),
                    f.out, f.out));
    return kInterrupted;
  }
  if (!f.run.quiet) say_early_stop(model);
  if (!f.run.quiet) say_what_was_not_learned(model.schema());
  if (!f.run.quiet && !model.history().empty() && model.history().back().phase == Progress::Phase::kRefinement &&
      !model.refined())
    say("the refinement made the rows no better: the warmed-up model is kept");
  if (!f.run.quiet) {
    const double on_gpu = gpu_megabytes(model);
    say(fmt::format("trained {} epochs in {} ({} in all), peak memory {:.0f} MB{}; the model is in {}",
                    model.epochs_done() - first_epoch, duration_text(training.seconds()),
                    duration_text(watch.seconds()), peak_megabytes(),
                    std::isnan(on_gpu) ? "" : fmt::format(" and {:.0f} MB of the GPU's", on_gpu), f.out));
  }
  return 0;
}

}  // namespace

void add_train(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand("train", "Learn a table");
  const auto f = std::make_shared<TrainFlags>();
  command.add_option("data", f->data, kTableHelp)->required();
  f->read.add_to(command);
  command.add_option("--out", f->out, "Where to write the model")->required();
  f->command = &command;
  command
      .add_option(
          "--epochs", f->epochs,
          "Passes over the rows, 0 = the preset's choice: classic 5000; meg by the rows. Of meg so many at most: "
          "it stops where the held-out loss no longer falls")
      ->check(CLI::Range(0, 1'000'000));
  command
      .add_option("--batch-size", f->batch_size,
                  "Rows of a training step, 0 = the preset's choice: classic 64; meg 32 to 512")
      ->check(CLI::Range(0, 1'000'000));
  f->run.add_to(command);
  command.add_option("--log", f->log, "Write a line of JSON per epoch to this file; - is standard output");
  command.add_option("--checkpoint", f->checkpoint, "Save the training run to this file now and then");
  command
      .add_option("--checkpoint-every", f->checkpoint_every,
                  "Epochs between two checkpoints (100 refinement steps count as one), 0 = classic 100, meg 1")
      ->check(CLI::Range(0, 1'000'000'000));
  CLI::Option* resume = command.add_option("--resume", f->resume, "Go on from this checkpoint or model, same table");
  CLI::Option* from = command.add_option("--from", f->from, "Start from what this model has learned, with other data")
                          ->excludes(resume);
  f->columns.add_to(command);
  for (const Option& option : kOptions) {
    if (!has_own_flag(option)) continue;
    // A list of columns needs their names.
    CLI::Option* const flag = option.name == "order"
                                  ? take_words(command.add_option(flag_of(option), f->order, help_of(option)))
                                  : add_flag_of(option, command, f->options);
    // What the columns and networks are is settled by the model that training goes on from, and in the same run all.
    if (option.name == "preset") continue;  // which is compared
    flag->excludes(resume);
    if (option.scope != OptionScope::kRun) flag->excludes(from);
  }
  command
      .add_option(
          kMasks, f->masks,
          "meg: dynamic = one model for any order, so that conditions on any columns take little time; classic: a file "
          "with a line of 0/1 per generator, the columns it writes")
      ->excludes(resume)
      ->excludes(from);
  command.add_flag("--no-refine", f->no_refine, "meg: the warm-up alone")
      ->excludes(resume)
      ->excludes(command.get_option("--refine-steps"));
  command.callback([f, &status] { status = train(*f); });
}

}  // namespace meg::cli
