#include <fmt/format.h>

#include <cmath>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/run_flags.h"
#include "cli/table_flags.h"
#include "core/table/read/table_reader.h"
#include "core/table/write/table_writer.h"
#include "meg/meg.h"

namespace meg::cli {

namespace {

struct ScoreFlags {
  std::string model, rows, out = "-", format;
  ReadFlags read;
  RunFlags run{.machine = {.precision = Precision::kFp32}};  // likelihoods are numbers to compare
};

/// What is said of all rows in the end.
struct Summary {
  double sum = 0;
  std::size_t possible = 0, impossible = 0;
  std::string first_impossible;

  void add(const Scores& scores) {
    if (first_impossible.empty()) first_impossible = scores.first_impossible;
    for (const double total : scores.total)
      if (std::isfinite(total))
        sum += total, ++possible;
      else
        ++impossible;
  }
  std::string text() const {
    std::string out = fmt::format("scored {} rows", possible + impossible);
    if (possible > 0) out += fmt::format(", mean log-likelihood {:.4f}", sum / static_cast<double>(possible));
    if (impossible > 0)
      out += fmt::format("{} {} that the model can never generate (the first is {})",
                         possible > 0 ? "; not in the mean:" : ":", impossible, first_impossible);
    return out;
  }
};

/// Digits of a likelihood.
constexpr int kDigits = 9;

Schema spelling_of(const Table& scores) {
  Schema out(scores.columns());
  for (std::size_t c = 0; c < out.size(); ++c) {
    out[c].name = scores.name(c);
    out[c].type = ColumnType::kDecimal;
    out[c].significant = kDigits;
  }
  return out;
}

int score(const ScoreFlags& f) {
  catch_interrupts();
  const Stopwatch watch;
  check_files({f.model, f.rows}, {f.out});
  TableWriter out(f.out, f.format);
  const Options options = f.run.options();
  const Meg model = Meg::load_model(f.model, options);
  const Table rows = read_table(f.rows, f.read.options(f.run.quiet));

  const Table none = scores_table(model.score(rows, 0, 0));
  out.start(none, {.schema = spelling_of(none), .threads = options.threads});
  Summary summary;
  {
    ProgressLine line(f.run.quiet);
    for (std::size_t row = 0; row < rows.rows() && !interrupted(); row += kChunkRows) {
      const Scores scores = model.score(rows, row, std::min(kChunkRows, rows.rows() - row));
      summary.add(scores);
      out.write(scores_table(scores));
      if (!line.due()) continue;
      const double rate = static_cast<double>(row + scores.total.size()) / watch.seconds();
      line.show(fmt::format("{} of {} rows  {} rows/s  {} left", row + scores.total.size(), rows.rows(),
                            count_text(rate),
                            duration_text(static_cast<double>(rows.rows() - row - scores.total.size()) / rate)));
    }
  }
  if (interrupted()) return say_stopped(f.out);
  out.finish();
  if (f.run.quiet) return 0;
  say_device(f.run.device, options.device);
  say(fmt::format("{}, in {}", summary.text(), duration_text(watch.seconds())));
  return 0;
}

}  // namespace

void add_score(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand("score", "Write how likely rows are under a model");
  const auto f = std::make_shared<ScoreFlags>();
  command.add_option("model", f->model, "A model that `meg train` wrote, of the preset meg")->required();
  command
      .add_option("rows", f->rows, "The rows, a table with the columns that the model has learned; - is standard input")
      ->required();
  command.add_option("--out", f->out,
                     "Where to write a table: each row's log_likelihood and its part of every column, in nats; - is "
                     "standard output");
  add_format(command, f->format, kOutFormat);
  f->run.add_to(command);
  f->read.add_text_flags(command, "that is read");
  command.callback([f, &status] { status = score(*f); });
}

}  // namespace meg::cli
