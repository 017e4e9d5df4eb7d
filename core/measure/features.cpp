#include "core/measure/features.h"

#include <algorithm>
#include <iterator>

#include "core/measure/numbers.h"
#include "core/measure/vocabulary.h"

namespace meg {

std::vector<double> read_feature(const ColumnSchema& column, const std::vector<NamedTable>& tables) {
  std::vector<double> out;
  const auto add = [&](const auto& cells) { out.insert(out.end(), cells.begin(), cells.end()); };
  if (is_numeric(column.type)) {
    for (const NamedTable& named : tables) add(read_numbers(column, *named.table, named.name));
    return out;
  }
  std::vector<const Table*> all;
  std::transform(tables.begin(), tables.end(), std::back_inserter(all), [](const NamedTable& n) { return n.table; });
  const Vocabulary vocabulary(column, all);
  for (const Table* table : all) add(vocabulary.code(*table));
  return out;
}

FeatureMatrix make_features(const std::vector<std::vector<double>>& columns) {
  FeatureMatrix out{columns.empty() ? 0 : columns.front().size(), columns.size(), {}};
  out.values.reserve(out.rows * out.columns);
  for (std::size_t r = 0; r < out.rows; ++r)
    for (const std::vector<double>& column : columns) out.values.push_back(static_cast<float>(column[r]));
  return out;
}

FeatureMatrix select_rows(const FeatureMatrix& rows, std::span<const std::size_t> chosen) {
  FeatureMatrix out{chosen.size(), rows.columns, {}};
  out.values.reserve(out.rows * out.columns);
  for (const std::size_t r : chosen) {
    const float* row = rows.values.data() + r * rows.columns;
    out.values.insert(out.values.end(), row, row + rows.columns);
  }
  return out;
}

}  // namespace meg
