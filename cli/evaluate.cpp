#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/column_flags.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "core/error.h"
#include "core/measure/closest_record.h"
#include "core/measure/compare.h"
#include "core/measure/efficacy.h"
#include "core/measure/identical_rows.h"
#include "core/output_file.h"
#include "core/table/csv.h"

namespace meg::cli {

namespace {

using Json = nlohmann::ordered_json;

struct EvaluateFlags {
  std::string real, synthetic, target, test, holdout, json;
  int threads = 0;
  ColumnFlags columns;
};

/// A classifier's two scores: of trees that learned from synthetic rows, and from real ones.
struct Efficacies {
  Efficacy synthetic, real;
};

/// Whether synthetic rows are copies of real ones; the second part only where there are held-out rows.
struct Privacy {
  std::size_t real_rows = 0;
  double identical = 0;  ///< share of synthetic rows that equal a row of the real table
  struct HeldOut {
    double identical = 0;  ///< share of held-out rows that do
    ClosestRecord closest;
  };
  std::optional<HeldOut> held_out;
};

Json to_json(const Nearness& n) {
  return {{"median_distance", n.median_distance}, {"median_ratio", n.median_ratio}, {"identical", n.identical}};
}

Json to_json(const Privacy& p) {
  Json out{{"identical_to_real", p.identical}};
  if (!p.held_out) return out;
  const ClosestRecord& c = p.held_out->closest;
  out["held_out_identical_to_real"] = p.held_out->identical;
  out["closest_record"] = {
      {"share", c.share},         {"share_error", c.share_error}, {"synthetic_rows", c.synthetic_rows},
      {"real_rows", c.real_rows}, {"train", to_json(c.train)},    {"held_out", to_json(c.held_out)}};
  return out;
}

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

void print(const Privacy& p) {
  fmt::print("\nprivacy\n");
  const auto line = [](const char* what, const std::string& figures) { fmt::print("  {:<56} {}\n", what, figures); };
  line("rows identical with one of the real table",
       p.held_out
           ? fmt::format("{:.3f} %  (of the held-out rows {:.3f} %)", 100 * p.identical, 100 * p.held_out->identical)
           : fmt::format("{:.3f} %", 100 * p.identical));
  if (!p.held_out) return;
  const ClosestRecord& c = p.held_out->closest;
  line("share nearer to a real than to any held-out row",
       fmt::format("{:.3f} +- {:.3f}  (0.5: no copying)", c.share, c.share_error));
  line("median distance to the closest real / held-out row",
       fmt::format("{:.4f} / {:.4f}", c.train.median_distance, c.held_out.median_distance));
  line("median ratio of the closest to the second closest",
       fmt::format("{:.3f} / {:.3f}", c.train.median_ratio, c.held_out.median_ratio));
  line("identical with one of these rows",
       fmt::format("{:.3f} % / {:.3f} %", 100 * c.train.identical, 100 * c.held_out.identical));
  fmt::print("  {} synthetic rows looked for the closest of {} in {} real rows and of as many held-out ones\n",
             c.synthetic_rows, c.real_rows, p.real_rows);
  if (p.held_out->identical > 0.5)
    fmt::print(
        "  most held-out rows are in the real table, so they say nothing: give rows that the model has not seen\n");
}

Privacy measure_privacy(const Table& real, const Table& synthetic, const Schema& schema, const std::string& held_out) {
  Privacy out;
  out.real_rows = real.rows();
  if (!held_out.empty()) {
    const Table unseen = read_csv(held_out);
    const ClosestRecord closest = closest_record(real, unseen, synthetic, schema);
    out.held_out = {identical_share(unseen, real, schema), closest};
  }
  out.identical = identical_share(synthetic, real, schema);
  return out;
}

int evaluate(const EvaluateFlags& f) {
  if (!f.test.empty() && f.target.empty()) fail("--test needs --target: the column to predict in it");
  refuse_to_overwrite({f.real, f.synthetic, f.test, f.holdout, f.columns.schema}, {f.json});
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
  if (!comparison.columns.empty() || !f.holdout.empty()) {
    const Privacy privacy = measure_privacy(real, synthetic, schema, f.holdout.empty() ? f.test : f.holdout);
    json["privacy"] = to_json(privacy);
    if (f.json != "-") print(privacy);
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
  command.add_option(
      "--holdout", f->holdout,
      "Real rows that the model has not seen: are synthetic rows nearer to those it has? (default: --test)");
  command.add_option("--json", f->json, "Write everything to this file; - is standard output");
  command.add_option("--threads", f->threads, "CPU threads, 0 = all cores")->check(CLI::Range(0, 1024));
  f->columns.add_to(command);
  command.callback([f, &status] { status = evaluate(*f); });
}

}  // namespace meg::cli
