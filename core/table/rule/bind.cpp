#include "core/table/rule/bind.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/table/infer/duration.h"

namespace meg {

namespace {

using Node = StatedRule::Node;
using Type = StatedRule::Node::Type;
using Kind = RuleExpression::Kind;

/// Most names that an error lists.
constexpr std::size_t kMostNames = 12;

std::string listed_names(std::vector<std::string> names) {
  const bool all = names.size() <= kMostNames;
  if (!all) names.resize(kMostNames);
  return fmt::format("{}{}", fmt::join(names, ", "), all ? "" : ", ...");
}

bool is_comparison(Kind kind) { return kind >= Kind::kEqual && kind <= Kind::kGreaterOrEqual; }
/// Of true, yes, t, y and 1, as a boolean column may write them.
bool is_true_word(std::string_view word) {
  const std::size_t first = word.find_first_not_of(" \t");
  return first != std::string_view::npos && std::string_view("tTyY1").find(word[first]) != std::string_view::npos;
}

class Binder {
 public:
  Binder(std::string_view text, const Schema& schema, RuleWords words) : text_(text), schema_(schema), words_(words) {}

  Node rule(const RuleExpression& e) const {
    if (e.kind != Kind::kUnique && e.kind != Kind::kCombination) return truth(e);
    Node out{.kind = e.kind, .type = Type::kTruth};
    for (const RuleExpression& part : e.parts) {
      const std::size_t c = *column_of(part);
      if (e.kind == Kind::kCombination) check_learned(part, schema_[c]);
      out.parts.push_back(column(c));
    }
    return out;
  }

 private:
  [[noreturn]] void fail_at(const RuleExpression& e, const std::string& what) const { fail_rule(text_, e.place, what); }

  /// The place of the column that an operand names; throws where it must be one.
  std::optional<std::size_t> column_of(const RuleExpression& e) const {
    if (e.kind != Kind::kColumn && e.kind != Kind::kName && e.kind != Kind::kQuoted) return {};
    for (std::size_t c = 0; c < schema_.size(); ++c)
      if (schema_[c].name == e.text) return c;
    if (e.kind == Kind::kColumn) fail_no_column(e);
    return {};
  }
  [[noreturn]] void fail_no_column(const RuleExpression& e) const {
    std::vector<std::string> names;
    for (const ColumnSchema& c : schema_) names.push_back(c.name);
    fail_at(e, fmt::format("there is no column '{}'; there are {}", e.text, listed_names(std::move(names))));
  }

  void check_learned(const RuleExpression& e, const ColumnSchema& column) const {
    if (is_modelled(column.type)) return;
    fail_at(e, fmt::format("column '{}' is {}, which is made anew whatever the row says: only unique() is kept of it",
                           column.name, type_name(column.type)));
  }

  Node column(std::size_t c) const {
    const ColumnSchema& of = schema_[c];
    Node out{.kind = Kind::kColumn, .type = Type::kNumber, .column = c};
    if (of.type == ColumnType::kDatetime && !is_duration(of.format)) out.type = Type::kDate;
    if (is_numeric(of.type)) return out;
    out.type = Type::kWord, out.words = of.values;
    for (const std::string& word : of.values) {
      if (of.type == ColumnType::kBoolean) {
        out.numbers.push_back(is_true_word(word));
      } else if (const std::optional<double> number = parse_number(word)) {
        out.numbers.push_back(*number);
      } else {
        out.numbers.clear();
        break;
      }
    }
    return out;
  }

  Node operand(const RuleExpression& e) const {
    if (e.kind == Kind::kNumber) return {.kind = e.kind, .type = Type::kNumber, .number = e.number, .text = e.text};
    if (const std::optional<std::size_t> c = column_of(e)) {
      check_learned(e, schema_[*c]);
      return column(*c);
    }
    return {.kind = Kind::kText, .type = Type::kWord, .text = e.text};
  }

  /// An expression of numbers, dates or words.
  Node value(const RuleExpression& e) const {
    if (e.parts.empty()) return operand(e);
    if (e.kind < Kind::kNegate || e.kind > Kind::kDivide)
      fail_at(e, "a number is wanted here, not something that is so or not");
    Node out{.kind = e.kind, .type = Type::kNumber};
    for (const RuleExpression& part : e.parts) out.parts.push_back(number_or_date(part, value(part)));
    const auto is_date = [&](std::size_t i) { return i < out.parts.size() && out.parts[i].type == Type::kDate; };
    const bool first = is_date(0), second = is_date(1);
    if (!first && !second) return out;
    const bool adds = e.kind == Kind::kAdd && first != second, subtracts = e.kind == Kind::kSubtract && first;
    if (!adds && !subtracts)
      fail_at(e, "of dates there are only differences, in seconds, and a date plus or minus seconds");
    if (adds || !second) out.type = Type::kDate;
    return out;
  }

  Node number_or_date(const RuleExpression& e, Node node) const {
    if (node.type != Type::kWord) return node;
    if (node.kind == Kind::kText) {
      if (e.kind == Kind::kText) fail_at(e, fmt::format("'{}' is a text, which is no number to compute with", e.text));
      fail_no_column(e);
    }
    const ColumnSchema& of = schema_[node.column];
    if (node.numbers.empty() || of.type == ColumnType::kBoolean)
      fail_at(e, fmt::format("column '{}' is {}: its words are no numbers, and have no order", of.name,
                             type_name(of.type)));
    node.type = Type::kNumber;
    return node;
  }

