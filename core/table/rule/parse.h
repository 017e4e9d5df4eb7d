#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace meg {

/// A rule as it is written, before anything is known of the table.
struct RuleExpression {
  enum class Kind {
    kNumber,
    kText,    ///< 'red', or a date: 2024-02-29
    kName,    ///< a bare word: a column, or else what a column says
    kQuoted,  ///< "first name": likewise
    kColumn,  ///< `first name`
    kNegate,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kEqual,
    kUnequal,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kNot,
    kAnd,
    kOr,
    kRequires,    ///< the second holds wherever the first does
    kUnique,      ///< of a column
    kCombination  ///< of columns
  };
  Kind kind = Kind::kNumber;
  std::string text = {};  ///< of what has no parts: as it is written, without quotes
  double number = 0;      ///< of kNumber
  std::size_t place = 0;  ///< in the rule, in bytes
  std::vector<RuleExpression> parts = {};
};

/// Reads a rule:
///
///     rule        = unique(column) | combination(column, column, ...) | or [requires or]
///     or          = and {or and}
///     and         = not {and not}
///     not         = [not] comparison
///     comparison  = sum {(= | == | != | <> | < | <= | > | >=) sum}     low <= middle <= high is two of them
///     sum         = product {(+ | -) product}
///     product     = sign {(* | /) sign}
///     sign        = [-] operand
///     operand     = number | date | 'text' | column | "column" | `column` | ( or )
///
/// A quote in quotes is written twice. Throws Error, with the place, for what is no rule.
RuleExpression parse_rule(std::string_view text);

/// Throws Error: the rule, the place in it, counted in characters from 1 on, and what is wrong there.
[[noreturn]] void fail_rule(std::string_view rule, std::size_t place, const std::string& what);

}  // namespace meg
