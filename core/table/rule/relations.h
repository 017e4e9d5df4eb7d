#pragma once
#include <vector>

#include "core/table/code/relation.h"
#include "core/table/rule/stated_rules.h"

namespace meg {

/// The rules that are kept by construction, as relations of a table that keeps them: an equation derives the column
/// that stands alone on a side, the left one first, where the other side is a sum of terms as Relation has them; an
/// order of two columns learns the later one as its distance from the other, where no frequent number of it is lost so.
/// At most one a column; none of columns that are not always there when it is.
std::vector<Relation> stated_relations(const StatedRules& rules, const ReadTable& table, const Schema& schema);

}  // namespace meg
