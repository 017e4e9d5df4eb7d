#pragma once
#include <span>
#include <string_view>

#include "core/table/code/text_shape.h"

namespace meg {

/// How the phone numbers of a column are grouped: (030) 123-4567. Of its cells nothing is kept but, where at least 5
/// different ones share it, the grouping: signs and blanks, how many digits stand between them, a leading zero, and the
/// country's code behind a plus (+49 30). Cells with letters are passed over. Where no 5 share a grouping, ### ###
/// ####.
TextShapes phone_groups(std::span<const std::string_view> cells);

}  // namespace meg
