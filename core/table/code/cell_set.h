#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "core/table/code/column.h"

namespace meg {

/// Cells that a column may be kept to: some codes and, where the continuous one is among them, z in [z_low, z_high].
struct CellSet {
  std::vector<float> codes;  // [column.codes()] 1: in the set, else 0
  float z_low = 0, z_high = 0;
  std::optional<Cell> only;  // the cell, where there is but one
};

/// The cells that `text` stands for: alternatives between |, each of them
/// - a value of the column;
/// - of numbers and dates also low..high, both ends in it, where one end may be left out: 20..30, ..30, 20..;
/// - of dates with times also a date alone, the whole day;
/// - nothing, or a word for it (NA): a missing cell.
/// A cell is in a range where the number that the table would show for it is. A number that the column holds as a
/// continuous one is its whole rounding step, and where there is no other alternative the cell in the middle. Throws
/// Error, naming the column, for a value that it has not, a range without any, and alternatives that are several ranges
/// of z.
///
/// Of the parts of a datetime (Column::Part): one time or range within a day has a set for each; what else there is
/// asks for whole days, and the time of the day is free.
CellSet parse_cells(const Column& column, std::string_view text);

/// Numbers of a column, whatever its cells are learned as.
struct NumberSet {
  struct Range {
    double low, high;
  };
  std::vector<Range> ranges;
  bool has_missing = false;

  /// NaN is a missing cell.
  bool contains(double number) const;
  /// The number, where there is but one.
  std::optional<double> only() const;
};

/// The numbers that `text`, as above, stands for. Throws Error, naming the column, for what is no number, and for a
/// range outside of the column's.
NumberSet parse_numbers(const ColumnSchema& schema, std::string_view text);

/// Whether the text, as above, asks for whole days of a datetime, or for missing ones: for no time of the day.
bool asks_for_whole_days(const ColumnSchema& schema, std::string_view text);

}  // namespace meg
