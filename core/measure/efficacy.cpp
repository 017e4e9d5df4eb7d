#include "core/measure/efficacy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "core/fail.h"
#include "core/measure/f1.h"
#include "core/measure/registry.h"
#include "core/measure/roc_auc.h"
#include "core/measure/supervised.h"
#include "core/parallel.h"

namespace meg {

namespace {

constexpr std::size_t kTargetFolds = 3;
/// Rows of each table's sample.
constexpr std::size_t kTargetRows = 100'000;

/// Predictions per row: all classes' probabilities of a multiclass task, else one value.
std::size_t outputs(int classes) { return classes > 2 ? static_cast<std::size_t>(classes) : 1; }

/// Learns from `train` and predicts `test`: test rows x outputs(classes).
std::vector<double> predictions(const SupervisedRows& train, const FeatureMatrix& test, int classes) {
  const bool constant = std::all_of(train.targets.begin(), train.targets.end(),
                                    [&](double target) { return target == train.targets.front(); });
  if (classes > 0 && constant) {
    // One label only: it is what a classifier can say, with no order among rows.
    const std::size_t width = outputs(classes), known = static_cast<std::size_t>(train.targets.front());
    std::vector<double> out(test.rows * width);
    for (std::size_t r = 0; r < test.rows; ++r) out[r * width + (width > 1 ? known : 0)] = width > 1 || known == 1;
    return out;
  }
  TreeOptions options;
  options.classes = classes;
  if (classes == 0) {
    options.rounds = 300;
    options.depth = 6;
  }
  std::vector<float> labels(train.targets.size());
  std::transform(train.targets.begin(), train.targets.end(), labels.begin(),
                 [](double target) { return static_cast<float>(target); });
  return BoostedTrees(train.features, labels, options).predict(test);
}

void score_labels(const std::vector<double>& targets, const std::vector<double>& predicted, int classes,
                  Efficacy& out) {
  const std::vector<int> labels(targets.begin(), targets.end());
  std::vector<int> said(labels.size());
  if (classes == 2) {
    std::transform(predicted.begin(), predicted.end(), said.begin(), [](double p) { return p > 0.5; });
    out.auc = roc_auc(predicted, labels);
  } else {
    for (std::size_t r = 0; r < said.size(); ++r) {
      const auto row = predicted.begin() + static_cast<std::ptrdiff_t>(r) * classes;
      said[r] = static_cast<int>(std::max_element(row, row + classes) - row);
    }
    out.auc = macro_roc_auc(predicted, labels, classes);
  }
  out.macro_f1 = macro_f1(labels, said, classes);
  out.f1 = classes == 2 ? f1(labels, said, 1) : out.macro_f1;
  out.accuracy = static_cast<double>(std::inner_product(labels.begin(), labels.end(), said.begin(), 0, std::plus<>(),
                                                        std::equal_to<>())) /
                 static_cast<double>(labels.size());
}

void score_numbers(const std::vector<double>& targets, const std::vector<double>& predicted, Efficacy& out) {
  double mean = 0, errors = 0, spread = 0;
  for (const double y : targets) mean += y / static_cast<double>(targets.size());
  for (std::size_t r = 0; r < targets.size(); ++r) {
    errors += (predicted[r] - targets[r]) * (predicted[r] - targets[r]);
    spread += (targets[r] - mean) * (targets[r] - mean);
  }
  out.rmse = std::sqrt(errors / static_cast<double>(targets.size()));
  out.r2 = 1 - errors / spread;
}

Efficacy score(const std::vector<double>& targets, const std::vector<double>& predicted, int classes,
               std::size_t train_rows) {
  Efficacy out;
  out.task = classes == 0   ? EfficacyTask::kRegression
             : classes == 2 ? EfficacyTask::kBinary
                            : EfficacyTask::kMulticlass;
  out.train_rows = train_rows;
  out.test_rows = targets.size();
  if (classes == 0)
    score_numbers(targets, predicted, out);
  else
    score_labels(targets, predicted, classes, out);
  return out;
}

/// Which fold each row is in: a label's rows in turn, so that every fold has its share of rare labels.
std::vector<std::size_t> folds(const std::vector<double>& targets, int classes) {
  std::map<double, std::size_t> seen;
  std::vector<std::size_t> out;
  for (const double target : targets) out.push_back(seen[classes > 0 ? target : 0]++ % kTargetFolds);
  return out;
}

// What the measures below are made of.

template <double Efficacy::*score>
Measured of_synthetic(const MeasureContext& context) {
  return context.get(target_efficacy).synthetic.*score;
}

template <double Efficacy::*score>
std::optional<Measured> of_real(const MeasureContext& context) {
  return context.get(target_efficacy).real.*score;
}

bool is_regression(const MeasureContext& context) {
  return context.get(target_efficacy).real.task == EfficacyTask::kRegression;
}

bool is_classification(const MeasureContext& context) { return !is_regression(context); }

}  // namespace

std::string_view task_name(EfficacyTask task) {
  switch (task) {
    case EfficacyTask::kBinary: return "binary";
    case EfficacyTask::kMulticlass: return "multiclass";
    case EfficacyTask::kRegression: return "regression";
  }
  return "";
}

Efficacy efficacy(const Table& train, const Table& test, const Schema& schema, std::string_view target) {
  const SupervisedTables tables = read_supervised(train, test, schema, target);
  return score(tables.test.targets, predictions(tables.train, tables.test.features, tables.classes), tables.classes,
               tables.train.targets.size());
}

Efficacy efficacy_within(const Table& real, const Schema& schema, std::string_view target, int threads) {
  const SupervisedTables tables = read_supervised(real, real, schema, target);
  const SupervisedRows& rows = tables.train;
  if (rows.targets.size() < kTargetFolds)
    fail("{} rows have a value of '{}': at least {} are needed to predict it within the table", rows.targets.size(),
         target, kTargetFolds);
  const std::size_t width = outputs(tables.classes);
  const std::vector<std::size_t> fold = folds(rows.targets, tables.classes);
  std::vector<double> predicted(rows.targets.size() * width);
  parallel_for(kTargetFolds, threads, [&](std::size_t f) {
    std::vector<std::size_t> inside, outside;
    for (std::size_t r = 0; r < fold.size(); ++r) (fold[r] == f ? inside : outside).push_back(r);
    if (inside.empty() || outside.empty()) return;
    const std::vector<double> part =
        predictions(select_rows(rows, outside), select_rows(rows, inside).features, tables.classes);
    for (std::size_t i = 0; i < inside.size(); ++i)
      std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                  predicted.begin() + static_cast<std::ptrdiff_t>(inside[i] * width));
  });
  return score(rows.targets, predicted, tables.classes, rows.targets.size());
}

