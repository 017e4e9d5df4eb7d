#pragma once
#include <string>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// How the texts of a column that no model learns, an identifier or free text, look beside the real ones. Missing cells
/// are left out. All in [0, 1], 1 = alike, but for the shares.
struct TextComparison {
  std::string name;
  ColumnType type = ColumnType::kText;
  double length = 0;      ///< 1 - Kolmogorov-Smirnov statistic of their lengths in bytes
  double characters = 0;  ///< 1 - total variation of digits, capitals, small letters, blanks, other signs and the rest
  double distinct = 0;    ///< 1 - difference of the shares of different texts
  double distinct_real = 0, distinct_synthetic = 0;  ///< these shares
  double shape() const { return (length + characters + distinct) / 3; }
};

/// Compares a column of two tables. Shares of different texts are those of as many cells on both sides, the first ones.
/// 0 where one side alone has no texts.
TextComparison compare_texts(const ColumnSchema& schema, const Table& real, const Table& synthetic);

}  // namespace meg
