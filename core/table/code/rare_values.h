#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/infer/schema.h"

namespace meg {

/// The minimum-count rule: what fewer than `least` rows hold is not learned, so that no model can repeat it. Both
/// functions change a column's schema to what is left: neither it nor the note holds a value that was hidden.

struct RareWords {
  int code = -1;     ///< the place in schema.values of what stands for the hidden values; -1: none were hidden
  std::string note;  ///< what was done, to follow "column 'x': "; empty: nothing
};

/// Merges the categories that fewer than `least` cells hold, by the counts of schema.values, into one, which is spelled
/// `word`, or as the column spells that already (upper and lower case aside): there they join. Where all these rows are
/// still fewer than `least`, they join the most frequent category. Throws Error where `word` stands for a missing
/// value.
RareWords hide_rare_words(std::span<const std::size_t> counts, int least, const std::string& word,
                          ColumnSchema& schema);

struct RareNumbers {
  /// Whether values remain that are hidden by being places of a range only: these must not get codes of their own.
  bool continuous = false;
  std::string note;  ///< as of RareWords
};

/// Takes the numbers of a column, ascending. Rare are those whose value fewer than `least` of them have.
/// - Where they are few (5 % of at most `exact_limit` different values; or fewer than 3 * least) each becomes the
///   nearest value that is not rare.
/// - Else they stay as places of a continuous range, cut on both sides to the mean of the least-th to (2 least - 1)-th
///   rare number from outside, on the column's grid: an end of the range is nobody's own number, too.
/// - Where there are few and all are rare, they become the mean of the middle ones; fewer than 2 * least are left out
///   altogether: `numbers` is empty then, and the column is to be taken as missing.
/// No number that is left lies beyond the least-th from either side.
RareNumbers hide_rare_numbers(int least, int exact_limit, std::vector<double>& numbers, ColumnSchema& schema);

}  // namespace meg
