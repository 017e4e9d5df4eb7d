#pragma once
#include <optional>

#include "core/table/code/cell_set.h"
#include "core/table/code/coding.h"

namespace meg {

/// A number that a column must come to which is learned as its distance from others.
struct WantedNumber {
  std::size_t column;  // of the schema
  std::size_t at;      // its generator
  double number;
  /// The last of the columns that it is the sum of whose cell is not known: it is what remains of the number.
  std::optional<std::size_t> remainder = {};  // of the schema
};
/// Of a number that is known of a row of cells, not all of whose columns that it follows from are.
WantedNumber want_number(const TableCoding& coding, std::size_t schema_column, double number, const float* cells);

/// Whether the cell of column k follows from a wanted number: its own, or that of the remainder.
bool is_derived(const TableCoding& coding, const WantedNumber& wanted, std::size_t k);

/// Puts the cell of such a column into a row of cells [3 columns] of which those before it are known, and row
/// given_row of `given` (or null). Returns log of how many z its rounding step is wide, by which densities of different
/// numbers compare; -infinity where no cell of `set` comes to the number.
double put_derived_cell(const TableCoding& coding, const WantedNumber& wanted, std::size_t k,
                        const std::optional<CellSet>& set, const ReadTable* given, std::size_t given_row, float* cells);

}  // namespace meg
