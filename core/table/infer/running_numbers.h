#pragma once
#include "core/table/infer/read_table.h"

namespace meg {

/// Whole numbers that rise by one from row to row name the rows, or say something of them: years, ages, positions. Of
/// the columns that run, takes those for numbers that look like years (1500 to 2200), that are named so, or that
/// another column of numbers follows: of two rows that lie an eighth of the table apart, the later one has the larger
/// number, or the smaller, 98 times of a hundred. Those whose name says that they number the rows (id, no, index, ...)
/// stay identifiers.
void take_numbers_that_run(const std::vector<char>& runs, InferredTable& table, bool is_text);

}  // namespace meg
