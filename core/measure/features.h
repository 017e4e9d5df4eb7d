#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "core/measure/boosted_trees.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// A table and what messages call it: "real", "synthetic".
struct NamedTable {
  const Table* table;
  std::string_view name;
};

/// A column of several tables, one behind the other, as trees read it: numbers, NaN where one is missing, or the places
/// of categories among the sorted ones of all tables. Throws Error, naming the row, where a cell is no number.
std::vector<double> read_feature(const ColumnSchema& column, const std::vector<NamedTable>& tables);

/// Columns of one length as a matrix.
FeatureMatrix make_features(const std::vector<std::vector<double>>& columns);

/// The rows that `chosen` lists.
FeatureMatrix select_rows(const FeatureMatrix& rows, std::span<const std::size_t> chosen);

}  // namespace meg
