#pragma once
#include <optional>
#include <string>
#include <vector>

#include "meg/table.h"

namespace meg {

/// What is known of rows before they are generated, and how they are drawn; see docs/conditions.md.
struct GenerateOptions {
  /// Conditions on all rows: "column=value", "column=value|value", "column=low..high" (numbers and dates; "20..",
  /// "..30"), "column=" (missing). A category in quotes is one whatever it looks like: "column=\"NA\"|\"a|b\"".
  std::vector<std::string> where{};
  /// Columns whose values are given: generated row i keeps the cells of row i of this table. A model with dynamic masks
  /// generates the cells that are null, in a table of texts empty; a word such as NA says that the value is missing.
  /// For any other model both say so.
  std::optional<Table> given{};
  /// In (0, 2]; 1 is the model's own distribution. Logits are divided by it and standard deviations multiplied: below 1
  /// rows are likelier, above 1 more varied.
  float temperature = 1.0f;
};

}  // namespace meg
