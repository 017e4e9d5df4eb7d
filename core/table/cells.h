#pragma once
#include <string>

#include "meg/table.h"

namespace meg {

/// Appends cell i of any column as it reads where nothing says how to spell it: 12, 0.25, true, 2024-05-17, 2024-05-17
/// 08:30:00.125 (of UTC with a Z behind it), 08:30:00; durations as their count of units. Nothing for a null.
void append_cell(const Array& column, std::size_t i, std::string& out);

/// Whether the cells of a type are places on a line: all but bool, utf8 and dictionary.
bool is_number(TypeId type);

/// The numbers of a column: values; seconds since 1970 of dates and timestamps, since midnight of times; durations in
/// their unit. NaN where there is none: nulls, and columns of no numbers.
double number_of(const Array& column, std::size_t i);

}  // namespace meg
