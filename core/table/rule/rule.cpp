#include "core/table/rule/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/fail.h"
#include "core/table/rule/bind.h"

namespace meg {

namespace {

using Node = StatedRule::Node;
using Kind = RuleExpression::Kind;

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();
/// How far a computed number may be off for each number that it is computed of, as a share of it.
constexpr double kComputingError = 4 * std::numeric_limits<double>::epsilon();
/// More than these are no rule, but the table.
constexpr std::size_t kMostCombinations = 1'000'000;

Truth truth_if(bool is) { return is ? Truth::kTrue : Truth::kFalse; }
Truth truth_not(Truth t) { return t == Truth::kUnknown ? t : truth_if(t == Truth::kFalse); }
Truth truth_or(Truth a, Truth b) {
  if (a == Truth::kTrue || b == Truth::kTrue) return Truth::kTrue;
  return a == Truth::kUnknown || b == Truth::kUnknown ? Truth::kUnknown : Truth::kFalse;
}

Truth compared_words(const Node& node, const RuleRow& row) {
  const std::optional<std::string_view> a = word_of(node.parts[0], row), b = word_of(node.parts[1], row);
  if (!a || !b) return Truth::kUnknown;
  return truth_if((*a == *b) == (node.kind == Kind::kEqual));
}

double column_number(const Node& node, const RuleRow& row) {
  const Value value = row.value(node.column);
  if (value.is_odd || !std::isfinite(value.number)) return kNoValue;
  if (node.words.empty()) return value.number;
  const auto place = static_cast<std::size_t>(value.number);
  return place < node.numbers.size() ? node.numbers[place] : kNoValue;
}

/// A number, and how far it may be off by computing.
struct Computed {
  double value = kNoValue, error = 0;
};

Computed computed(const Node& node, const RuleRow& row) {
  const auto rounded = [](double value, double error) {
    return Computed{value, error + kComputingError * std::abs(value)};
  };
  if (node.kind == Kind::kNumber) return rounded(node.number, 0);
  if (node.kind == Kind::kColumn) return rounded(column_number(node, row), 0);
  if (node.parts.empty()) return {};
  const Computed a = computed(node.parts[0], row);
  if (node.kind == Kind::kNegate) return {-a.value, a.error};
  const Computed b = computed(node.parts[1], row);
  switch (node.kind) {
    case Kind::kAdd: return rounded(a.value + b.value, a.error + b.error);
    case Kind::kSubtract: return rounded(a.value - b.value, a.error + b.error);
    case Kind::kMultiply: return rounded(a.value * b.value, a.error * std::abs(b.value) + b.error * std::abs(a.value));
    case Kind::kDivide: {
      const double quotient = a.value / b.value;
      return rounded(quotient, (a.error + b.error * std::abs(quotient)) / std::abs(b.value));
    }
    default: return {};
  }
}

Truth compared(const Node& node, const RuleRow& row) {
  if (node.parts[0].type == Node::Type::kWord) return compared_words(node, row);
  const Computed left = computed(node.parts[0], row), right = computed(node.parts[1], row);
  const double a = left.value, b = right.value, off = a - b;
  if (!std::isfinite(a) || !std::isfinite(b)) return Truth::kUnknown;
  const bool is_computed = !node.parts[0].parts.empty() || !node.parts[1].parts.empty();
  const double larger = std::max(std::abs(a), std::abs(b)), slack = is_computed ? left.error + right.error : 0;
  const bool is_equal = std::abs(off) <= node.tolerance * (1 + 1e-6) + node.relative * larger + slack;
  switch (node.kind) {
    case Kind::kEqual: return truth_if(is_equal);
    case Kind::kUnequal: return truth_if(!is_equal);
    case Kind::kLess: return truth_if(off < -slack);
    case Kind::kLessOrEqual: return truth_if(off <= slack);
    case Kind::kGreater: return truth_if(off > slack);
    default: return truth_if(off >= -slack);
  }
}

}  // namespace

double number_of(const Node& node, const RuleRow& row) { return computed(node, row).value; }

std::optional<std::string_view> word_of(const Node& node, const RuleRow& row) {
  if (node.kind == Kind::kText) return node.text;
  const Value value = row.value(node.column);
  if (value.is_odd) return value.text;
  if (std::isnan(value.number)) return {};
  const auto place = static_cast<std::size_t>(value.number);
  return place < node.words.size() ? std::optional<std::string_view>(node.words[place]) : std::nullopt;
}

Truth truth_of(const Node& node, const RuleRow& row) {
  const auto part = [&](std::size_t i) { return truth_of(node.parts[i], row); };
  switch (node.kind) {
    case Kind::kNot: return truth_not(part(0));
    case Kind::kAnd: return truth_not(truth_or(truth_not(part(0)), truth_not(part(1))));
    case Kind::kOr: return truth_or(part(0), part(1));
    case Kind::kRequires: return truth_or(truth_not(part(0)), part(1));
    case Kind::kColumn: {
      const double number = column_number(node, row);
      return std::isnan(number) ? Truth::kUnknown : truth_if(number != 0);
    }
    default: return compared(node, row);
  }
}

StatedRule::StatedRule(std::string text, const Schema& schema, RuleWords words)
    : text_(std::move(text)), node_(bind_rule(text_, parse_rule(text_), schema, words)) {
  const auto add = [&](const auto& self, const Node& node) -> void {
    if (node.kind == Kind::kColumn) columns_.push_back(node.column);
    for (const Node& part : node.parts) self(self, part);
  };
  add(add, node_);
  std::sort(columns_.begin(), columns_.end());
  columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
}

Truth StatedRule::truth(const RuleRow& row) const {
  if (is_unique()) return Truth::kTrue;
  if (!is_combination()) return truth_of(node_, row);
  const std::optional<std::vector<std::string>> cells = combined(row);
  return cells ? truth_if(std::binary_search(combinations_.begin(), combinations_.end(), *cells)) : Truth::kUnknown;
}

std::optional<std::vector<std::string>> StatedRule::combined(const RuleRow& row) const {
  std::vector<std::string> out;
  for (const Node& part : node_.parts) {
    if (!part.words.empty()) {
      const std::optional<std::string_view> word = word_of(part, row);
      if (!word) return {};
      out.emplace_back(*word);
    } else {
      const Value value = row.value(part.column);
      if (value.is_odd || !std::isfinite(value.number)) return {};
      out.push_back(fmt::format("{}", value.number));
    }
  }
  return out;
}

void StatedRule::learn(const ReadTable& real) {
  combinations_.clear();
  if (!is_combination()) return;
  std::size_t sorted = 0;
  const auto tidy = [&] {
    std::sort(combinations_.begin(), combinations_.end());
    combinations_.erase(std::unique(combinations_.begin(), combinations_.end()), combinations_.end());
    sorted = combinations_.size();
    if (sorted > kMostCombinations)
      fail(ErrorCode::kInvalidArgument,
           "rule '{}': the table has more than {} combinations of these columns, and the model would hold all of them",
           text_, kMostCombinations);
  };
  for (std::size_t r = 0; r < real.rows(); ++r) {
    if (auto cells = combined(RuleRow(real, r))) combinations_.push_back(std::move(*cells));
    if (combinations_.size() > 2 * sorted + 100'000) tidy();
  }
  tidy();
}

void StatedRule::set_combinations(std::vector<std::vector<std::string>> combinations) {
  combinations_ = std::move(combinations);
  std::sort(combinations_.begin(), combinations_.end());
}

std::optional<std::string> unique_column(std::string_view rule) {
  const RuleExpression expression = parse_rule(rule);
  return expression.kind == Kind::kUnique ? std::optional(expression.parts[0].text) : std::nullopt;
}

}  // namespace meg