TargetEfficacy target_efficacy(const MeasureContext& context) {
  const EvaluationOptions& options = context.options();
  const Schema& schema = context.schema();
  const Table &real = context.sample_real(kTargetRows), &synthetic = context.sample_synthetic(kTargetRows);
  const Table* test = options.test ? &context.sample_unseen(*options.test, kTargetRows) : nullptr;
  TargetEfficacy out{options.target, {}, {}};
  parallel_for(2, options.threads, [&](std::size_t real_teaches) {
    if (!real_teaches)
      out.synthetic = efficacy(synthetic, test ? *test : real, schema, options.target);
    else
      out.real = test ? efficacy(real, *test, schema, options.target)
                      : efficacy_within(real, schema, options.target, options.threads);
  });
  return out;
}

constinit const Measure measures::auc{
    .key = "auc",
    .label = "AUC of the target",
    .meaning =
        "The area under the ROC curve of trees that learned the target from synthetic rows, asked about real ones; of "
        "several classes: the mean of one versus the rest.",
    .needs = {.target = true, .trees = true},
    .compute = of_synthetic<&Efficacy::auc>,
    .applies = is_classification,
    .of_real_rows = of_real<&Efficacy::auc>,
    .gap = Gap{0.02, 0.07},
    .card = OnCard{.card = Card::kUsefulness,
                   .question = "AUC of predicting {} in real rows, learned from synthetic ones",
                   .low = 0.5},
    .advice =
        "Learned from synthetic rows, “{target}” is predicted with an AUC of {value:.3f}, learned from real ones with "
        "{real:.3f}: look at its pairs, and train with --effort best.",
    .section = MeasureSection::kTarget,
    .heading = "AUC"};

