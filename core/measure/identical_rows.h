#pragma once
#include <string_view>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// The share of the rows of `synthetic` that equal a row of `real`, over all rows of both. Numbers are compared as
/// numbers, categories as words, a missing cell equals a missing one; identifier and text columns, which are made anew,
/// are left out. 0 where a table has no rows. `schema` is the real table's. Throws Error where a table lacks a column
/// or no column is left; `which` is what it calls the first one.
double identical_share(const Table& synthetic, const Table& real, const Schema& schema,
                       std::string_view which = "synthetic");

}  // namespace meg
