#include "core/table/code/merge_relations.h"

#include <algorithm>
#include <optional>

namespace meg {

namespace {

/// The columns behind those that they follow from, each else as early as in `order`; nothing where there is a circle,
/// or one of the first `fixed` would have to move.
std::optional<std::vector<std::size_t>> order_by(const std::vector<Relation>& relations,
                                                 const std::vector<std::size_t>& order, std::size_t fixed) {
  std::vector<std::size_t> out, left = order;
  const auto is_ready = [&](std::size_t c) {
    return std::all_of(relations.begin(), relations.end(), [&](const Relation& relation) {
      if (relation.column != c) return true;
      const std::vector<std::size_t> bases = relation.bases();
      return std::all_of(bases.begin(), bases.end(),
                         [&](std::size_t base) { return std::find(out.begin(), out.end(), base) != out.end(); });
    });
  };
  while (!left.empty()) {
    const auto next = std::find_if(left.begin(), left.end(), is_ready);
    if (next == left.end() || (out.size() < fixed && next != left.begin())) return {};
    out.push_back(*next);
    left.erase(next);
  }
  return out;
}

}  // namespace

std::vector<Relation> merge_relations(std::vector<Relation> stated, const std::vector<Relation>& found,
                                      std::vector<std::size_t>& order, std::size_t fixed) {
  if (stated.empty()) return found;
  std::vector<Relation> out;
  const auto is_of = [](std::size_t column) { return [=](const Relation& r) { return r.column == column; }; };
  const auto add = [&](const Relation& relation) {
    if (std::any_of(out.begin(), out.end(), is_of(relation.column))) return;
    out.push_back(relation);
    if (!order_by(out, order, fixed)) out.pop_back();
  };
  for (const bool exact : {true, false}) {  // what is found of an order has limits on both sides
    for (const Relation& relation : stated)
      if (relation.is_exact == exact) add(relation);
    if (exact)
      for (const Relation& relation : found) add(relation);
  }
  order = *order_by(out, order, fixed);
  return out;
}

}  // namespace meg
