#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "meg/schema.h"

namespace meg {

/// The number in a cell as C++ writes it, -1234.50; nothing where the cell is not in this style. Groups and a plus may
/// be left out.
std::optional<std::string> plain_number(const NumberStyle& style, std::string_view cell);
/// And back: appends `number`, -1234.50, in this style.
void append_in_style(const NumberStyle& style, std::string_view number, std::string& out);

/// The style that all of these cells are in: amounts of money, shares, numbers with a unit behind a blank, thousands
/// in groups, a comma for the point. Nothing where there is none.
std::optional<NumberStyle> common_style(std::span<const std::string_view> cells);

}  // namespace meg
