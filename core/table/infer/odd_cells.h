#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "meg/table.h"

namespace meg {

/// A cell with its runs of digits and of letters as one each: what numbers of a style, or dates of a format, have in
/// common.
std::string skeleton(std::string_view cell);

/// The format of most of some hundred of the values, for 31.02.2024 looks like a date, too; empty where there is none.
std::string format_of_most(std::span<const std::string_view> values);

/// The few cells that keep a column from being one of numbers or dates.
struct OddCells {
  std::string_view what;  ///< the others are: "numbers", "dates"
  std::size_t count = 0;  ///< in all rows
  std::size_t row = 0;    ///< of the first, from 1, without the header
  std::string cell;       ///< which is this
};

/// Of a utf8 column: at most 5 % of the cells that are there, all others being numbers, of one style too, or dates of
/// one format, more than 20 different ones among 5,000 rows, which say what they are. Nothing where it is not so, and
/// where no cell is odd.
std::optional<OddCells> find_odd_cells(const Array& column);

/// 3 of its cells are no numbers, the first in row 17: 'n/k'
std::string describe(const OddCells& odd);

}  // namespace meg
