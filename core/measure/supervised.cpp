#include "core/measure/supervised.h"

#include <algorithm>
#include <cmath>

#include "core/fail.h"
#include "core/measure/numbers.h"
#include "core/table/infer/read_table.h"

namespace meg {

namespace {

/// More different values than this make a numeric target a regression.
constexpr std::size_t kMostLabels = 20;

/// A column of both tables as numbers, one a row, NaN where a number is missing.
struct Feature {
  std::vector<double> train, test;
};

Feature read_both(const ColumnSchema& column, const Table& train, const Table& test) {
  const std::vector<double> both = read_feature(column, {{&train, "training"}, {&test, "test"}});
  const auto middle = both.begin() + static_cast<std::ptrdiff_t>(train.rows());
  return {{both.begin(), middle}, {middle, both.end()}};
}

/// The target's numbers or category places, NaN where it is missing: no model is asked to predict "nothing".
Feature read_target(const ColumnSchema& column, const Table& train, const Table& test) {
  Feature out = read_both(column, train, test);
  const auto blank_missing = [&](const Table& table, std::vector<double>& numbers) {
    const Array cells = read_column(column, table[column.name], table.is_text());
    for (std::size_t r = 0; r < numbers.size(); ++r)
      if (cells.is_null(r)) numbers[r] = std::numeric_limits<double>::quiet_NaN();
  };
  blank_missing(train, out.train);
  blank_missing(test, out.test);
  return out;
}

std::vector<double> distinct(std::vector<double> numbers) {
  numbers = sorted_present(numbers);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

/// Turns target values into labels and returns how many there are.
int label(Feature& target, const std::vector<double>& test_values) {
  std::vector<double> values = test_values;
  const bool binary = values.size() == 2;
  if (!binary) {
    const std::vector<double> more = distinct(target.train);
    values.insert(values.end(), more.begin(), more.end());
    values = distinct(values);
  }
  for (std::vector<double>* numbers : {&target.train, &target.test})
    for (double& x : *numbers) {
      if (std::isnan(x)) continue;
      x = binary ? (x == values[1] ? 1.0 : 0.0)
                 : static_cast<double>(std::lower_bound(values.begin(), values.end(), x) - values.begin());
    }
  return static_cast<int>(values.size());
}

SupervisedRows pack(const std::vector<Feature>& features, const std::vector<double>& targets,
                    std::vector<double> Feature::*side) {
  SupervisedRows out;
  out.features.columns = features.size();
  for (std::size_t r = 0; r < targets.size(); ++r) {
    if (std::isnan(targets[r])) continue;
    out.targets.push_back(targets[r]);
    for (const Feature& feature : features) out.features.values.push_back(static_cast<float>((feature.*side)[r]));
  }
  out.features.rows = out.targets.size();
  return out;
}

}  // namespace

SupervisedTables read_supervised(const Table& train, const Table& test, const Schema& schema, std::string_view target) {
  const auto at = std::find_if(schema.begin(), schema.end(), [&](const ColumnSchema& c) { return c.name == target; });
  if (at == schema.end()) fail("there is no column '{}' to predict", target);
  if (!is_categorical(at->type) && !is_numeric(at->type))
    fail("column '{}' is {}: only numbers and categories can be predicted", target, type_name(at->type));

  std::vector<Feature> features;
  for (const ColumnSchema& column : schema)
    if (column.name != target && (is_categorical(column.type) || is_numeric(column.type)))
      features.push_back(read_both(column, train, test));
  if (features.empty()) fail("there is no column to predict '{}' from", target);

  Feature values = read_target(*at, train, test);
  const std::vector<double> test_values = distinct(values.test);
  if (test_values.size() < 2)
    fail("column '{}' has {} in the real rows that are asked: there is nothing to predict", target,
         test_values.empty() ? "no value" : "one value only");
  SupervisedTables out;
  if (!is_numeric(at->type) || test_values.size() <= kMostLabels) out.classes = label(values, test_values);
  out.train = pack(features, values.train, &Feature::train);
  out.test = pack(features, values.test, &Feature::test);
  if (out.train.targets.empty()) fail("no row of the training table has a value of '{}'", target);
  return out;
}

SupervisedRows select_rows(const SupervisedRows& rows, std::span<const std::size_t> chosen) {
  SupervisedRows out{select_rows(rows.features, chosen), {}};
  out.targets.reserve(chosen.size());
  for (const std::size_t r : chosen) out.targets.push_back(rows.targets[r]);
  return out;
}

}  // namespace meg
