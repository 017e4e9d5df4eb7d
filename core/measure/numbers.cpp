#include "core/measure/numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/fail.h"
#include "core/table/cells.h"
#include "core/table/infer/read_table.h"

namespace meg {

double within_floats(double x) {
  constexpr double kMost = 1e38;
  return std::isnan(x) ? x : std::clamp(x, -kMost, kMost);
}

std::vector<double> read_numbers(const ColumnSchema& column, const Table& table, std::string_view which) {
  const Array& cells = table[column.name];
  const Array read = read_column(column, cells, table.is_text());
  const std::span<const double> numbers = read.values<double>();
  std::vector<double> out(table.rows(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t r = 0; r < out.size(); ++r) {
    if (read.is_null(r)) continue;
    out[r] = within_floats(numbers[r]);
    if (!std::isnan(out[r]) || word_of(numbers[r]) >= 0) continue;
    std::string cell;
    append_cell(cells, r, cell);
    try {
      fail_cell(column, cell);
    } catch (const Error& error) {
      fail("row {} of the {} table: {}", r + 1, which, error.what());
    }
  }
  return out;
}

Spread spread(std::span<const double> numbers) {
  if (numbers.empty()) return {};
  const auto n = static_cast<double>(numbers.size());
  Spread out;
  for (const double x : numbers) out.mean += x / n;
  // Asked of the values: a constant's sums round to almost, not exactly, no variance.
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  if (*low == *high) return {*low, 0};
  const double furthest = std::max(out.mean - *low, *high - out.mean);
  double squares = 0;
  for (const double x : numbers) squares += std::pow((x - out.mean) / furthest, 2) / n;
  out.deviation = furthest * std::sqrt(squares);
  return out;
}

std::vector<double> sorted_present(const std::vector<double>& numbers) {
  std::vector<double> out;
  std::copy_if(numbers.begin(), numbers.end(), std::back_inserter(out), [](double x) { return !std::isnan(x); });
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace meg
