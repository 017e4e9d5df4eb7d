#pragma once
#include <cstdint>
#include <vector>

#include "core/table/rule/stated_rules.h"

namespace meg {

/// Sets cells of a row so that it keeps rules.
class RuleMender {
 public:
  /// `may_change`: of each column of the schema, whether its cells may be set. All must outlive it.
  RuleMender(const StatedRules& rules, const Schema& schema, std::vector<bool> may_change);

  /// Computes the columns that equations give, gross = net + tax, where they do not hold.
  void derive(RuleRow& row) const;
  /// Sets the last column that a broken rule names, so that the rule holds: a number to the nearest that does, a word,
  /// the rest of a combination to one that was seen, drawn by `random`. Whether the row then keeps all rules.
  bool mend(RuleRow& row, std::uint64_t random) const;

 private:
  using Node = StatedRule::Node;
  bool make(const Node& node, bool wanted, RuleRow& row) const;
  bool solve(const Node& node, StatedRule::Kind kind, RuleRow& row) const;
  bool solve_for(std::size_t column, const Node& node, StatedRule::Kind kind, RuleRow& row) const;
  bool set_word(const Node& node, const Node& to, RuleRow& row) const;
  bool complete(const StatedRule& rule, RuleRow& row, std::uint64_t random) const;
  std::vector<std::size_t> numbers_of(const Node& node) const;

  const StatedRules& rules_;
  const Schema& schema_;
  std::vector<bool> may_change_;
};

}  // namespace meg
