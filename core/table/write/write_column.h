#pragma once
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// The type of a column in a typed table: the one that it came with; of columns of text the one that fits: integer
/// int64, decimal float64, categories a dictionary, dates date, dates with times a timestamp, times alone time,
/// identifiers and text utf8.
DataType output_type(const ColumnSchema& column);

/// What read_column() reads, the other way: values of one of its three types as values of another. Words that are none
/// of `type`, and numbers beyond it, become null.
Array write_column(const ColumnSchema& column, const Array& read, const DataType& type);

/// A table without rows of the schema's columns in their output_type().
Table empty_table(const Schema& schema);

}  // namespace meg