  Node truth(const RuleExpression& e) const {
    Node out{.kind = e.kind, .type = Type::kTruth};
    if (is_comparison(e.kind)) return comparison(e);
    if (e.kind >= Kind::kNot && e.kind <= Kind::kRequires) {
      for (const RuleExpression& part : e.parts) out.parts.push_back(truth(part));
      return out;
    }
    const std::optional<std::size_t> c = column_of(e);
    if (!c && e.kind == Kind::kName) fail_no_column(e);
    if (!c) fail_at(e, "something that is so or not is wanted here, as age >= 16");
    check_learned(e, schema_[*c]);
    Node node = column(*c);
    const bool is_boolean = schema_[*c].type == ColumnType::kBoolean;
    if (!is_boolean && node.type != Type::kNumber)
      fail_at(e, fmt::format("column '{}' is {}, which is not so or not by itself: write what it is, as {} = {}",
                             e.text, type_name(schema_[*c].type), e.text,
                             node.words.empty() ? "'...'" : fmt::format("'{}'", node.words.front())));
    node.type = Type::kTruth;
    return node;
  }

  Node comparison(const RuleExpression& e) const {
    Node out{.kind = e.kind, .type = Type::kTruth};
    const RuleExpression &a = e.parts[0], &b = e.parts[1];
    Node left = value(a), right = value(b);
    const bool is_equality = e.kind == Kind::kEqual || e.kind == Kind::kUnequal;
    if (are_words(left, right) && is_equality) {
      take_words(a, left, right), take_words(b, right, left);
    } else {
      left = beside(a, std::move(left), right), right = beside(b, std::move(right), left);
      if ((left.type == Type::kDate) != (right.type == Type::kDate))
        fail_at(e, "a date is compared with a number: write the date as 2024-02-29, or in quotes as the column has it");
      if (is_equality) set_tolerance(left, right, out);
    }
    out.parts.push_back(std::move(left)), out.parts.push_back(std::move(right));
    return out;
  }

  /// Whether words are compared: of a column and a text, or a number that the column has for a word; of two columns.
  static bool are_words(const Node& a, const Node& b) {
    const auto is_column = [](const Node& n) { return n.kind == Kind::kColumn && n.type == Type::kWord; };
    const auto is_literal = [](const Node& n) { return n.kind == Kind::kText; };
    const auto is_number = [](const Node& n) { return n.kind == Kind::kNumber; };
    return (is_column(a) && (is_column(b) || is_literal(b) || (is_number(b) && a.numbers.empty()))) ||
           (is_column(b) && (is_literal(a) || (is_number(a) && b.numbers.empty())));
  }
  /// A side of a comparison of words, which the column on the other side must know.
  void take_words(const RuleExpression& e, Node& node, const Node& other) const {
    if (node.kind == Kind::kColumn) return;
    if (words_ == RuleWords::kKnown &&
        std::find(other.words.begin(), other.words.end(), node.text) == other.words.end())
      fail_at(e, fmt::format("column '{}' never says '{}'{}; it says {}", schema_[other.column].name, node.text,
                             e.kind == Kind::kName ? ", and there is no such column" : "", listed_names(other.words)));
    node.kind = Kind::kText, node.type = Type::kWord;
  }

  /// A side of a comparison of numbers or dates: a text is what the other side's column says.
  Node beside(const RuleExpression& e, Node node, const Node& other) const {
    if (node.kind != Kind::kText) return number_or_date(e, std::move(node));
    const ColumnSchema* const of = numeric_column(other);
    std::optional<double> number;
    if (of) number = parse_cell(*of, node.text);
    for (const char* format : {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
                               "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f"})
      if (!number && other.type == Type::kDate) number = parse_datetime(node.text, format);
    if (!number || !std::isfinite(*number)) {
      if (of && std::find(of->words.begin(), of->words.end(), node.text) != of->words.end())
        fail_at(e, fmt::format("'{}' is a word among the numbers of column '{}', which rules cannot name: take the "
                               "column as categorical, and they can",
                               node.text, of->name));
      if (e.kind == Kind::kName) fail_no_column(e);
      fail_at(e, of ? fmt::format("'{}' is nothing that column '{}' could say", node.text, of->name)
                    : fmt::format("'{}' is a text, which has no order, and the other side is none", node.text));
    }
    return {.kind = Kind::kNumber, .type = other.type, .number = *number};
  }
  const ColumnSchema* numeric_column(const Node& node) const {
    if (node.kind == Kind::kColumn && node.words.empty()) return &schema_[node.column];
    for (const Node& part : node.parts)
      if (const ColumnSchema* const found = numeric_column(part)) return found;
    return nullptr;
  }

  /// Beside a constant equal is equal; else a column alone, the left one first, is as the other side rounded to it; and
  /// of sums on both sides half a unit of the finest column is too much.
  void set_tolerance(const Node& left, const Node& right, Node& out) const {
    if (!numeric_column(left) || !numeric_column(right)) return;
    const auto is_alone = [](const Node& n) { return n.kind == Kind::kColumn && n.words.empty(); };
    int decimals = 0, significant = 0;
    if (is_alone(left) || is_alone(right)) {
      const ColumnSchema& of = schema_[(is_alone(left) ? left : right).column];
      decimals = of.decimals, significant = of.significant;
    } else {
      decimals = std::max(finest(left), finest(right));
    }
    if (significant > 0)
      out.relative = 0.5 * std::pow(10.0, 1 - significant);
    else
      out.tolerance = 0.5 * std::pow(10.0, -decimals);
  }
  int finest(const Node& node) const {
    int out = node.kind == Kind::kColumn ? schema_[node.column].decimals : 0;
    for (const Node& part : node.parts) out = std::max(out, finest(part));
    return out;
  }

  std::string_view text_;
  const Schema& schema_;
  RuleWords words_;
};

}  // namespace

Node bind_rule(std::string_view text, const RuleExpression& rule, const Schema& schema, RuleWords words) {
  return Binder(text, schema, words).rule(rule);
}

}  // namespace meg
