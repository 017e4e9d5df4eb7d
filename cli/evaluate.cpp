#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/checks.h"
#include "cli/column_flags.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/evaluation_text.h"
#include "cli/option_flags.h"
#include "cli/table_flags.h"
#include "core/fail.h"
#include "core/measure/boosted_trees.h"
#include "core/measure/evaluation.h"
#include "core/measure/evaluation_json.h"
#include "core/measure/registry.h"
#include "core/output_file.h"
#include "core/platform.h"
#include "core/table/infer/number.h"
#include "core/table/read/table_reader.h"

namespace meg::cli {

namespace {

/// The exit status where a score is below what --fail-below asks for.
constexpr int kBelow = 3;

struct EvaluateFlags {
  std::string real, synthetic, target, test, holdout, json;
  std::vector<std::string> fail_below;
  bool quick = false;
  Options machine;  ///< of it the threads
  ReadFlags read;
  ColumnFlags columns;
};

/// "shape=0.98": a score and the least that it may be.
struct Limit {
  std::string name;
  double least = 0;
};

[[noreturn]] void refuse_limit(const std::string& why) { throw CLI::ValidationError("--fail-below", why); }

/// Refuses a measure that the other flags leave out.
void refuse_unmeasured(const Measure& measure, const EvaluateFlags& f) {
  const auto refuse = [&](const char* why) { refuse_limit(fmt::format("{} {}", measure.key, why)); };
  if (measure.needs.target && f.target.empty()) refuse("needs --target");
  if (measure.needs.held_out && f.holdout.empty() && f.test.empty()) refuse("needs --holdout or --test");
  if (measure.needs.thorough && f.quick) refuse("is not measured with --quick");
  if (measure.needs.trees && !BoostedTrees::available()) refuse("needs XGBoost, which was not found");
}

Limit parse_limit(const std::string& text, const EvaluateFlags& f) {
  const std::size_t equals = text.find('=');
  Limit out{std::string(trimmed(text.substr(0, equals))), 0};
  std::string known;
  for (const Measure* measure : all_measures()) {
    if (!measure->higher_is_better) continue;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", measure->key);
    if (measure->key != out.name) continue;
    if (equals == std::string::npos || !CLI::detail::lexical_cast(text.substr(equals + 1), out.least) ||
        !std::isfinite(out.least))
      refuse_limit(fmt::format("'{}' is no score and number like {}=0.9", text, measure->key));
    refuse_unmeasured(*measure, f);
    return out;
  }
  refuse_limit(fmt::format("there is no score '{}'; there are {}", out.name, known));
}

/// The sentence that says what is below its limit; empty where nothing is.
std::string complaint(const Evaluation& evaluation, const std::vector<Limit>& limits) {
  std::string out;
  for (const Limit& limit : limits) {
    const Headline& headline = *evaluation.headline(limit.name);
    if (headline.value && *headline.value >= limit.least) continue;
    out += out.empty() ? "" : "; ";
    out += headline.value ? fmt::format("{} is {:.6g}, below {:g}", limit.name, *headline.value, limit.least)
                          : fmt::format("{} has no value to hold against {:g}: {}", limit.name, limit.least,
                                        headline.value.reason);
  }
  return out;
}

int evaluate(const EvaluateFlags& f) {
  std::vector<Limit> limits;
  for (const std::string& text : f.fail_below) limits.push_back(parse_limit(text, f));
  check_files({f.real, f.synthetic, f.test, f.holdout, f.columns.schema}, {f.json});
  std::optional<OutputFile> json;
  if (!f.json.empty()) json.emplace(f.json);  // better refused now than after the work
  return_freed_memory();
  say_threads(f.machine.threads);

  const ReadOptions how = f.read.options();
  const Table real = read_table(f.real, how), synthetic = read_table(f.synthetic, f.read.of_synthetic());
  const std::vector<std::string> names = real.names();
  const Schema schema =
      infer_schema(real, f.columns.types(names), f.columns.dropped(names), f.machine.threads, f.columns.missing);
  std::optional<Table> test, held_out;
  if (!f.test.empty()) test = read_table(f.test, how);
  if (!f.holdout.empty()) held_out = read_table(f.holdout, how);
  EvaluationOptions options;
  options.target = f.target;
  options.test = test ? &*test : nullptr;
  options.held_out = held_out ? &*held_out : options.test;
  options.thorough = !f.quick;
  options.scale = !f.quick;
  options.threads = f.machine.threads;
  options.rules = f.columns.rules();
  const Evaluation evaluation = meg::evaluate(real, synthetic, schema, options);

  for (const Limit& limit : limits)
    if (!evaluation.headline(limit.name))
      refuse_limit(evaluation.target ? fmt::format("{} is no score of a {} target", limit.name,
                                                   task_name(evaluation.target->real.task))
                                     : fmt::format("{} is no score of these tables", limit.name));
  if (f.json != "-") print_evaluation(evaluation, test.has_value());
  if (json) {
    json->write(evaluation_to_json(evaluation) + "\n");
    json->finish();
  }
  const std::string below = complaint(evaluation, limits);
  if (below.empty()) return 0;
  say("meg: " + below);
  return kBelow;
}

}  // namespace

void add_evaluate(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand("evaluate", "Measure how like a real table a synthetic one is");
  const auto f = std::make_shared<EvaluateFlags>();
  command.add_option("real", f->real, "The real table, a file or folder; - is standard input, as for every table")
      ->required();
  command.add_option("synthetic", f->synthetic, "The synthetic table")->required();
  command.add_option("--target", f->target,
                     "Column to predict from the others: synthetic rows taught, real rows asked");
  command.add_option("--test", f->test,
                     "Real rows that nobody learned from: can trees tell synthetic rows from them? The target is "
                     "predicted in them, too. Give as many synthetic rows as both tables of real rows have");
  command.add_option(
      "--holdout", f->holdout,
      "Real rows that the model has not seen: are synthetic rows nearer to those it has? (default: --test)");
  command.add_option("--json", f->json, "Write everything to this file; - is standard output");
  take_list(command.add_option("--fail-below", f->fail_below,
                               "Exit with 3 and a sentence where a score is lower: shape=0.98,trend=0.97,..."));
  command.add_flag("--quick", f->quick,
                   "Only columns, pairs and identical rows: no classifiers, neighbours, components, and no half of the "
                   "real table as if it were synthetic to the other");
  add_flag_of(find_option("threads"), command, f->machine);
  f->read.add_to(command, "of real rows");
  f->columns.add_to(command);
  command.footer(
      "Columns, pairs and identical rows are exact. Sampled, where a table has more rows: the classifiers 50,000 rows "
      "of each table (of synthetic rows those beside --test are the first), precision and recall and the components "
      "10,000, associations 50,000 (fewer where there are many "
      "columns; the output says how many), the target 100,000, privacy 20,000. Scores: docs/evaluate.md.");
  command.callback([f, &status] { status = evaluate(*f); });
}

}  // namespace meg::cli
