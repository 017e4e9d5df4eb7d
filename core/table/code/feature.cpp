#include "core/table/code/feature.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/table/code/grid.h"

namespace meg {

namespace {

double most_frequent(std::span<const double> numbers) {
  std::map<double, std::size_t> count;
  for (const double x : numbers) ++count[x];
  return std::max_element(count.begin(), count.end(), [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace

double Target::places() const { return std::round((schema.largest - schema.smallest) / step) + 1; }

Feature read_feature(const ReadTable& table, std::size_t column, std::size_t rows) {
  Feature out{{.a = column, .b = column}, std::vector<double>(rows)};
  for (std::size_t r = 0; r < rows; ++r) out.x[r] = table.number(r * table.rows() / rows, column);
  return out;
}

Target make_target(const ColumnSchema& column, const Feature& own) {
  Target out{column, {}, {}};
  for (std::size_t r = 0; r < own.x.size(); ++r)
    if (!std::isnan(own.x[r])) out.rows.push_back(r), out.y.push_back(own.x[r]);
  out.step = grid_step(out.y, column.smallest, column.largest, column.decimals);
  if (!out.y.empty()) out.common = most_frequent(out.y);
  return out;
}

bool is_usable(const Feature& feature, const Target& target) {
  bool varies = false;
  for (const std::size_t r : target.rows) {
    if (!std::isfinite(feature.x[r])) return false;
    varies |= feature.x[r] != feature.x[target.rows[0]];
  }
  return varies;
}

bool adds_up(const ColumnSchema& column) {
  if (!column.words.empty()) return false;
  if (column.type == ColumnType::kDatetime)
    return has_date(column.format) && column.format.find_first_of("dsQe") != std::string::npos;
  return is_numeric(column.type) && column.significant == 0;
}

std::vector<std::size_t> searched_columns(const Schema& schema, std::span<const std::size_t> order) {
  std::vector<std::size_t> out;
  for (const std::size_t c : order)
    if (adds_up(schema[c]) && schema[c].smallest < schema[c].largest) out.push_back(c);
  return out;
}

ColumnSchema distance_column(const ColumnSchema& column) {
  ColumnSchema out;
  out.name = column.name, out.missing = column.missing, out.missing_word = column.missing_word;
  out.type = column.decimals > 0 ? ColumnType::kDecimal : ColumnType::kInteger;
  out.decimals = column.decimals, out.distinct = column.distinct;
  return out;
}

bool are_of_a_kind(const ColumnSchema& a, const ColumnSchema& b) {
  if (a.type == ColumnType::kDatetime || b.type == ColumnType::kDatetime) return a.type == b.type;
  return a.decimals == b.decimals && a.style.prefix == b.style.prefix && a.style.suffix == b.style.suffix;
}

double median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

}  // namespace meg
