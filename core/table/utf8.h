#pragma once
#include <string_view>

namespace meg {

/// Whether it is well-formed UTF-8, which every name and cell of a table is.
bool is_utf8(std::string_view text);

}  // namespace meg
