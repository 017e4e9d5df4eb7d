#include <fmt/format.h>

#include <algorithm>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/run_flags.h"
#include "cli/table_flags.h"
#include "core/fail.h"
#include "core/table/read/table_reader.h"
#include "core/table/write/table_writer.h"
#include "meg/meg.h"

namespace meg::cli {

namespace {

/// The leading column of several draws, and of mice's complete(..., "long"), which calls it .imp.
constexpr const char* kDrawColumn = "draw";

struct ImputeFlags {
  std::string model, rows, out, format;
  std::uint64_t seed = 0;
  std::uint32_t draws = 1;
  RunFlags run;
  ReadFlags read;
};

/// The rows with the number of their draw in front.
Table numbered(const Table& rows, std::uint32_t draw) {
  std::vector<NamedArray> columns{
      {kDrawColumn, Array::of({.id = TypeId::kInt64}, std::vector<std::int64_t>(rows.rows(), draw))}};
  for (std::size_t c = 0; c < rows.columns(); ++c) columns.push_back({rows.name(c), rows[c]});
  return Table(std::move(columns));
}

void say_counts(const Imputed& counts, const Meg& model, const Table& rows) {
  for (const std::string& name : rows.names())
    if (std::none_of(model.schema().begin(), model.schema().end(),
                     [&](const ColumnSchema& column) { return column.name == name; }))
      say(fmt::format("column '{}' is not in the model: it is written as it is", name));
  if (counts.still_missing > 0)
    say(fmt::format("missing cells of columns that the model has not learned, which remain: {}", counts.still_missing));
  if (counts.out_of_range > 0)
    say(fmt::format("numbers beyond the model's range, written as they are and taken for its nearest: {}",
                    counts.out_of_range));
  if (counts.unknown > 0)
    say(fmt::format("cells that mean nothing to the model, written as they are and not used: {}; the first: {}",
                    counts.unknown, counts.first_unknown));
}

int impute(const ImputeFlags& f) {
  catch_interrupts();
  const Stopwatch watch;
  check_files({f.model, f.rows}, {f.out});
  TableWriter out(f.out, f.format);
  const Options options = f.run.options();
  const Meg model = Meg::load_model(f.model, options);
  CsvStyle style;
  const std::filesystem::path path = f.rows;
  const Table rows = read_styled_table(std::span(&path, 1), f.read.options(f.run.quiet), style);
  const bool several = f.draws > 1;
  if (several && rows.find(kDrawColumn))
    fail("'{}' has a column '{}', which --draws would write too: rename it", f.rows, kDrawColumn);

  out.start(several ? numbered(rows.slice(0, 0), 1) : rows,
            {.schema = model.schema(), .delimiter = style.delimiter, .threads = options.threads});
  Imputed counts;
  {
    ProgressLine line(f.run.quiet);
    const double all = static_cast<double>(rows.rows()) * f.draws;
    for (std::uint32_t draw = 0; draw < f.draws && !interrupted(); ++draw)
      for (std::size_t row = 0; row < rows.rows() && !interrupted(); row += kChunkRows) {
        const std::size_t count = std::min(kChunkRows, rows.rows() - row);
        Imputed again;  // of later draws all but the filled cells are what the first has counted
        const Table filled = model.impute(rows, row, count, f.seed, draw, draw == 0 ? &counts : &again);
        counts.filled += again.filled;
        out.write(several ? numbered(filled, draw + 1) : filled);
        if (!line.due()) continue;
        const double done =
            static_cast<double>(draw) * static_cast<double>(rows.rows()) + static_cast<double>(row + count);
        const double rate = done / watch.seconds();
        line.show(fmt::format("{:.0f} of {:.0f} rows  {} rows/s  {} left", done, all, count_text(rate),
                              duration_text((all - done) / rate)));
      }
  }
  if (interrupted()) return say_stopped(f.out);
  out.finish();
  if (!f.run.quiet) {
    say_device(f.run.device, options.device);
    say_counts(counts, model, rows);
    say(fmt::format("filled {} cells of {} rows{} in {}", counts.filled, rows.rows(),
                    several ? fmt::format(", {} times,", f.draws) : "", duration_text(watch.seconds())));
  }
  return 0;
}

}  // namespace

void add_impute(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand("impute", "Fill the missing cells of rows from what is present");
  const auto f = std::make_shared<ImputeFlags>();
  command.add_option("model", f->model, "A model that `meg train` wrote")->required();
  command
      .add_option("rows", f->rows, "The rows with holes, a table: empty cells and NA are filled; - is standard input")
      ->required();
  command.add_option("--out", f->out, kOutHelp)->required();
  add_format(command, f->format, kOutFormat);
  command
      .add_option("--draws", f->draws,
                  "Versions of every row, for multiple imputation: below one another, numbered in a first column "
                  "'draw' where there are several")
      ->check(CLI::Range(1u, Meg::kMostDraws));
  command.add_option("--seed", f->seed, "Which fillings")->check(whole_number());
  f->run.add_to(command);
  f->read.add_text_flags(command, "that is read");
  command.callback([f, &status] { status = impute(*f); });
}

}  // namespace meg::cli
