#pragma once
#include <string>
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// A rule between columns that (nearly) all rows of the real table keep: "gross = net + tax", "shipped >= ordered",
/// "one country per city".
struct Rule {
  std::string text;
  double real = 0, synthetic = 0;  ///< share of the rows, of those that it says something of, that keep it; NaN of none
  std::size_t synthetic_rows = 0;  ///< that it says something of
  bool is_relation = false;        ///< an equation or an order, see core/table/code/relation.h
  bool is_stated = false;          ///< by the user, see core/table/rule/
  std::size_t real_broken = 0, synthetic_broken = 0;  ///< of one that is stated: rows that break it
};

/// The rules of the real table, in the order of the columns: equations and orders as find_relations() finds them, which
/// say something of rows with all of their cells; and columns that follow from another one, of up to 1000 values each,
/// in at least 99.5 % of the rows whose value of it stands there more than once. These are looked for in 20,000 rows of
/// 100 columns and counted in all; of a row with a new value they say nothing. Throws Error where a table lacks a
/// column or has a cell that is no number of it.
std::vector<Rule> find_rules(const Table& real, const Table& synthetic, const Schema& schema);

/// The same of rules that were stated; of combination() the real table says what there is. A row with a missing cell
/// that the rule needs keeps it. Throws Error for what is no rule of these columns.
std::vector<Rule> stated_rules(const std::vector<std::string>& texts, const Table& real, const Table& synthetic,
                               const Schema& schema, int threads = 1);

}  // namespace meg
