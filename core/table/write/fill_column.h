#pragma once
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// A column of given cells whose holes are filled: [rows] is_hole, and `made`, what they are filled with, as
/// read_column() reads it. The result has the type of `cells`; what is no hole stays as it is, also the text of it.
Array fill_column(const ColumnSchema& column, const Array& cells, const std::vector<bool>& is_hole, const Array& made);

}  // namespace meg
