#pragma once
#include <span>
#include <string>
#include <vector>

#include "core/measure/column_pair.h"
#include "core/measure/context.h"

namespace meg {

/// Cramer's V of two columns of codes, sqrt(chi^2 / (rows (min(codes that occur) - 1))), without Yates' or a bias
/// correction (scipy.stats.contingency.association). 0 = independent, 1 = one says the other. One element a row; NaN
/// where one side has fewer than two codes.
double cramers_v(std::span<const int> a, std::span<const int> b);

/// The correlation ratio eta: which share of the numbers' variance lies between the means of the codes' rows, square
/// root. 0 = the means are alike, 1 = a code says the number. Rows of missing numbers (NaN) are left out; NaN where the
/// numbers that remain are constant or all rows have one code.
double correlation_ratio(std::span<const int> codes, std::span<const double> numbers);

/// Spearman's rank correlation over the rows in which neither number is NaN, ties by their mean rank
/// (scipy.stats.spearmanr). NaN where fewer than two rows remain or one side is constant.
double spearman(std::span<const double> a, std::span<const double> b);

/// How strongly the columns of one table depend on each other: columns x columns, symmetric, row by row; 1 on the
/// diagonal; NaN where undefined. Of two numeric columns the correlation, in [-1, 1]; of a categorical and a numeric
/// one the correlation ratio, of two categorical ones Cramer's V, both in [0, 1].
struct AssociationMatrix {
  std::vector<double> pearson;   ///< with Pearson's correlation
  std::vector<double> spearman;  ///< with Spearman's; the same elsewhere
};

/// Both tables' matrices, over the same columns.
struct Associations {
  std::vector<std::string> columns;
  std::vector<bool> numeric;                      ///< a column each
  std::size_t real_rows = 0, synthetic_rows = 0;  ///< that were looked at: all, or a sample
  AssociationMatrix real, synthetic;
  std::string reason;  ///< why there are none: empty where there are
};

/// Matrices of `columns`, called `names`: of at most 500, a reason instead where there are more. O(columns^2 rows).
Associations associations(const std::vector<std::string>& names, std::span<const ColumnPair> columns, int threads = 1);
/// The same of all columns of the tables, over samples of their rows.
Associations associations(const MeasureContext& context);

}  // namespace meg