constinit const Measure measures::f1{
    .key = "f1",
    .label = "F1 of the target",
    .meaning = "F1 of the same trees: of the positive label, or the mean of several classes.",
    .needs = {.target = true, .trees = true},
    .compute = of_synthetic<&Efficacy::f1>,
    .applies = is_classification,
    .of_real_rows = of_real<&Efficacy::f1>,
    .gap = Gap{0.02, 0.07},
    .card = OnCard{.card = Card::kUsefulness,
                   .choice = 2,
                   .question = "F1 of predicting {} in real rows, learned from synthetic ones"},
    .advice =
        "Learned from synthetic rows, “{target}” is predicted with an F1 of {value:.3f}, learned from real ones with "
        "{real:.3f}: look at its pairs, and train with --effort best.",
    .section = MeasureSection::kTarget,
    .heading = "F1"};

constinit const Measure measures::macro_f1{.key = "macro_f1",
                                           .label = "mean F1 of the target's classes",
                                           .meaning = "The mean over the classes of the F1 of the same trees.",
                                           .needs = {.target = true, .trees = true},
                                           .compute = of_synthetic<&Efficacy::macro_f1>,
                                           .applies = is_classification,
                                           .of_real_rows = of_real<&Efficacy::macro_f1>,
                                           .section = MeasureSection::kTarget,
                                           .heading = "macro F1"};

constinit const Measure measures::accuracy{.key = "accuracy",
                                           .label = "accuracy of the target",
                                           .meaning = "The share of real rows whose label the same trees predict.",
                                           .needs = {.target = true, .trees = true},
                                           .compute = of_synthetic<&Efficacy::accuracy>,
                                           .applies = is_classification,
                                           .of_real_rows = of_real<&Efficacy::accuracy>,
                                           .section = MeasureSection::kTarget,
                                           .heading = "accuracy"};

constinit const Measure measures::r2{
    .key = "r2",
    .label = "R2 of the target",
    .meaning =
        "1 - squared errors / variance of a numeric target, of trees that learned it from synthetic rows, asked about "
        "real ones.",
    .needs = {.target = true, .trees = true},
    .compute = of_synthetic<&Efficacy::r2>,
    .applies = is_regression,
    .of_real_rows = of_real<&Efficacy::r2>,
    .gap = Gap{0.02, 0.07},
    .card = OnCard{.card = Card::kUsefulness,
                   .choice = 1,
                   .question = "R² of predicting {} in real rows, learned from synthetic ones"},
    .advice =
        "Learned from synthetic rows, “{target}” is predicted with an R² of {value:.3f}, learned from real ones with "
        "{real:.3f}: look at its pairs, and train with --effort best.",
    .section = MeasureSection::kTarget,
    .heading = "R2"};

constinit const Measure measures::rmse{.key = "rmse",
                                       .label = "error of the target",
                                       .meaning = "The root mean square error of the same trees, in the target's unit.",
                                       .higher_is_better = false,
                                       .needs = {.target = true, .trees = true},
                                       .compute = of_synthetic<&Efficacy::rmse>,
                                       .applies = is_regression,
                                       .of_real_rows = of_real<&Efficacy::rmse>,
                                       .section = MeasureSection::kTarget,
                                       .heading = "RMSE"};

}  // namespace meg
