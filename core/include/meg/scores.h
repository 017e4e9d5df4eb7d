#pragma once
#include <string>
#include <vector>

#include "meg/table.h"

namespace meg {

/// Log-likelihoods of rows under a model, in nats. Of a column with codes alone a part is the log of a probability; of
/// a cell that the model holds as a continuous number it is the log of the probability that it is such a one, plus the
/// log of the density of its normal score z, at the middle of its rounding step. So it does not depend on the unit that
/// the column is measured in, and it can be positive.
struct Scores {
  std::vector<std::string> columns;  ///< those that the model has learned, in the table's order
  /// [rows, columns] Of each cell given the cells that are generated before it. -infinity where the model can never
  /// generate it: a category that it does not know, a number beyond the smallest and largest that it knows, a text
  /// that is no number, a missing cell where none was. What is generated after such a cell has no likelihood given it:
  /// NaN.
  std::vector<double> parts;
  std::vector<double> total;     ///< [rows] the sum of the parts; -infinity for impossible rows
  std::string first_impossible;  ///< the first cell with -infinity and why, a sentence; empty where there is none
};

/// A table of a row for each that was scored: "log_likelihood", the total ("log_likelihood_" where the model has such a
/// column), and a column a part; null where there is no likelihood.
Table scores_table(const Scores& scores);

}  // namespace meg
