#include "core/table/rule/mend.h"

#include <algorithm>
#include <cmath>

#include "core/table/code/relation.h"
#include "core/table/infer/datetime.h"
#include "core/table/infer/duration.h"

namespace meg {

namespace {

using Kind = RuleExpression::Kind;
using Node = StatedRule::Node;

/// A cell that is set for one rule may break another: so often are all gone through.
constexpr int kRounds = 4;

Kind opposite(Kind kind) {
  switch (kind) {
    case Kind::kEqual: return Kind::kUnequal;
    case Kind::kUnequal: return Kind::kEqual;
    case Kind::kLess: return Kind::kGreaterOrEqual;
    case Kind::kLessOrEqual: return Kind::kGreater;
    case Kind::kGreater: return Kind::kLessOrEqual;
    default: return Kind::kLess;
  }
}

/// The least distance of two numbers of a column as it writes them.
double written_unit(const ColumnSchema& column) {
  const bool is_date = column.type == ColumnType::kDatetime && !is_duration(column.format);
  return is_date && !has_time_of_day(column.format) ? kDaySeconds : std::pow(10.0, -column.decimals);
}

}  // namespace

RuleMender::RuleMender(const StatedRules& rules, const Schema& schema, std::vector<bool> may_change)
    : rules_(rules), schema_(schema), may_change_(std::move(may_change)) {}

void RuleMender::derive(RuleRow& row) const {
  const auto equations = [&](const auto& self, const Node& node) -> bool {  // whether one was solved
    if (node.kind == Kind::kAnd) {
      const bool first = self(self, node.parts[0]);
      return self(self, node.parts[1]) || first;
    }
    return node.kind == Kind::kEqual && node.parts[0].type != Node::Type::kWord &&
           truth_of(node, row) == Truth::kFalse && solve(node, node.kind, row);
  };
  bool any = true;
  for (int round = 0; any && round < kRounds; ++round) {
    any = false;
    for (const StatedRule& rule : rules_.all())
      if (!rule.is_unique() && !rule.is_combination()) any |= equations(equations, rule.node());
  }
}

bool RuleMender::mend(RuleRow& row, std::uint64_t random) const {
  for (int round = 0; round < kRounds && !rules_.hold(row); ++round)
    for (const StatedRule& rule : rules_.all()) {
      if (rule.holds(row)) continue;
      if (!(rule.is_combination() ? complete(rule, row, random) : make(rule.node(), true, row))) return false;
      derive(row);
    }
  return rules_.hold(row);
}

/// Makes a part of a rule true, or false; whether that could be done.
bool RuleMender::make(const Node& node, bool wanted, RuleRow& row) const {
  const Truth unwanted = wanted ? Truth::kFalse : Truth::kTrue;
  if (truth_of(node, row) != unwanted) return true;
  switch (node.kind) {
    case Kind::kNot: return make(node.parts[0], !wanted, row);
    case Kind::kAnd:
    case Kind::kOr:
      if ((node.kind == Kind::kAnd) == wanted)
        return make(node.parts[0], wanted, row) && make(node.parts[1], wanted, row);
      return make(node.parts[1], wanted, row) || make(node.parts[0], wanted, row);
    case Kind::kRequires:
      if (wanted) return make(node.parts[1], true, row) || make(node.parts[0], false, row);
      return make(node.parts[0], true, row) && make(node.parts[1], false, row);
    case Kind::kColumn: {
      const auto place = std::find(node.numbers.begin(), node.numbers.end(), wanted ? 1.0 : 0.0);
      if (!may_change_[node.column] || place == node.numbers.end()) return false;
      row.change(node.column, {.number = static_cast<double>(place - node.numbers.begin())});
      return true;
    }
    default: break;
  }
  const Kind kind = wanted ? node.kind : opposite(node.kind);
  if (node.parts[0].type != Node::Type::kWord) return solve(node, kind, row);
  return kind == Kind::kEqual &&
         (set_word(node.parts[1], node.parts[0], row) || set_word(node.parts[0], node.parts[1], row));
}

/// Sets a column of words to what the other side says.
bool RuleMender::set_word(const Node& node, const Node& to, RuleRow& row) const {
  if (node.kind != Kind::kColumn || !may_change_[node.column]) return false;
  const std::optional<std::string_view> word = word_of(to, row);
  const auto place = word ? std::find(node.words.begin(), node.words.end(), *word) : node.words.end();
  if (place == node.words.end()) return false;
  row.change(node.column, {.number = static_cast<double>(place - node.words.begin())});
  return true;
}

std::vector<std::size_t> RuleMender::numbers_of(const Node& node) const {
  std::vector<std::size_t> out;
  if (node.is_column_of_numbers() && may_change_[node.column]) out.push_back(node.column);
  for (const Node& part : node.parts)
    for (const std::size_t c : numbers_of(part)) out.push_back(c);
  return out;
}

/// Sets a number so that the comparison holds: of an equation the column that stands alone, the left one first; else
/// the last one that can be.
bool RuleMender::solve(const Node& node, Kind kind, RuleRow& row) const {
  std::vector<std::size_t> columns = numbers_of(node);
  std::sort(columns.rbegin(), columns.rend());
  if (kind == Kind::kEqual)
    for (const std::size_t side : {std::size_t{1}, std::size_t{0}})
      if (const Node& alone = node.parts[side]; alone.is_column_of_numbers() && may_change_[alone.column])
        columns.insert(columns.begin(), alone.column);
  return std::any_of(columns.begin(), columns.end(), [&](std::size_t c) { return solve_for(c, node, kind, row); });
}

/// The secant through two points is the line itself, where the column stands in the rule as it is or times something.
bool RuleMender::solve_for(std::size_t column, const Node& node, Kind kind, RuleRow& row) const {
  const RuleRow before = row;
  const double x = row.value(column).number, unit = written_unit(schema_[column]);
  const auto off_at = [&](double number) {
    row.change(column, {.number = number});
    return number_of(node.parts[0], row) - number_of(node.parts[1], row);
  };
  const double off = off_at(x), slope = (off_at(x + 1024 * unit) - off) / 1024;  // a unit
  const double units = -off / slope;
  Node comparison = node;
  comparison.kind = kind;
  const auto holds_at = [&](double moved) {
    row.change(column, {.number = as_written(schema_[column], x + moved * unit)});
    return truth_of(comparison, row) == Truth::kTrue;
  };
  bool found = false;
  if (std::isfinite(units) && std::abs(units) < 0x1p53) {
    if (kind == Kind::kEqual) {
      found = holds_at(std::round(units));
    } else if (kind == Kind::kUnequal) {
      found = holds_at(1) || holds_at(-1);
    } else {
      const bool downward = (kind == Kind::kLess || kind == Kind::kLessOrEqual) == (slope > 0);
      const double step = downward ? -1 : 1;
      const double first = downward ? std::floor(units + 1e-6) : std::ceil(units - 1e-6);
      for (int i = 0; i < 3 && !found; ++i) found = holds_at(first + i * step);
    }
  }
  if (!found) row = before;
  return found;
}

/// Exchanges as few of the last columns of a combination as it takes for one that was seen.
bool RuleMender::complete(const StatedRule& rule, RuleRow& row, std::uint64_t random) const {
  const std::vector<std::vector<std::string>>& seen = rule.combinations();
  const std::vector<Node>& columns = rule.node().parts;
  const std::optional<std::vector<std::string>> cells = rule.combined(row);
  if (!cells) return true;
  for (std::size_t kept = columns.size(); kept-- > 0;) {
    if (!may_change_[columns[kept].column]) return false;
    const auto is_before = [kept](const auto& a, const auto& b) {
      return std::lexicographical_compare(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(kept), b.begin(),
                                          b.begin() + static_cast<std::ptrdiff_t>(kept));
    };
    const auto [begin, end] = std::equal_range(seen.begin(), seen.end(), *cells, is_before);
    if (begin == end) continue;
    const std::vector<std::string>& chosen =
        begin[static_cast<std::ptrdiff_t>(random % static_cast<std::uint64_t>(end - begin))];
    for (std::size_t i = kept; i < columns.size(); ++i) {
      const Node& column = columns[i];
      double to = 0;
      if (column.words.empty()) {
        to = parse_number(chosen[i]).value_or(0);
      } else {
        const auto place = std::find(column.words.begin(), column.words.end(), chosen[i]);
        if (place == column.words.end()) return false;
        to = static_cast<double>(place - column.words.begin());
      }
      row.change(column.column, {.number = to});
    }
    return true;
  }
  return false;
}

}  // namespace meg
