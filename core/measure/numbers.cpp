#include "core/measure/numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/table/number.h"

namespace meg {

double within_floats(double x) {
  constexpr double kMost = 1e38;
  return std::isnan(x) ? x : std::clamp(x, -kMost, kMost);
}

std::vector<double> read_numbers(const ColumnSchema& column, const Table& table, std::string_view which) {
  const std::size_t c = table.column(column.name);
  std::vector<double> out(table.rows(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t r = 0; r < out.size(); ++r) {
    const std::string_view cell = table.cell(r, c);
    if (is_missing(cell)) continue;
    try {
      out[r] = within_floats(to_number(column, cell));
    } catch (const Error& error) {
      fail("row {} of the {} table: {}", r + 1, which, error.what());
    }
  }
  return out;
}

std::vector<double> sorted_present(const std::vector<double>& numbers) {
  std::vector<double> out;
  std::copy_if(numbers.begin(), numbers.end(), std::back_inserter(out), [](double x) { return !std::isnan(x); });
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace meg
