#include "core/measure/boosted_trees.h"

#include <dlfcn.h>

#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

#include "core/fail.h"
#include "core/platform.h"

namespace meg {

namespace {

using Handle = void*;
using Size = std::uint64_t;

/// What is used of XGBoost's C interface, <xgboost/c_api.h>. The library is loaded when trees are first wanted: a
/// program that has meg in it starts without, and runs where there is none.
struct Library {
  template <class Function>
  void find(Function*& function, const char* name) {
    function = handle ? reinterpret_cast<Function*>(dlsym(handle, name)) : nullptr;
    complete = complete && function;
  }

  Library() {
    const char* const named = std::getenv("MEG_XGBOOST");
    const std::string file = library_file("xgboost"), versioned = file + ".0";
    for (const char* name : {named, versioned.c_str(), file.c_str()})
      if (!handle && name && *name) handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    find(last_error, "XGBGetLastError");
    find(make_matrix, "XGDMatrixCreateFromMat");
    find(free_matrix, "XGDMatrixFree");
    find(set_float_info, "XGDMatrixSetFloatInfo");
    find(make_booster, "XGBoosterCreate");
    find(free_booster, "XGBoosterFree");
    find(set_parameter, "XGBoosterSetParam");
    find(update, "XGBoosterUpdateOneIter");
    find(predict, "XGBoosterPredictFromDMatrix");
  }

  Handle handle = nullptr;  // stays open: it has threads of its own
  bool complete = true;
  const char* (*last_error)();
  int (*make_matrix)(const float* values, Size rows, Size columns, float missing, Handle* out);
  int (*free_matrix)(Handle matrix);
  int (*set_float_info)(Handle matrix, const char* field, const float* values, Size count);
  int (*make_booster)(const Handle* matrices, Size count, Handle* out);
  int (*free_booster)(Handle booster);
  int (*set_parameter)(Handle booster, const char* name, const char* value);
  int (*update)(Handle booster, int round, Handle matrix);
  int (*predict)(Handle booster, Handle matrix, const char* config, const Size** shape, Size* dimensions,
                 const float** values);
};

const Library& xgboost() {
  static const Library loaded;
  return loaded;
}

/// XGBoost's words, without the stack trace below them.
void check(int status, const char* call) {
  if (status == 0) return;
  const std::string_view words = xgboost().last_error();
  fail("{} failed: {}", call, words.substr(0, words.find('\n')));
}

struct FreeMatrix {
  void operator()(void* matrix) const { xgboost().free_matrix(matrix); }
};
using Matrix = std::unique_ptr<void, FreeMatrix>;

Matrix make_matrix(const FeatureMatrix& features) {
  Handle matrix = nullptr;
  check(xgboost().make_matrix(features.values.data(), features.rows, features.columns,
                              std::numeric_limits<float>::quiet_NaN(), &matrix),
        "XGDMatrixCreateFromMat");
  return Matrix(matrix);
}

const char* objective(int classes) {
  return classes == 0 ? "reg:squarederror" : classes == 2 ? "binary:logistic" : "multi:softprob";
}

}  // namespace

bool BoostedTrees::available() { return xgboost().complete; }

void BoostedTrees::Free::operator()(void* booster) const { xgboost().free_booster(booster); }

BoostedTrees::BoostedTrees(const FeatureMatrix& features, std::span<const float> labels, const TreeOptions& options) {
  if (!available()) fail(ErrorCode::kUnsupported, "{}", kMissing);
  const Matrix matrix = make_matrix(features);
  check(xgboost().set_float_info(matrix.get(), "label", labels.data(), labels.size()), "XGDMatrixSetFloatInfo");
  const Handle matrices[] = {matrix.get()};
  Handle booster = nullptr;
  check(xgboost().make_booster(matrices, 1, &booster), "XGBoosterCreate");
  booster_.reset(booster);

  const auto set = [&](const char* name, const std::string& value) {
    check(xgboost().set_parameter(booster, name, value.c_str()), "XGBoosterSetParam");
  };
  set("verbosity", "0");
  set("objective", objective(options.classes));
  if (options.classes > 2) set("num_class", std::to_string(options.classes));
  set("tree_method", "hist");
  set("max_depth", std::to_string(options.depth));
  set("learning_rate", fmt::format("{}", options.learning_rate));
  set("subsample", fmt::format("{}", options.subsample));
  set("colsample_bytree", fmt::format("{}", options.columns_by_tree));
  set("min_child_weight", fmt::format("{}", options.least_child_weight));
  set("nthread", "1");
  // XGBoost 2 estimates it from the labels unless it is said; figures should not depend on the version.
  set("base_score", "0.5");
  set("seed", "0");
  for (int round = 0; round < options.rounds; ++round)
    check(xgboost().update(booster, round, matrix.get()), "XGBoosterUpdateOneIter");
}

std::vector<double> BoostedTrees::predict(const FeatureMatrix& features) const {
  constexpr const char* kConfig =
      R"({"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";
  const Matrix matrix = make_matrix(features);
  const Size* shape = nullptr;
  const float* values = nullptr;
  Size dimensions = 0;
  check(xgboost().predict(booster_.get(), matrix.get(), kConfig, &shape, &dimensions, &values),
        "XGBoosterPredictFromDMatrix");
  std::size_t count = 1;
  for (Size d = 0; d < dimensions; ++d) count *= shape[d];
  return {values, values + count};
}

}  // namespace meg
