#pragma once
#include <cstddef>
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// A column of rows as coordinates of points: numbers, one coordinate; or codes, one-hot, a coordinate each, of which
/// only the code is stored. One element a row in the vector that there is, the other is empty.
struct EncodedColumn {
  std::vector<double> numbers;
  std::vector<int> codes;
  std::size_t width = 1;    ///< coordinates
  bool is_missing = false;  ///< 1 where the column before it has no number, else 0

  bool is_codes() const { return !codes.empty(); }
};

/// Rows of a real and, behind them, of a synthetic table.
struct EncodedRows {
  std::size_t real_rows = 0, rows = 0;
  std::vector<EncodedColumn> columns;
  std::size_t width = 0;  ///< coordinates of all columns
};

/// Encodes all numeric and categorical columns. A missing number is the mean of the real ones, and 1 in a column of
/// numbers of its own behind it, which other rows are 0 in; a missing category is a category. `schema` is the real
/// table's. Throws Error where the synthetic table lacks a column.
EncodedRows encode_rows(const Table& real, const Table& synthetic, const Schema& schema);

}  // namespace meg
