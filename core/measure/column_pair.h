#pragma once
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// One column of a real and of a synthetic table, as the measures take it: every cell as a number (what distances and
/// correlations compare) and as a code from 0 to codes - 1 (what counts compare). One element a row in each vector.
struct ColumnPair {
  bool numeric = false;
  int codes = 0;
  std::vector<double> real, synthetic;  ///< NaN where a numeric cell is missing
  std::vector<int> real_codes, synthetic_codes;
  int missing_code = -1;  ///< of missing cells of a categorical column; -1 where there are none
};

/// Numbers and codes of a column:
/// - numeric: its numbers; the code is the bin, of 10 of equal width between the real column's smallest and largest
///   number. Values outside fall into the outer bins, missing ones into the last (numpy.digitize).
/// - categorical: the code is the place among the sorted values of both tables. It is the number, too, except where
///   every value is one (an integer column that is declared categorical).
ColumnPair read_column_pair(const ColumnSchema& column, const Table& real, const Table& synthetic);

}  // namespace meg
