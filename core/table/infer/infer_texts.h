#pragma once
#include <string>

#include "core/table/infer/read_table.h"
#include "core/table/infer/survey.h"

namespace meg {

/// The type of a column of texts, and its cells as that type reads them; those that say a word in `missing` are
/// missing. Throws Error where they are not of the type that is asked for.
InferredColumn infer_texts(const std::string& name, const Array& cells, bool is_text, const AskedType* asked,
                           const std::vector<std::string>& missing);

/// Whether a column of whole numbers names its rows: all differ, and they rise by one, the column is called so, or it
/// is an index that rises.
bool is_identifier_of_numbers(const Survey& s, const ColumnSchema& column);

/// Decimals of numbers as far apart as 1e-8 and 1e12 would give the large ones digits that nobody wrote: the
/// significant digits of such a column; 0 of others.
int significant_digits(const Survey& s, const ColumnSchema& column);

}  // namespace meg
