#include "core/measure/two_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "core/measure/boosted_trees.h"
#include "core/measure/encoded_rows.h"
#include "core/measure/logistic_regression.h"
#include "core/measure/numbers.h"
#include "core/measure/roc_auc.h"
#include "core/measure/supervised.h"
#include "core/measure/vocabulary.h"
#include "core/parallel.h"

namespace meg {

namespace {

constexpr std::size_t kFolds = 3;
/// From so many rows on there is one of them in every fold.
constexpr std::size_t kFewestRows = 4;

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

Areas tell_by_regression(const Table& real, const Table& synthetic, const Schema& schema,
                         const std::vector<int>& labels, int threads) {
  const EncodedRows rows = encode_rows(real, synthetic, schema);
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
  for (const ColumnSchema& column : schema) {
    if (!is_modelled(column.type)) continue;
    std::vector<double> values;
    const auto add = [&](const auto& more) { values.insert(values.end(), more.begin(), more.end()); };
    if (is_numeric(column.type)) {
      add(read_numbers(column, real, "real")), add(read_numbers(column, synthetic, "synthetic"));
    } else {
      const Vocabulary vocabulary(column, real, synthetic);
      add(vocabulary.code(real)), add(vocabulary.code(synthetic));
    }
    columns.push_back(std::move(values));
  }
  SupervisedRows out{{labels.size(), columns.size(), {}}, {labels.begin(), labels.end()}};
  out.features.values.reserve(labels.size() * columns.size());
  for (std::size_t r = 0; r < labels.size(); ++r)
    for (const std::vector<double>& column : columns) out.features.values.push_back(static_cast<float>(column[r]));
  return out;
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

TwoSample none(const std::string& why) { return {Measured::none(why), Measured::none(why)}; }

}  // namespace

TwoSample two_sample(const Table& real, const Table& synthetic, const Schema& schema, TwoSampleClassifier classifier,
                     int threads) {
  for (const Table* table : {&real, &synthetic})
    if (table->rows() < kFewestRows)
      return none(fmt::format("the {} table has {} row{}; a classifier needs {} or more",
                              table == &real ? "real" : "synthetic", table->rows(), table->rows() == 1 ? "" : "s",
                              kFewestRows));
  if (std::none_of(schema.begin(), schema.end(), [](const ColumnSchema& c) { return is_modelled(c.type); }))
    return none("no column is left to tell rows apart by");
  if (classifier == TwoSampleClassifier::kTrees && !BoostedTrees::kAvailable)
    return none("this meg was built without XGBoost");
  std::vector<int> labels(real.rows() + synthetic.rows());
  std::fill_n(labels.begin(), real.rows(), 1);
  const Areas areas = classifier == TwoSampleClassifier::kTrees
                          ? tell_by_trees(real, synthetic, schema, labels, threads)
                          : tell_by_regression(real, synthetic, schema, labels, threads);
  double told = 0, sum = 0;
  for (const double a : areas) told += 2 * std::max(a, 0.5) - 1, sum += a;
  return {1 - told / kFolds, sum / kFolds};
}

}  // namespace meg
