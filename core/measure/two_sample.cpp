#include "core/measure/two_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "core/measure/boosted_trees.h"
#include "core/measure/encoded_rows.h"
#include "core/measure/features.h"
#include "core/measure/logistic_regression.h"
#include "core/measure/registry.h"
#include "core/measure/roc_auc.h"
#include "core/measure/supervised.h"
#include "core/parallel.h"

namespace meg {

namespace {

constexpr std::size_t kFolds = 3;
/// From so many rows on there is one of them in every fold.
constexpr std::size_t kFewestRows = 4;
/// Rows of a sample, and their cells, that a classifier learns from in seconds.
constexpr std::size_t kClassifierRows = 50'000;
constexpr double kClassifierCells = 2e6;

/// The fold of a table's row: multiples of the golden ratio, modulo 1, in thirds. They are as even as rows in turn, but
/// share no rhythm with the table: couples in neighbouring rows, say.
std::size_t fold_of(std::size_t row) {
  const std::uint32_t place = static_cast<std::uint32_t>(row) * 2654435769u;  // 2^32 / golden ratio
  return static_cast<std::size_t>((std::uint64_t{place} * kFolds) >> 32);
}

/// The rows inside and outside of a fold, real ones first.
struct Fold {
  std::vector<std::size_t> inside, outside;
};

Fold make_fold(std::size_t real_rows, std::size_t rows, std::size_t fold) {
  Fold out;
  for (std::size_t r = 0; r < rows; ++r)
    (fold_of(r < real_rows ? r : r - real_rows) == fold ? out.inside : out.outside).push_back(r);
  return out;
}

double area(const std::vector<double>& scores, const std::vector<std::size_t>& rows, const std::vector<int>& labels) {
  std::vector<int> chosen;
  for (const std::size_t r : rows) chosen.push_back(labels[r]);
  return roc_auc(scores, chosen);
}

using Areas = std::array<double, kFolds>;

Areas tell_by_regression(const EncodedRows& rows, const std::vector<int>& labels, int threads) {
  Areas out{};
  parallel_for(kFolds, threads, [&](std::size_t f) {
    const Fold fold = make_fold(rows.real_rows, rows.rows, f);
    out[f] = area(LogisticRegression(rows, labels, fold.outside).predict(fold.inside), fold.inside, labels);
  });
  return out;
}

/// Numbers, NaN where missing, and the places of sorted categories.
SupervisedRows tree_rows(const Table& real, const Table& synthetic, const Schema& schema,
                         const std::vector<int>& labels) {
  std::vector<std::vector<double>> columns;
  for (const ColumnSchema& column : schema)
    if (is_modelled(column.type)) columns.push_back(read_feature(column, {{&real, "real"}, {&synthetic, "synthetic"}}));
  return {make_features(columns), {labels.begin(), labels.end()}};
}

Areas tell_by_trees(const Table& real, const Table& synthetic, const Schema& schema, const std::vector<int>& labels,
                    int threads) {
  const SupervisedRows rows = tree_rows(real, synthetic, schema, labels);
  Areas out{};
  parallel_for(kFolds, threads, [&](std::size_t f) {
    const Fold fold = make_fold(real.rows(), labels.size(), f);
    const SupervisedRows train = select_rows(rows, fold.outside);
    const std::vector<float> targets(train.targets.begin(), train.targets.end());
    const BoostedTrees trees(train.features, targets, {.classes = 2, .rounds = 100, .depth = 6, .learning_rate = 0.3});
    out[f] = area(trees.predict(select_rows(rows, fold.inside).features), fold.inside, labels);
  });
  return out;
}

/// Why rows cannot be told apart; empty where they can.
std::string obstacle(const Table& real, const Table& synthetic, const Schema& schema, TwoSampleClassifier classifier) {
  for (const Table* table : {&real, &synthetic})
    if (table->rows() < kFewestRows)
      return fmt::format("the {} table has {} row{}; a classifier needs {} or more",
                         table == &real ? "real" : "synthetic", table->rows(), table->rows() == 1 ? "" : "s",
                         kFewestRows);
  if (std::none_of(schema.begin(), schema.end(), [](const ColumnSchema& c) { return is_modelled(c.type); }))
    return "no column is left to tell rows apart by";
  if (classifier == TwoSampleClassifier::kTrees && !BoostedTrees::available()) return BoostedTrees::kMissing;
  return "";
}

/// 1 of the real rows, 0 of the synthetic ones.
std::vector<int> make_labels(const Table& real, const Table& synthetic) {
  std::vector<int> labels(real.rows() + synthetic.rows());
  std::fill_n(labels.begin(), real.rows(), 1);
  return labels;
}

TwoSample none(const std::string& why) { return {Measured::none(why), Measured::none(why)}; }

TwoSample score_of(const Areas& areas) {
  double told = 0, sum = 0;
  for (const double a : areas) {
    told += 2 * std::max(a, 0.5) - 1;
    sum += a;
  }
  return {1 - told / kFolds, sum / kFolds};
}

std::string classifier_note(const MeasureContext& context) {
  const std::size_t rows = two_sample_rows(context);
  return rows < std::max(context.real().rows(), context.synthetic().rows())
             ? fmt::format("a sample of at most {} rows of each table", rows)
             : "";
}

}  // namespace

TwoSample two_sample(const Table& real, const Table& synthetic, const Schema& schema, TwoSampleClassifier classifier,
                     int threads) {
  const std::string why = obstacle(real, synthetic, schema, classifier);
  if (!why.empty()) return none(why);
  const std::vector<int> labels = make_labels(real, synthetic);
  return score_of(classifier == TwoSampleClassifier::kTrees
                      ? tell_by_trees(real, synthetic, schema, labels, threads)
                      : tell_by_regression(encode_rows(real, synthetic, schema), labels, threads));
}

std::size_t two_sample_rows(const MeasureContext& context) {
  const auto columns = static_cast<double>(std::max<std::size_t>(1, context.columns()));
  return MeasureContext::rows_within(kClassifierCells / columns, kClassifierRows);
}

TwoSample two_sample_by_regression(const MeasureContext& context) {
  const std::size_t rows = two_sample_rows(context);
  const Table &real = context.sample_real(rows), &synthetic = context.sample_synthetic(rows);
  const std::string why = obstacle(real, synthetic, context.schema(), TwoSampleClassifier::kLogistic);
  if (!why.empty()) return none(why);
  return score_of(tell_by_regression(context.encoded(rows), make_labels(real, synthetic), context.options().threads));
}

TwoSample two_sample_by_trees(const MeasureContext& context) {
  const std::size_t rows = two_sample_rows(context);
  return two_sample(context.sample_real(rows), context.sample_synthetic(rows), context.schema(),
                    TwoSampleClassifier::kTrees, context.options().threads);
}

constinit const Measure measures::c2st_lr{
    .key = "c2st_lr",
    .label = "regression, on training rows",
    .meaning =
        "Whether a logistic regression can tell the real rows, which the model has learned, from synthetic ones: "
        "1 - mean of 2 max(AUC, 1/2) - 1 over 3 folds; 1 is never, 0 always.",
    .needs = {.thorough = true},
    .compute = [](const MeasureContext& c) { return c.get(two_sample_by_regression).score; },
    .gap = Gap{0.10, 0.40},
    .note = classifier_note};

constinit const Measure measures::c2st_xgb{
    .key = "c2st_xgb",
    .label = "boosted trees, on training rows",
    .meaning =
        "The same of boosted trees, which see every dependence. Rows that the model leans on look better than they "
        "are: c2st_test_auc asks about others.",
    .needs = {.thorough = true, .trees = true},
    .compute = [](const MeasureContext& c) { return c.get(two_sample_by_trees).score; },
    .gap = Gap{0.10, 0.40},
    .note = classifier_note};

}  // namespace meg
