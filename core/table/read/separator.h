#pragma once
#include <string_view>

namespace meg {

/// What stands between the values of a CSV file that begins so: the one of , ; tab | that gives all lines as many
/// values, two at least. The header may have one value less (row names have no name of their own, or lines end with a
/// separator) or an empty one more. Of several the one that gives most names. Where none does, a blank between numbers
/// and quoted values, and else the one that occurs most outside quotes in the first line. `is_whole`: the file ends
/// with the text. Looks at the first thousand records.
char find_separator(std::string_view text, bool is_whole);

}  // namespace meg
