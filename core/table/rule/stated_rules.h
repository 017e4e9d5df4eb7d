#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/rule/rule.h"

namespace meg {

/// The rules that were stated of a table. Immutable but for learn(): every const member may be called from any number
/// of threads at once.
class StatedRules {
 public:
  StatedRules() = default;
  /// Throws Error, saying where, for what is no rule of these columns.
  StatedRules(const std::vector<std::string>& texts, const Schema& schema, RuleWords words = RuleWords::kKnown);

  bool empty() const { return rules_.empty(); }
  const std::vector<StatedRule>& all() const { return rules_; }
  /// Whether a row keeps all of them, unique() aside.
  bool hold(const RuleRow& row) const;

  struct Broken {
    std::vector<std::size_t> of_rule;  ///< [all()] how many rows break it
    std::vector<std::size_t> rows;     ///< that break one of them, ascending
  };
  /// Rows that break a rule; of unique() all but the first of each value. threads = 0 takes all cores.
  Broken broken(const ReadTable& rows, int threads = 1) const;

  std::vector<std::string> texts() const;
  /// The same rules, of the same columns as a model has them.
  StatedRules of(const Schema& schema) const;
  /// The rows of a table that break none, and what it says now of notes(); the table needs the columns of the schema.
  Table kept(const Schema& schema, Table table, int threads = 1);

  /// Takes what the rows combine as all that combination() allows.
  void learn(const ReadTable& real);
  /// What was found in the real table, for notes().
  void set_found(std::size_t rows, const Broken& broken);
  /// A sentence a rule: how many rows of the real table break it.
  std::vector<std::string> notes() const;

  /// A JSON array with an object a rule, and back, for the columns of a model.
  std::string to_json() const;
  static StatedRules from_json(std::string_view json, const Schema& schema);

 private:
  std::vector<StatedRule> rules_;
  std::size_t real_rows_ = 0;
  std::vector<std::size_t> real_broken_;  // [rules_]
};

/// The rows [0, rows) that are not among some, which are ascending. Throws Error where it is fewer than two.
std::vector<std::size_t> rows_but(const std::vector<std::size_t>& some, std::size_t rows);

}  // namespace meg
