#include "core/table/rule/relations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "core/table/code/feature.h"

namespace meg {

namespace {

using Kind = RuleExpression::Kind;
using Node = StatedRule::Node;

/// A number that more than this share of the rows holds is lost where the distance has none so frequent.
constexpr double kFrequentShare = 0.05;

/// Terms and a constant.
struct TermSum {
  std::vector<Term> terms;
  double constant = 0;

  bool is_constant() const { return terms.empty(); }
  bool is_column() const { return terms.size() == 1 && terms[0].what == Combination::kColumn && constant == 0; }
  TermSum times(double factor) const {
    TermSum out = *this;
    for (Term& term : out.terms) term.factor *= factor;
    out.constant *= factor;
    return out;
  }
  TermSum plus(const TermSum& other) const {
    TermSum out = *this;
    out.terms.insert(out.terms.end(), other.terms.begin(), other.terms.end());
    out.constant += other.constant;
    return out;
  }
};

/// Nothing of what is no sum of terms.
std::optional<TermSum> sum_of(const Node& node) {
  if (node.kind == Kind::kNumber) return TermSum{{}, node.number};
  if (node.kind == Kind::kColumn) {
    if (!node.words.empty()) return {};
    return TermSum{{{.a = node.column, .b = node.column}}, 0};
  }
  const std::optional<TermSum> a = sum_of(node.parts.at(0));
  if (!a) return {};
  if (node.kind == Kind::kNegate) return a->times(-1);
  const std::optional<TermSum> b = sum_of(node.parts.at(1));
  if (!b) return {};
  if (node.kind == Kind::kAdd) return a->plus(*b);
  if (node.kind == Kind::kSubtract) return a->plus(b->times(-1));
  const auto pair = [&](Combination what, double factor) {
    return TermSum{{{.factor = factor, .what = what, .a = a->terms[0].a, .b = b->terms[0].a}}, 0};
  };
  if (node.kind == Kind::kMultiply) {
    if (a->is_constant()) return b->times(a->constant);
    if (b->is_constant()) return a->times(b->constant);
    if (!a->is_column() || !b->is_column()) return {};
    return pair(Combination::kProduct, a->terms[0].factor * b->terms[0].factor);
  }
  if (b->is_constant()) return b->constant != 0 ? std::optional(a->times(1 / b->constant)) : std::nullopt;
  if (!a->is_column() || !b->is_column()) return {};
  return pair(Combination::kQuotient, a->terms[0].factor / b->terms[0].factor);
}

std::optional<Relation> equation_of(const Node& node) {
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    if (!node.parts[side].is_column_of_numbers()) continue;
    const std::optional<TermSum> sum = sum_of(node.parts[1 - side]);
    if (!sum || sum->is_constant()) continue;
    Relation out;
    out.column = node.parts[side].column, out.terms = sum->terms, out.offset = sum->constant, out.is_exact = true;
    const std::vector<std::size_t> bases = out.bases();
    if (std::find(bases.begin(), bases.end(), out.column) == bases.end()) return out;
  }
  return {};
}

/// Which column is which does not matter: the distance has the sign that the real rows have.
std::optional<Relation> order_of(const Node& node) {
  if (!node.parts[0].is_column_of_numbers() || !node.parts[1].is_column_of_numbers()) return {};
  const std::size_t a = node.parts[0].column, b = node.parts[1].column;
  if (a == b) return {};
  Relation out;
  out.column = std::max(a, b);
  out.terms.push_back({.a = std::min(a, b), .b = std::min(a, b)});
  return out;
}

/// The share of the most frequent number.
class MostFrequent {
 public:
  void add(double number) { most_ = std::max(most_, ++count_[number]), ++all_; }
  double share() const { return static_cast<double>(most_) / static_cast<double>(std::max<std::size_t>(1, all_)); }

 private:
  std::unordered_map<double, std::size_t> count_;
  std::size_t most_ = 0, all_ = 0;
};

/// Sets what is learned instead of the column; whether that can be.
bool complete_relation(Relation& relation, const ReadTable& table, const Schema& schema) {
  const ColumnSchema& column = schema[relation.column];
  const std::vector<std::size_t> bases = relation.bases();
  if (!adds_up(column) || !std::all_of(bases.begin(), bases.end(), [&](std::size_t c) { return adds_up(schema[c]); }))
    return false;
  relation.step = std::pow(10.0, -column.decimals);
  ColumnSchema& distance = relation.distance = distance_column(column);
  double low = std::numeric_limits<double>::infinity(), high = -low;
  MostFrequent own, learned;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const auto value = [&](std::size_t c) { return table.number(r, c); };
    const double number = value(relation.column);
    if (std::isnan(number)) continue;
    const double predicted = relation.predict(column, value);
    if (!std::isfinite(predicted)) return false;
    const double off = relation.off_by(number, predicted);
    own.add(number), learned.add(off);
    low = std::min(low, off), high = std::max(high, off);
  }
  distance.smallest = low, distance.largest = high;
  return low <= high && (own.share() <= kFrequentShare || learned.share() >= own.share());
}

}  // namespace

std::vector<Relation> stated_relations(const StatedRules& rules, const ReadTable& table, const Schema& schema) {
  std::vector<Relation> out;
  const auto add = [&](const auto& self, const Node& node) -> void {
    if (node.kind == Kind::kAnd)
      for (const Node& part : node.parts) self(self, part);
    std::optional<Relation> relation;
    if (node.kind == Kind::kEqual) relation = equation_of(node);
    if (node.kind >= Kind::kLess && node.kind <= Kind::kGreaterOrEqual) relation = order_of(node);
    const auto is_same = [&](const Relation& other) { return other.column == relation->column; };
    if (relation && std::none_of(out.begin(), out.end(), is_same) && complete_relation(*relation, table, schema))
      out.push_back(std::move(*relation));
  };
  for (const StatedRule& rule : rules.all())
    if (!rule.is_unique() && !rule.is_combination()) add(add, rule.node());
  return out;
}

}  // namespace meg
