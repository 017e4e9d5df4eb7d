#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/table/code/relation.h"

/// What a search for relations looks at: columns in some rows of a table.
namespace meg {

/// What cells may follow from: a number a searched row, NaN where one is missing.
struct Feature {
  Term term;
  std::vector<double> x;
};
using Features = std::vector<const Feature*>;

/// A column whose cells are to follow from others.
struct Target {
  const ColumnSchema& schema;
  std::vector<std::size_t> rows;  // of those searched, that have a cell
  std::vector<double> y;          // in these
  double step = 0, common = 0;    // of their grid; the most frequent of them

  /// How many numbers the grid has.
  double places() const;
};

/// The column of the schema in `rows` rows of the table, evenly.
Feature read_feature(const ReadTable& table, std::size_t column, std::size_t rows);
Target make_target(const ColumnSchema& column, const Feature& own);
/// Whether the feature has a number wherever the target has, and not always the same.
bool is_usable(const Feature& feature, const Target& target);

/// What sums are of: numbers as they are written, and dates with a day, for months are not all as long, and times of
/// the day begin again; no column with words among them.
bool adds_up(const ColumnSchema& column);
/// Those of `order` that add up and hold more than one number.
std::vector<std::size_t> searched_columns(const Schema& schema, std::span<const std::size_t> order);
/// What is learned instead of a column that follows from others, but for the ends of its numbers.
ColumnSchema distance_column(const ColumnSchema& column);
/// Whether the columns say the same kind of number: dates; or numbers of as many decimals and the same unit.
bool are_of_a_kind(const ColumnSchema& a, const ColumnSchema& b);

double median(std::vector<double> numbers);

}  // namespace meg
