#pragma once
#include <optional>
#include <string>
#include <vector>

#include "meg/table.h"

namespace meg {

/// What is known of rows before they are generated, and how they are drawn; see docs/conditions.md.
struct GenerateOptions {
  /// Conditions on all rows: "column=value", "column=value|value", "column=low..high" (numbers and dates; "20..",
  /// "..30"), "column=" (missing).
  std::vector<std::string> where{};
  /// Some columns of the rows: generated row i gets the cells of row i of this table. With dynamic masks an empty cell
  /// is generated, NA in a table of texts says that the value is missing; else both say so.
  std::optional<Table> given{};
  /// In (0, 2]: below 1 likelier rows than the model's, above 1 more varied ones.
  float temperature = 1.0f;
};

}  // namespace meg
