#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// Measures take larger numbers for this one, for trees learn from floats, and squares of numbers are summed.
double within_floats(double x);

/// The numbers of a numeric column within_floats(), one a row, NaN where the cell is missing; datetimes are seconds
/// since 1970. The column is looked up by its name. Throws Error, naming the row and `which` table it is ("real",
/// "synthetic"), where a cell is no number.
std::vector<double> read_numbers(const ColumnSchema& column, const Table& table, std::string_view which);

/// Mean and standard deviation, none of them NaN; 0 of numbers that are all the same. Squares may leave a double's
/// range: these are of ratios.
struct Spread {
  double mean = 0, deviation = 0;
};
Spread spread(std::span<const double> numbers);

/// The numbers that are not NaN, sorted.
std::vector<double> sorted_present(const std::vector<double>& numbers);

}  // namespace meg
