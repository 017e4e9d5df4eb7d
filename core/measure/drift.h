#pragma once
#include <optional>
#include <string>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// The column in which two samples of what should be one table differ most.
struct Drift {
  std::string column;
  double shape = 0;  ///< as in ColumnComparison
};

/// Whether a column of `other` is distributed otherwise than in `real`, by more than 0.1 and more than chance would
/// have it (p below 0.001 over all columns, by Kolmogorov-Smirnov or chi-square): unseen rows of which this is true
/// were not drawn like the training rows, and what is nearer to one or to the other says nothing of copying. Only
/// columns alone are asked. Throws Error where a table has no rows or lacks a column.
std::optional<Drift> drift(const Table& real, const Table& other, const Schema& schema, int threads = 1);

}  // namespace meg
