#pragma once
#include <string>
#include <string_view>

namespace meg::cli {

/// A text whose control characters, but for line ends, and marks that turn the direction of writing are spelled as
/// escapes, \x1b and \u202e: what a table holds does not steer the terminal.
std::string printable(std::string_view text);

/// A name, of any alphabet, in at most `cells` cells of a terminal: its end is an ellipsis where it is longer, and what
/// moves the cursor a question mark. `fitted` has exactly so many, blanks behind it.
std::string shortened(std::string_view name, std::size_t cells);
std::string fitted(std::string_view name, std::size_t cells);

}  // namespace meg::cli
