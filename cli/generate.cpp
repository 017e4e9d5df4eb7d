#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/run_flags.h"
#include "cli/table_flags.h"
#include "core/table/read/table_reader.h"
#include "core/table/write/table_writer.h"
#include "meg/meg.h"

namespace meg::cli {

namespace {

struct GenerateFlags {
  std::string model, out, format, given, shard = "1/1";
  std::uint64_t rows = 0, seed = 0;
  float temperature = 1;
  std::vector<std::string> where;
  RunFlags run;
  ReadFlags read;
};

struct Shard {
  std::uint64_t number = 0, of = 0;
};

/// Of "3/8"; zeros where it is no such thing.
Shard parse_shard(const std::string& text) {
  Shard shard;
  const char* end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != '/') return {};
  const auto of = std::from_chars(number.ptr + 1, end, shard.of);
  if (of.ec != std::errc() || of.ptr != end || shard.number < 1 || shard.number > shard.of) return {};
  return shard;
}

/// Rows of the shards before `shard`; no product of large numbers.
std::uint64_t first_row(std::uint64_t rows, std::uint64_t shard, std::uint64_t of) {
  return rows / of * shard + rows % of * shard / of;
}

std::string text_of(const Redrawn& redrawn) {
  std::string out = fmt::format("{} row{} broke a rule and {} drawn again, {:.1f} times on average", redrawn.rows,
                                redrawn.rows == 1 ? "" : "s", redrawn.rows == 1 ? "was" : "were",
                                static_cast<double>(redrawn.draws) / static_cast<double>(redrawn.rows));
  if (redrawn.mended > 0)
    out += fmt::format("; {} of them broke one each time, and a cell was set so that {}", redrawn.mended,
                       redrawn.mended == 1 ? "it does not" : "they do not");
  return out;
}

int generate(const GenerateFlags& f) {
  catch_interrupts();  // first, so that an unfinished file is always removed
  const Stopwatch watch;
  check_files({f.model, f.given}, {f.out});
  TableWriter out(f.out, f.format);
  const Options options = f.run.options();
  const Meg model = Meg::load_model(f.model, options);
  GenerateOptions how{.where = f.where, .temperature = f.temperature};
  if (!f.given.empty()) how.given = read_table(f.given, f.read.options(f.run.quiet));
  const std::uint64_t rows = how.given ? how.given->rows() : f.rows;
  const Shard shard = parse_shard(f.shard);
  const std::uint64_t begin = first_row(rows, shard.number - 1, shard.of);
  const std::uint64_t end = first_row(rows, shard.number, shard.of);

  Redrawn redrawn;
  out.start(model.empty_table(), {.schema = model.schema(), .threads = options.threads});
  {
    ProgressLine line(f.run.quiet);
    std::uint64_t done = 0;
    RowStream stream = model.stream(begin, end - begin, f.seed, how);
    while (std::optional<Table> some = interrupted() ? std::nullopt : stream.next()) {
      out.write(*some);
      done += some->rows();
      if (!line.due()) continue;
      const double rate = static_cast<double>(done) / watch.seconds();
      line.show(fmt::format("{} of {} rows  {} rows/s  {} left", done, end - begin, count_text(rate),
                            duration_text(static_cast<double>(end - begin - done) / rate)));
    }
    redrawn = stream.redrawn();
  }
  if (interrupted()) return say_stopped(f.out);
  out.finish();
  if (!f.run.quiet) say_device(f.run.device, options.device);
  if (!f.run.quiet && redrawn.rows > 0) say(text_of(redrawn));
  if (!f.run.quiet && f.out != "-")
    say(fmt::format("wrote {} rows to {} in {}", end - begin, f.out, duration_text(watch.seconds())));
  return 0;
}

}  // namespace

void add_generate(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand("generate", "Write synthetic rows from a model");
  const auto f = std::make_shared<GenerateFlags>();
  command.add_option("model", f->model, "A model that `meg train` wrote")->required();
  CLI::Option* rows =
      command.add_option("--rows", f->rows, "Rows of the table")->check(whole_number(1'000'000'000'000'000));
  command.add_option("--out", f->out, kOutHelp)->required();
  add_format(command, f->format, kOutFormat);
  command.add_option("--seed", f->seed, "Which table: row i depends on (model, seed, i) alone")->check(whole_number());
  command.add_option("--shard", f->shard, "I/N: only the I-th of N parts of the table, each a file with a header")
      ->check([](const std::string& text) {
        return parse_shard(text).of > 0 ? "" : "write I/N with 1 <= I <= N, for example 3/8";
      });
  command
      .add_option("--where", f->where,
                  "A condition that all rows meet: COLUMN=VALUE, COLUMN=VALUE|VALUE, COLUMN=LOW..HIGH, COLUMN= "
                  "(missing); may be repeated, see docs/conditions.md")
      ->allow_extra_args(false);
  CLI::Option* given =
      command
          .add_option("--given", f->given,
                      "A table of some columns: each row is completed (its empty cells too, with dynamic masks), "
                      "instead of --rows; - is standard input")
          ->excludes(rows);
  command.add_option("--temperature", f->temperature, "Below 1 likelier rows, above 1 more varied ones; at most 2")
      ->check(positive_number())
      ->check(number(0, 2));
  f->run.add_to(command);
  f->read.add_text_flags(command, "of --given");
  command.callback([=, &status] {
    if (rows->count() + given->count() == 0) throw CLI::RequiredError("--rows, or --given,");
    status = generate(*f);
  });
}

}  // namespace meg::cli
