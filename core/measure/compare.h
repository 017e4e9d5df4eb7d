#pragma once
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/measure/context.h"
#include "core/measure/measured.h"
#include "core/measure/text_shape.h"
#include "core/measure/trend.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// How one column of a synthetic table is distributed beside the real one.
struct ColumnComparison {
  std::string name;
  ColumnType type = ColumnType::kText;
  /// Wasserstein-1 distance in standard deviations of the real column (ddof 0; 1 where it is constant). NaN where a
  /// side has no values.
  double wasserstein = 0;
  double ks = 0;    ///< Kolmogorov-Smirnov statistic
  double ks_p = 1;  ///< its p, over as many synthetic rows as there are real ones, at most
  /// Jensen-Shannon distance, base 2, of the categories' shares; of a numeric column, of its 10 bins and the missing.
  double jensen_shannon = 0;
  /// Of columns that are counted: categorical ones, and numeric ones of at most two values. A missing cell is a
  /// category of a categorical column; of all other columns and measures it is left out.
  std::optional<double> total_variation;
  std::optional<double> chi_square_p;  ///< over as many synthetic rows as there are real ones, at most
  double shape = 0;                    ///< 1 - total variation (categorical) or 1 - ks (numeric)
  /// Of the range (numeric) or of the categories, see diagnostic.h; a missing cell is no category there.
  Measured coverage, adherence;
  double missing_real = 0, missing_synthetic = 0;  ///< shares of the cells
  double missing_similarity = 1;
};

/// A synthetic table beside the real one. Distances compare a categorical column by its codes, see ColumnPair.
struct Comparison {
  std::vector<ColumnComparison> columns;  ///< in the real table's order
  std::vector<TextComparison> texts;      ///< of identifier and text columns, of which no model learns anything
  std::vector<Trend> trends;              ///< of pairs of `columns`
};

/// Compares two tables column by column and pair by pair; `schema` is the real table's. Columns that only the synthetic
/// table has are passed over. Throws Error where it lacks one of the real table, or a table has no rows.
Comparison compare(const Table& real, const Table& synthetic, const Schema& schema, int threads = 1);
Comparison compare(const MeasureContext& context);

/// The columns that are modelled, each alone. Throws Error where a cell is no number, or a table lacks one of them.
std::vector<ColumnComparison> compare_columns(const Table& real, const Table& synthetic, const Schema& schema,
                                              int threads = 1);

/// The mean of value(item) over the items for which it is a number; NaN where it is one of none.
template <class Items, class Value>
double mean_of(const Items& items, Value value) {
  double sum = 0, counted = 0;
  for (const auto& item : items) {
    const double x = std::invoke(value, item);
    if (std::isnan(x)) continue;
    sum += x;
    ++counted;
  }
  return counted > 0 ? sum / counted : std::numeric_limits<double>::quiet_NaN();
}

/// The mean of a number of every column, `&ColumnComparison::ks`, say: what most measures of columns are.
template <class Value>
Measured column_mean(const Comparison& comparison, Value value) {
  return number_or(mean_of(comparison.columns, value), "no column of this kind is left to compare");
}

}  // namespace meg
