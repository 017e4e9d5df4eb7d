#include "core/table/infer/running_numbers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <string_view>

#include "core/table/infer/column_name.h"

namespace meg {

namespace {

constexpr double kFirstYear = 1500, kLastYear = 2200;
constexpr std::size_t kPartsApart = 8, kFewestPairs = 14;
constexpr double kMostAgainst = 0.02;

/// Whether the numbers go up, or down, with the rows.
bool follows_rows(const Array& numbers) {
  const std::span<const double> values = numbers.values<double>();
  const std::size_t apart = values.size() / kPartsApart;
  std::size_t pairs = 0, up = 0, down = 0;
  for (std::size_t r = apart; apart > 0 && r < values.size(); ++r) {
    const double before = values[r - apart], after = values[r];
    if (std::isnan(before) || std::isnan(after)) continue;
    ++pairs, up += after > before, down += after < before;
  }
  const double enough = (1 - kMostAgainst) * static_cast<double>(pairs);
  return pairs >= kFewestPairs && static_cast<double>(std::max(up, down)) >= enough;
}

bool says_something(const ColumnSchema& column, bool any_follows) {
  constexpr std::array<std::string_view, 12> kOfNumbers{"year", "years", "yr",    "age",  "ages",   "day",
                                                        "days", "week",  "month", "hour", "minute", "time"};
  constexpr std::array<std::string_view, 18> kOfRows{"id",    "key",    "uuid", "guid",   "index",  "idx",
                                                     "no",    "nr",     "num",  "number", "row",    "rownum",
                                                     "rowid", "serial", "sno",  "count",  "record", "obs"};
  const std::string word = last_word(column.name);
  const auto is_one_of = [&](const auto& words) { return std::find(words.begin(), words.end(), word) != words.end(); };
  if (is_one_of(kOfRows) || word.empty() || column.name.starts_with("column_")) return false;
  return is_one_of(kOfNumbers) || (column.smallest >= kFirstYear && column.largest <= kLastYear) || any_follows;
}

}  // namespace

void take_numbers_that_run(const std::vector<char>& runs, InferredTable& table, bool is_text) {
  if (std::find(runs.begin(), runs.end(), true) == runs.end()) return;
  bool any_follows = false;
  for (std::size_t c = 0; c < runs.size() && !any_follows; ++c) {
    const ColumnType type = table.schema[c].type;
    any_follows = (type == ColumnType::kInteger || type == ColumnType::kDecimal) && follows_rows(table.columns[c]);
  }
  for (std::size_t c = 0; c < runs.size(); ++c) {
    ColumnSchema& column = table.schema[c];
    if (!runs[c] || !says_something(column, any_follows)) continue;
    column.type = ColumnType::kInteger;
    if (is_text) column.typed_as.reset();  // an identifier's
    table.columns[c] = read_column(column, table.columns[c], is_text);
  }
}

}  // namespace meg
