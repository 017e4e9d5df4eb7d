#include "core/measure/evaluation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "core/measure/column_pair.h"
#include "core/measure/identical_rows.h"
#include "core/measure/sample.h"
#include "core/parallel.h"
#include "meg/error.h"

namespace meg {

namespace {

/// What samples are cut to, so that no measure takes minutes: rows, cells and steps over cells.
constexpr std::size_t kClassifierRows = 50'000, kNeighbourRows = 10'000, kAssociationRows = 50'000, kPcaRows = 10'000,
                      kTargetRows = 100'000, kDriftRows = 20'000;
constexpr double kClassifierCells = 2e6, kNeighbourSteps = 3e9, kAssociationSteps = 5e8;
constexpr std::size_t kFewestRows = 1000;

std::size_t rows_within(double rows, std::size_t most) {
  return static_cast<std::size_t>(std::clamp(rows, static_cast<double>(kFewestRows), static_cast<double>(most)));
}

/// Positions of random words, one for each purpose; the first ones are those of gower_points().
enum Draw : std::uint32_t { kHalves = 3, kReal, kSynthetic, kTest };

Table sample(const Table& table, std::size_t rows, std::uint64_t seed, Draw draw) {
  return table.take(choose_rows(table.rows(), rows, seed, draw));
}

std::size_t count_modelled(const Schema& schema) {
  return static_cast<std::size_t>(
      std::count_if(schema.begin(), schema.end(), [](const ColumnSchema& c) { return is_modelled(c.type); }));
}

Associations measure_associations(const Table& real, const Table& synthetic, const Schema& schema, int threads) {
  std::vector<std::string> names;
  std::vector<ColumnPair> pairs;
  for (const ColumnSchema& column : schema) {
    if (!is_modelled(column.type)) continue;
    names.push_back(column.name);
    pairs.push_back(read_column_pair(column, real, synthetic));
  }
  return associations(names, pairs, threads);
}

/// `pictures`: associations and components too, which no headline needs.
RowMeasures measure_rows(const Table& real, const Table& synthetic, const Schema& schema,
                         const EvaluationOptions& options, bool pictures) {
  RowMeasures out;
  const auto columns = static_cast<double>(std::max<std::size_t>(1, count_modelled(schema)));
  const auto samples = [&](std::size_t rows) {
    return std::pair(sample(real, rows, options.seed, kReal), sample(synthetic, rows, options.seed, kSynthetic));
  };
  out.classifier_rows = rows_within(kClassifierCells / columns, kClassifierRows);
  {
    const auto [a, b] = samples(out.classifier_rows);
    out.logistic = two_sample(a, b, schema, TwoSampleClassifier::kLogistic, options.threads);
    out.trees = two_sample(a, b, schema, TwoSampleClassifier::kTrees, options.threads);
  }
  // As many rows of both: of more synthetic rows one is nearer by chance.
  out.neighbour_rows =
      std::min({rows_within(std::sqrt(kNeighbourSteps / columns), kNeighbourRows), real.rows(), synthetic.rows()});
  {
    const auto [a, b] = samples(out.neighbour_rows);
    out.precision_recall = precision_recall(a, b, schema, options.threads);
  }
  if (!pictures) return out;
  {
    const auto [a, b] = samples(rows_within(kAssociationSteps / (columns * columns), kAssociationRows));
    out.associations = measure_associations(a, b, schema, options.threads);
  }
  out.pca_rows = kPcaRows;
  const auto [a, b] = samples(out.pca_rows);
  out.pca = pca(a, b, schema);
  return out;
}

TargetEfficacy measure_target(const Table& real, const Table& synthetic, const Schema& schema,
                              const EvaluationOptions& options) {
  const Table a = sample(real, kTargetRows, options.seed, kReal);
  const Table b = sample(synthetic, kTargetRows, options.seed, kSynthetic);
  std::optional<Table> test;
  if (options.test) test = sample(*options.test, kTargetRows, options.seed, kTest);
  TargetEfficacy out{options.target, {}, {}};
  parallel_for(2, options.threads, [&](std::size_t real_teaches) {
    if (!real_teaches)
      out.synthetic = efficacy(b, test ? *test : a, schema, options.target);
    else
      out.real = test ? efficacy(a, *test, schema, options.target)
                      : efficacy_within(a, schema, options.target, options.threads);
  });
  return out;
}

Privacy measure_privacy(const Table& real, const Table& synthetic, const Schema& schema,
                        const EvaluationOptions& options) {
  Privacy out;
  out.real_rows = real.rows();
  if (options.held_out)
    out.held_out = {
        identical_share(*options.held_out, real, schema, "held-out"),
        drift(sample(real, kDriftRows, options.seed, kReal), sample(*options.held_out, kDriftRows, options.seed, kTest),
              schema, options.threads),
        closest_record(real, *options.held_out, synthetic, schema, {.seed = options.seed, .threads = options.threads}),
        membership(real, *options.held_out, synthetic, schema, {.seed = options.seed, .threads = options.threads})};
  out.identical = identical_share(synthetic, real, schema);
  return out;
}

/// The parts of an evaluation that headlines are read from; of the halves of a real table, too.
struct Parts {
  const Comparison* comparison = nullptr;
  const RowMeasures* rows = nullptr;
  const Efficacy* efficacy = nullptr;
  const Privacy* privacy = nullptr;
};

struct Definition : HeadlineDefinition {
  Measured (*of)(const Parts&);
};

Measured number_or(double x, const char* reason) { return std::isnan(x) ? Measured::none(reason) : Measured(x); }
constexpr const char *kNoColumn = "no column of this kind is left to compare",
                     *kNoPair = "no pair of columns of this kind has a trend",
                     *kOtherTask = "the target's task has no such score";

/// A score of `kTarget` that its task has not leads to no headline.
const std::vector<Definition>& definitions() {
  using enum HeadlineGroup;
  static const std::vector<Definition> all{
      {{"shape", "columns: 1 - KS or total variation", true, kColumns},
       [](const Parts& p) { return number_or(p.comparison->mean_shape, kNoColumn); }},
      {{"trend", "pairs of columns", true, kColumns},
       [](const Parts& p) { return number_or(p.comparison->mean_trend, kNoPair); }},
      {{"quality", "mean of shape and trend", true, kColumns},
       [](const Parts& p) { return number_or((p.comparison->mean_shape + p.comparison->mean_trend) / 2, kNoPair); }},
      {{"correlation_similarity", "pairs of numbers", true, kColumns},
       [](const Parts& p) { return number_or(p.comparison->correlation_similarity, kNoPair); }},
      {{"contingency_similarity", "pairs with a category", true, kColumns},
       [](const Parts& p) { return number_or(p.comparison->contingency_similarity, kNoPair); }},
      {{"range_coverage", "range of numbers reached", true, kColumns},
       [](const Parts& p) { return number_or(p.comparison->range_coverage, kNoColumn); }},
      {{"category_coverage", "categories reached", true, kColumns},
       [](const Parts& p) { return number_or(p.comparison->category_coverage, kNoColumn); }},
      {{"validity", "cells that could be real", true, kColumns},
       [](const Parts& p) { return number_or(p.comparison->validity, kNoColumn); }},
      {{"missing_similarity", "shares of missing cells", true, kColumns},
       [](const Parts& p) { return number_or(p.comparison->missing_similarity, kNoColumn); }},
      {{"ks", "Kolmogorov-Smirnov distance", false, kColumns},
       [](const Parts& p) { return number_or(p.comparison->mean_ks, kNoColumn); }},
      {{"wasserstein", "Wasserstein, in deviations", false, kColumns},
       [](const Parts& p) { return number_or(p.comparison->mean_wasserstein, kNoColumn); }},
      {{"jensen_shannon", "Jensen-Shannon distance", false, kColumns},
       [](const Parts& p) { return number_or(p.comparison->mean_jensen_shannon, kNoColumn); }},
      {{"c2st_lr", "logistic regression cannot tell", true, kRows},
       [](const Parts& p) { return p.rows->logistic.score; }},
      {{"c2st_xgb", "boosted trees cannot tell", true, kRows}, [](const Parts& p) { return p.rows->trees.score; }},
      {{"alpha_precision", "rows lie where real ones do", true, kRows},
       [](const Parts& p) { return p.rows->precision_recall.alpha_precision; }},
      {{"beta_recall", "real rows are covered", true, kRows},
       [](const Parts& p) { return p.rows->precision_recall.beta_recall; }},
      {{"auc", "AUC of the target", true, kTarget},
       [](const Parts& p) { return number_or(p.efficacy->auc, kOtherTask); }},
      {{"f1", "F1 of the target", true, kTarget}, [](const Parts& p) { return number_or(p.efficacy->f1, kOtherTask); }},
      {{"macro_f1", "mean F1 of the target's classes", true, kTarget},
       [](const Parts& p) { return number_or(p.efficacy->macro_f1, kOtherTask); }},
      {{"accuracy", "accuracy of the target", true, kTarget},
       [](const Parts& p) { return number_or(p.efficacy->accuracy, kOtherTask); }},
      {{"r2", "R2 of the target", true, kTarget}, [](const Parts& p) { return number_or(p.efficacy->r2, kOtherTask); }},
      {{"rmse", "error of the target", false, kTarget},
       [](const Parts& p) { return number_or(p.efficacy->rmse, kOtherTask); }},
      {{"identical", "rows that equal a real one", false, kPrivacy},
       [](const Parts& p) { return Measured(p.privacy->identical); }},
      {{"closest_share", "rows nearer to training rows", false, kPrivacy},
       [](const Parts& p) { return Measured(p.privacy->held_out->closest.share); }},
      {{"membership_auc", "AUC of guessing who was in it", false, kPrivacy},
       [](const Parts& p) { return Measured(p.privacy->held_out->membership.auc); }}};
  return all;
}

bool is_there(const Definition& d, const Parts& parts) {
  switch (d.group) {
    case HeadlineGroup::kColumns: return parts.comparison != nullptr;
    case HeadlineGroup::kRows: return parts.rows != nullptr;
    case HeadlineGroup::kTarget: return parts.efficacy != nullptr && d.of(parts).value.has_value();
    case HeadlineGroup::kPrivacy:
      return parts.privacy != nullptr && (d.name == "identical" || parts.privacy->held_out.has_value());
  }
  return false;
}

std::vector<Headline> read_headlines(const Parts& of, const Parts& real) {
  std::vector<Headline> out;
  for (const Definition& d : definitions()) {
    if (!is_there(d, of)) continue;
    Headline headline{d, d.of(of), std::nullopt};
    const bool half = d.group == HeadlineGroup::kPrivacy && d.name != "identical";
    if (half)
      headline.real_against_real = 0.5;
    else if (is_there(d, real))
      headline.real_against_real = d.of(real);
    out.push_back(std::move(headline));
  }
  return out;
}

/// One half of a table, and the other.
std::pair<Table, Table> halves(const Table& table, std::uint64_t seed) {
  const std::vector<std::size_t> first = choose_rows(table.rows(), table.rows() / 2, seed, kHalves);
  std::vector<std::size_t> second;
  for (std::size_t r = 0, i = 0; r < table.rows(); ++r)
    if (i < first.size() && first[i] == r)
      ++i;
    else
      second.push_back(r);
  return {table.take(first), table.take(second)};
}

/// Throws where unseen rows lack a column that they are asked for.
void check_columns(const Table* unseen, const char* which, const Schema& schema) {
  if (!unseen) return;
  const std::vector<std::string>& names = unseen->names();
  for (const ColumnSchema& column : schema)
    if (is_modelled(column.type) && std::find(names.begin(), names.end(), column.name) == names.end())
      fail("the {} table has no column '{}', which the real table has", which, column.name);
}

}  // namespace

const std::vector<HeadlineDefinition>& headline_definitions() {
  static const std::vector<HeadlineDefinition> all(definitions().begin(), definitions().end());
  return all;
}

const Headline* Evaluation::headline(const std::string& name) const {
  const auto found =
      std::find_if(headlines.begin(), headlines.end(), [&](const Headline& h) { return h.name == name; });
  return found == headlines.end() ? nullptr : &*found;
}

Evaluation evaluate(const Table& real, const Table& synthetic, const Schema& schema, const EvaluationOptions& options) {
  check_columns(options.test, "test", schema);
  check_columns(options.held_out, "held-out", schema);
  Evaluation out;
  out.real_rows = real.rows(), out.synthetic_rows = synthetic.rows();
  out.comparison = compare(real, synthetic, schema, options.threads);
  if (!options.target.empty()) out.target = measure_target(real, synthetic, schema, options);
  if (count_modelled(schema) > 0 || options.held_out) out.privacy = measure_privacy(real, synthetic, schema, options);
  out.rules = find_rules(real, synthetic, schema);
  if (options.thorough) out.rows = measure_rows(real, synthetic, schema, options, true);

  // What real rows score: what stays empty is not there.
  Comparison comparison;
  RowMeasures rows;
  Privacy privacy;
  Parts scale;
  if (options.scale && real.rows() >= 2) {
    const auto [a, b] = halves(real, options.seed);
    comparison = compare(a, b, schema, options.threads);
    scale.comparison = &comparison;
    if (options.thorough) rows = measure_rows(a, b, schema, options, false), scale.rows = &rows;
    if (out.privacy) privacy = measure_privacy(a, b, schema, {}), scale.privacy = &privacy;
  }
  if (out.privacy && out.privacy->held_out) {
    // Rows that the model has not seen say it better than a half.
    privacy = {.real_rows = real.rows(), .identical = out.privacy->held_out->identical, .held_out = std::nullopt};
    scale.privacy = &privacy;
  }
  if (out.target) scale.efficacy = &out.target->real;
  out.headlines = read_headlines({.comparison = &out.comparison,
                                  .rows = out.rows ? &*out.rows : nullptr,
                                  .efficacy = out.target ? &out.target->synthetic : nullptr,
                                  .privacy = out.privacy ? &*out.privacy : nullptr},
                                 scale);
  return out;
}

}  // namespace meg
