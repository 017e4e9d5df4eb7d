#include "core/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/column_flags.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/option_flags.h"
#include "cli/table_flags.h"
#include "cli/training_log.h"
#include "core/fail.h"
#include "core/measure/evaluation.h"
#include "core/output_file.h"
#include "core/platform.h"
#include "core/table/read/table_reader.h"
#include "meg/meg.h"

namespace meg::cli {

namespace {

struct ReportFlags {
  std::string real, synthetic, model, log, test, target, out, json;
  Options machine;  ///< of it the threads
  bool quiet = false;
  ReadFlags read;
  ColumnFlags columns;
};

std::string name_of(const std::string& path) {
  return path == "-" ? "standard input" : std::filesystem::path(path).filename().string();
}

void check_model(const Meg& model, const Table& real) {
  const std::vector<std::string>& names = real.names();
  for (const ColumnSchema& column : model.schema())
    if (std::find(names.begin(), names.end(), column.name) == names.end())
      fail("the model is of another table: it has a column '{}', which the real table has not", column.name);
}

Evaluation measure(const ReportFlags& f, const Table& real, const Table& synthetic, const Schema& schema,
                   const std::optional<Table>& test, std::vector<std::string> rules) {
  EvaluationOptions options;
  options.target = f.target;
  options.test = options.held_out = test ? &*test : nullptr;
  options.scale = true;
  options.threads = f.machine.threads;
  options.rules = std::move(rules);
  return evaluate(real, synthetic, schema, options);
}

int report(const ReportFlags& f) {
  if (!f.log.empty() && f.model.empty()) fail("--log needs --model: the model that the log is of");
  check_files({f.real, f.synthetic, f.model, f.log, f.test, f.columns.schema}, {f.out, f.json});
  if (!f.out.empty() && !can_draw_reports()) report_page("");  // says what is missing, before the work
  std::optional<OutputFile> page, numbers;                     // better refused now than after the work
  if (!f.out.empty()) page.emplace(f.out);
  if (!f.json.empty()) numbers.emplace(f.json);
  return_freed_memory();
  if (!f.quiet) say_threads(f.machine.threads);
  const Stopwatch watch;
  const ReadOptions how = f.read.options(f.quiet);
  const Table real = read_table(f.real, how), synthetic = read_table(f.synthetic, f.read.of_synthetic(f.quiet));
  const std::vector<std::string> names = real.names();
  const Schema schema =
      infer_schema(real, f.columns.types(names), f.columns.dropped(names), f.machine.threads, f.columns.missing);
  std::optional<Table> test;
  if (!f.test.empty()) test = read_table(f.test, how);
  std::optional<ReportedModel> model;
  std::vector<std::string> rules = f.columns.rules();
  if (!f.model.empty()) {
    const Meg learned = Meg::load_model(f.model);
    check_model(learned, real);
    model = reported_model(learned);
    for (const std::string& rule : learned.options().rules)
      if (std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.push_back(rule);
    if (!f.log.empty()) model->training = read_training_log(f.log, learned.history());
  }

  if (!f.quiet) say("measuring, and once more one half of the real table against the other");
  const Evaluation evaluation = measure(f, real, synthetic, schema, test, std::move(rules));
  const ReportNames files{name_of(f.real), name_of(f.synthetic), name_of(f.model), name_of(f.test)};
  const std::string json = report_json(files, real, synthetic, schema, evaluation, model);
  if (page) {
    page->write(report_page(json));
    page->finish();
  }
  if (numbers) {
    numbers->write(json + "\n");
    numbers->finish();
  }
  if (!f.quiet) {
    const Verdict verdict = judge(evaluation);
    const std::string& out = page ? f.out : f.json;
    say(fmt::format("{}. {}. The report{} was made in {}.", verdict.title, verdict.privacy_title,
                    out == "-" ? "" : fmt::format(" in {}", out), duration_text(watch.seconds())));
  }
  return 0;
}

}  // namespace

void add_report(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand(
      "report", "Write a page that shows whether synthetic rows are good, where not, and if they leak");
  const auto f = std::make_shared<ReportFlags>();
  command
      .add_option("real", f->real,
                  "The real table: the rows that were learned; - is standard input, as for every table")
      ->required();
  command.add_option("synthetic", f->synthetic, "The synthetic table")->required();
  command.add_option("--out", f->out,
                     "Where to write the page, one HTML file that needs nothing else; may be left out with --json");
  command.add_option("--model", f->model, "The model that made the rows: shows how it was trained");
  command.add_option("--log", f->log, "What `meg train --log` wrote: adds the time and memory of the training");
  command.add_option("--test", f->test,
                     "Real rows that nobody learned from: shows whether trees can tell synthetic rows from them, and "
                     "whether rows were copied. Give as many synthetic rows as both tables of real rows have");
  command.add_option("--target", f->target,
                     "Column to predict from the others: synthetic rows taught, real rows asked");
  command.add_option("--json", f->json, "Write every number of the page to this file; - is standard output");
  add_flag_of(find_option("threads"), command, f->machine);
  command.add_flag("--quiet", f->quiet, "Say nothing but errors");
  f->read.add_to(command, "of real rows");
  f->columns.add_to(command);
  command.callback([f, &status] {
    if (f->out.empty() && f->json.empty()) throw CLI::RequiredError("--out");
    status = report(*f);
  });
}

}  // namespace meg::cli
