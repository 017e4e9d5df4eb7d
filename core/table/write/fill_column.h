#pragma once
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// A column of a table of texts whose holes are filled: [rows] is_hole, and `made`, what they are filled with, as
/// read_column() reads it. What is no hole stays as it is spelled.
Array fill_texts(const ColumnSchema& column, const Array& cells, const std::vector<bool>& is_hole, const Array& made);

/// The same of any table, as a column of `type`; is_text: its missing cells are told by their words.
Array fill_column(const ColumnSchema& column, const Array& cells, bool is_text, const std::vector<bool>& is_hole,
                  const Array& made, const DataType& type);

}  // namespace meg
