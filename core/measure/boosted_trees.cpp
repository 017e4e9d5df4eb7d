#include "core/measure/boosted_trees.h"

#include <xgboost/c_api.h>

#include <limits>
#include <string>
#include <string_view>

#include "core/fail.h"

namespace meg {

namespace {

/// XGBoost's words, without the stack trace below them.
void check(int status, const char* call) {
  if (status == 0) return;
  const std::string_view words = XGBGetLastError();
  fail("{} failed: {}", call, words.substr(0, words.find('\n')));
}

struct FreeMatrix {
  void operator()(void* matrix) const { XGDMatrixFree(matrix); }
};
using Matrix = std::unique_ptr<void, FreeMatrix>;

Matrix make_matrix(const FeatureMatrix& features) {
  DMatrixHandle matrix = nullptr;
  check(XGDMatrixCreateFromMat(features.values.data(), features.rows, features.columns,
                               std::numeric_limits<float>::quiet_NaN(), &matrix),
        "XGDMatrixCreateFromMat");
  return Matrix(matrix);
}

const char* objective(int classes) {
  return classes == 0 ? "reg:squarederror" : classes == 2 ? "binary:logistic" : "multi:softprob";
}

}  // namespace

const bool BoostedTrees::kAvailable = true;

void BoostedTrees::Free::operator()(void* booster) const { XGBoosterFree(booster); }

BoostedTrees::BoostedTrees(const FeatureMatrix& features, std::span<const float> labels, const TreeOptions& options) {
  const Matrix matrix = make_matrix(features);
  check(XGDMatrixSetFloatInfo(matrix.get(), "label", labels.data(), labels.size()), "XGDMatrixSetFloatInfo");
  const DMatrixHandle matrices[] = {matrix.get()};
  BoosterHandle booster = nullptr;
  check(XGBoosterCreate(matrices, 1, &booster), "XGBoosterCreate");
  booster_.reset(booster);

  const auto set = [&](const char* name, const std::string& value) {
    check(XGBoosterSetParam(booster, name, value.c_str()), "XGBoosterSetParam");
  };
  set("verbosity", "0");
  set("objective", objective(options.classes));
  if (options.classes > 2) set("num_class", std::to_string(options.classes));
  set("tree_method", "hist");
  set("max_depth", std::to_string(options.depth));
  set("learning_rate", fmt::format("{}", options.learning_rate));
  set("nthread", "1");
  // XGBoost 2 estimates it from the labels unless it is said; figures should not depend on the version.
  set("base_score", "0.5");
  set("seed", "0");
  for (int round = 0; round < options.rounds; ++round)
    check(XGBoosterUpdateOneIter(booster, round, matrix.get()), "XGBoosterUpdateOneIter");
}

std::vector<double> BoostedTrees::predict(const FeatureMatrix& features) const {
  constexpr const char* kConfig =
      R"({"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";
  const Matrix matrix = make_matrix(features);
  const bst_ulong* shape = nullptr;
  const float* values = nullptr;
  bst_ulong dimensions = 0;
  check(XGBoosterPredictFromDMatrix(booster_.get(), matrix.get(), kConfig, &shape, &dimensions, &values),
        "XGBoosterPredictFromDMatrix");
  std::size_t count = 1;
  for (bst_ulong d = 0; d < dimensions; ++d) count *= shape[d];
  return {values, values + count};
}

}  // namespace meg
