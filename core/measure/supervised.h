#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "core/measure/features.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// Rows to learn from or to predict: features, and a target each.
struct SupervisedRows {
  FeatureMatrix features;
  std::vector<double> targets;  ///< a number, or a label from 0 to classes - 1
};

/// Two tables as rows of a supervised task. Features are all numeric and categorical columns but the target; categories
/// are their place among the sorted values of both tables. Rows without a target are left out.
struct SupervisedTables {
  SupervisedRows train, test;
  int classes = 0;  ///< 0: a regression
};

/// `test` decides the task: a numeric target with more than 20 different values there is a regression; two values are
/// the labels 0 and 1, and what else `train` has counts as 0; more values, and those that only `train` has, are labels
/// in sorted order.
SupervisedTables read_supervised(const Table& train, const Table& test, const Schema& schema, std::string_view target);

/// The rows that `chosen` lists.
SupervisedRows select_rows(const SupervisedRows& rows, std::span<const std::size_t> chosen);

}  // namespace meg
