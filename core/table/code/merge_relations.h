#pragma once
#include <cstddef>
#include <vector>

#include "core/table/code/relation.h"

namespace meg {

/// The relations that were stated, and of those that were found all that go with them: an equation that was stated
/// takes the place of what was found of its column, an order does not. `order` is that of find_relations(), of which
/// the first `fixed` stay where they are; columns move behind those that they follow from, and no relation is left that
/// goes round in a circle.
std::vector<Relation> merge_relations(std::vector<Relation> stated, const std::vector<Relation>& found,
                                      std::vector<std::size_t>& order, std::size_t fixed);

}  // namespace meg
