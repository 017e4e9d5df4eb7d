#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/column_flags.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "core/error.h"
#include "core/measure/compare.h"
#include "core/measure/efficacy.h"
#include "core/output_file.h"
#include "core/table/csv.h"

namespace meg::cli {

namespace {

using Json = nlohmann::ordered_json;

struct EvaluateFlags {
  std::string real, synthetic, target, test, json;
  int threads = 0;
  ColumnFlags columns;
};

/// A classifier's two scores: of trees that learned from synthetic rows, and from real ones.
struct Efficacies {
  Efficacy synthetic, real;
};

Json to_json(const Efficacy& e) {
  if (e.task == EfficacyTask::kRegression) return {{"rmse", e.rmse}, {"r2", e.r2}};
  return {{"auc", e.auc}, {"f1", e.f1}};
}

Json to_json(const Comparison& c) {
  Json out{{"shape", c.mean_shape}, {"trend", c.mean_trend}, {"ks", c.mean_ks}, {"wasserstein", c.mean_wasserstein}};
  for (const ColumnComparison& column : c.columns) {
    Json one{{"name", column.name},
             {"type", type_name(column.type)},
             {"shape", column.shape},
             {"ks", column.ks},
             {"wasserstein", column.wasserstein}};
    if (column.total_variation) one["total_variation"] = *column.total_variation;
    if (column.chi_square_p) one["chi_square_p"] = *column.chi_square_p;
    out["columns"].push_back(std::move(one));
  }
  for (const Trend& trend : c.trends)
    out["trends"].push_back(
        {{"first", c.columns[trend.first].name}, {"second", c.columns[trend.second].name}, {"trend", trend.score}});
  out["not_compared"] = c.skipped;
  return out;
}

std::string optional_number(const std::optional<double>& x) { return x ? fmt::format("{:.4f}", *x) : "-"; }

void print(const Comparison& c) {
  std::size_t width = 6;
  for (const ColumnComparison& column : c.columns) width = std::max(width, column.name.size());
  fmt::print("{:<{}}  {:<12} {:>7} {:>7} {:>12} {:>9} {:>8}\n", "column", width, "type", "shape", "KS", "Wasserstein",
             "total var", "chi2 p");
  for (const ColumnComparison& column : c.columns)
    fmt::print("{:<{}}  {:<12} {:>7.4f} {:>7.4f} {:>12.4f} {:>9} {:>8}\n", column.name, width, type_name(column.type),
               column.shape, column.ks, column.wasserstein, optional_number(column.total_variation),
               optional_number(column.chi_square_p));
  fmt::print("{:<{}}  {:<12} {:>7.4f} {:>7.4f} {:>12.4f}\n", "mean", width, "", c.mean_shape, c.mean_ks,
             c.mean_wasserstein);
  for (const std::string& name : c.skipped) fmt::print("{} is not compared: an identifier or free text\n", name);
  if (c.trends.empty()) return;
  const auto worst = std::min_element(c.trends.begin(), c.trends.end(),
                                      [](const Trend& a, const Trend& b) { return a.score < b.score; });
  fmt::print("\ntrend of pairs {:.4f}, lowest {:.4f} ({} and {})\n", c.mean_trend, worst->score,
             c.columns[worst->first].name, c.columns[worst->second].name);
}

void print(const Efficacies& e, const std::string& target, bool has_test) {
  const bool regression = e.real.task == EfficacyTask::kRegression;
  fmt::print("\n{} predicted by boosted trees\n", target);
  const auto line = [&](const char* what, const Efficacy& of) {
    fmt::print("  {:<56} {} {:.4f}  {} {:.4f}\n", what, regression ? "RMSE" : "AUC", regression ? of.rmse : of.auc,
               regression ? "R2" : "F1", regression ? of.r2 : of.f1);
  };
  line(has_test ? "learned from synthetic rows, tested on the test rows"
                : "learned from synthetic rows, tested on real rows",
       e.synthetic);
  line(has_test ? "learned from real rows, tested on the test rows"
                : "learned from real rows, three-fold cross-validation",
       e.real);
}

int evaluate(const EvaluateFlags& f) {
  if (!f.test.empty() && f.target.empty()) fail("--test needs --target: the column to predict in it");
  refuse_to_overwrite({f.real, f.synthetic, f.test, f.columns.schema}, {f.json});
  const Table real = read_csv(f.real), synthetic = read_csv(f.synthetic);
  const Schema schema = infer_schema(real, f.columns.types(), f.columns.drop);
  const Comparison comparison = compare(real, synthetic, schema);
  Json json = to_json(comparison);
  if (f.json != "-") print(comparison);
  if (!f.target.empty()) {
    const bool has_test = !f.test.empty();
    const Table test = has_test ? read_csv(f.test) : Table();
    const Efficacies e{efficacy(synthetic, has_test ? test : real, schema, f.target, f.threads),
                       has_test ? efficacy(real, test, schema, f.target, f.threads)
                                : efficacy_within(real, schema, f.target, f.threads)};
    json["target"] = {{"name", f.target},
                      {"task", task_name(e.real.task)},
                      {"learned_from_synthetic", to_json(e.synthetic)},
                      {"learned_from_real", to_json(e.real)}};
    if (f.json != "-") print(e, f.target, has_test);
  }
  if (!f.json.empty()) write_file(f.json, json.dump(2) + "\n");
  return 0;
}

}  // namespace

void add_evaluate(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand("evaluate", "Measure how like a real table a synthetic one is");
  const auto f = std::make_shared<EvaluateFlags>();
  command.add_option("real", f->real, "The real table, a CSV file")->required();
  command.add_option("synthetic", f->synthetic, "The synthetic table, a CSV file")->required();
  command.add_option("--target", f->target,
                     "Column to predict from the others: synthetic rows taught, real rows asked");
  command.add_option("--test", f->test, "Real rows that nobody learned from, to ask instead of the real table");
  command.add_option("--json", f->json, "Write everything to this file; - is standard output");
  command.add_option("--threads", f->threads, "CPU threads, 0 = all cores")->check(CLI::Range(0, 1024));
  f->columns.add_to(command);
  command.callback([f, &status] { status = evaluate(*f); });
}

}  // namespace meg::cli
