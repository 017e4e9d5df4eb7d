#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/table/infer/read_table.h"
#include "core/table/rule/parse.h"

namespace meg {

/// What a rule says of a row: where a cell is missing that a comparison needs, neither true nor false.
enum class Truth { kFalse, kTrue, kUnknown };

/// Whether a rule may name a word that its column does not have: where that was learned of fewer rows than it is of.
enum class RuleWords { kKnown, kAny };

/// A row of a table, some cells of which may be thought otherwise.
class RuleRow {
 public:
  RuleRow(const ReadTable& table, std::size_t row) : table_(&table), row_(row) {}
  Value value(std::size_t column) const {
    for (const auto& [changed, value] : changed_)
      if (changed == column) return value;
    return table_->has(column) ? table_->value(row_, column) : Value();
  }
  void change(std::size_t column, const Value& to) {
    for (auto& [changed, value] : changed_)
      if (changed == column) {
        value = to;
        return;
      }
    changed_.emplace_back(column, to);
  }
  const std::vector<std::pair<std::size_t, Value>>& changed() const { return changed_; }

 private:
  const ReadTable* table_;
  std::size_t row_;
  std::vector<std::pair<std::size_t, Value>> changed_;
};

/// A rule of the columns of a schema. What it compares:
/// - numbers, and what is computed of them; = of a column alone is up to the rounding of its cells, gross = 1.19 * net;
/// - dates, in seconds since 1970, so that a difference is in seconds; lengths of time are numbers of seconds;
/// - words: whether they are the same. Columns of words that all say numbers are numbers as well.
class StatedRule {
 public:
  using Kind = RuleExpression::Kind;
  /// An expression whose columns are known.
  struct Node {
    Kind kind = Kind::kNumber;
    enum class Type { kTruth, kNumber, kDate, kWord } type = Type::kNumber;
    double number = 0;
    std::string text = {};                // of kText
    std::size_t column = 0;               // of kColumn, in the schema
    std::vector<std::string> words = {};  // of a column of words: these
    std::vector<double> numbers = {};     // of one whose words say numbers: these; of a boolean one 0 and 1
    double tolerance = 0, relative = 0;   // of kEqual and kUnequal, of numbers: how far off still is equal
    std::vector<Node> parts = {};

    bool is_column_of_numbers() const { return kind == Kind::kColumn && words.empty(); }
  };

  /// Throws Error, saying where, for what is no rule of these columns.
  StatedRule(std::string text, const Schema& schema, RuleWords words = RuleWords::kKnown);

  const std::string& text() const { return text_; }
  const Node& node() const { return node_; }
  /// The columns of the schema that it names, each once, in the order of the schema.
  const std::vector<std::size_t>& columns() const { return columns_; }
  bool is_unique() const { return node_.kind == Kind::kUnique; }
  bool is_combination() const { return node_.kind == Kind::kCombination; }

  /// Whether a row keeps it; unknown is kept. unique() says nothing of one row.
  bool holds(const RuleRow& row) const { return truth(row) != Truth::kFalse; }
  Truth truth(const RuleRow& row) const;

  /// Takes what the rows of the real table combine as all that combination() allows. Throws Error where it is too much.
  void learn(const ReadTable& real);
  /// The cells of the columns of combination() in a row, as texts; nothing where one is missing.
  std::optional<std::vector<std::string>> combined(const RuleRow& row) const;
  const std::vector<std::vector<std::string>>& combinations() const { return combinations_; }
  void set_combinations(std::vector<std::vector<std::string>> combinations);

 private:
  std::string text_;
  Node node_;
  std::vector<std::size_t> columns_;
  std::vector<std::vector<std::string>> combinations_;  // sorted
};

/// What a part of a rule is in a row: of numbers and dates, NaN where a cell is missing or there is no such number; of
/// truths; of words, nothing where a cell is missing.
double number_of(const StatedRule::Node& node, const RuleRow& row);
Truth truth_of(const StatedRule::Node& node, const RuleRow& row);
std::optional<std::string_view> word_of(const StatedRule::Node& node, const RuleRow& row);

/// The column that is to be unique, where a rule says that, as it is written.
std::optional<std::string> unique_column(std::string_view rule);

}  // namespace meg
