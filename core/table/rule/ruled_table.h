#pragma once
#include <string>
#include <vector>

#include "core/table/infer/read_table.h"
#include "core/table/rule/stated_rules.h"
#include "meg/options.h"

namespace meg {

/// A table without the rows that break one of its rules.
struct RuledTable {
  InferredTable table;
  StatedRules rules;  ///< of the table's schema
};

/// Infers a table as infer_table() does, with the options types, drop, missing and threads, checks the rules, and
/// leaves the rows out that break one. A column of unique() becomes an identifier, whose new values all differ. Throws
/// Error for what is no rule of the columns, for unique() of numbers with decimals, dates and booleans, for
/// combination() where rare values are hidden, and where fewer than two rows keep all rules.
RuledTable infer_ruled_table(Table table, const Options& options);

}  // namespace meg
