#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "core/measure/compare.h"

namespace meg {

/// A number of every column: what the JSON, the terminal and the report list of ColumnComparison.
struct ColumnMeasure {
  enum class Print { kNumber, kShort, kProbability, kPercent };  ///< four digits; three; "< 0.001"; 1 %

  std::string_view key;            ///< "range_coverage": its name in JSON
  std::string_view heading = "";   ///< in the report's table, where two may share one; empty: it is not there
  std::string_view terminal = "";  ///< the heading on the terminal, at most six letters; empty: it is not there
  Print print = Print::kNumber;
  /// Nothing where a column of this kind has no such number.
  std::optional<Measured> (*of)(const ColumnComparison&) = nullptr;
};

/// All of them, in the order of the JSON and of the report.
std::span<const ColumnMeasure> column_measures();

}  // namespace meg
