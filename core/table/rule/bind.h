#pragma once
#include <string_view>

#include "core/table/rule/rule.h"

namespace meg {

/// The expression of the rule `text` with the columns of the schema. Throws Error, saying where, for a column that is
/// not there or is not learned, a text that a column never says, and where what is compared or computed is not alike.
StatedRule::Node bind_rule(std::string_view text, const RuleExpression& rule, const Schema& schema, RuleWords words);

}  // namespace meg
