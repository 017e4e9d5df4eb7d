#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/model/ensemble/particles.h"
#include "core/table/code/cell_set.h"
#include "core/table/code/coding.h"
#include "meg/generate_options.h"

namespace meg {

/// What GenerateOptions say. An ensemble meets it by its generation order alone where of the `known` leading columns
/// every row's cell is known before it is drawn, and the column behind them may be kept to a set.
///
/// In that order more would not be exact. Column by column, each drawn from P(x_k | x_<k, x_k in S_k), rows come out in
/// proportion to P(x) / product of P(x_k in S_k | x_<k); that is the wanted P(x | all x_k in S_k) only where each of
/// these factors is the same for all rows, which is to say where all columns before a conditioned one are known. All
/// else is met by rows that are drawn many times and weighed: an ensemble of any order takes RowFiller, one of a fixed
/// order ParticleFiller.
struct Conditions {
  bool in_order = true;
  std::size_t known = 0;
  std::vector<std::optional<Cell>> same;     // [columns] the cell of all rows, where it is the same by a condition
  std::vector<std::optional<CellSet>> sets;  // [columns] what a column is kept to otherwise
  std::vector<AskedNumbers> asked;           // of columns that are learned as their distance from others
  std::vector<std::size_t> given;            // [schema] the place in the given table, or kNotGiven
  std::vector<bool> is_derived;              // [columns] given as a number, but not all that its distance is from
  std::string order;                         // in which the conditions would be met best

  static constexpr std::size_t kNotGiven = ~std::size_t{0};
};

/// Throws Error, saying what to do, for a condition that cannot be read or met.
Conditions read_conditions(const TableCoding& coding, const GenerateOptions& options, bool any_order);

}  // namespace meg
