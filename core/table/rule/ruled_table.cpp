#include "core/table/rule/ruled_table.h"

#include <algorithm>

#include "core/fail.h"

namespace meg {

namespace {

/// Makes identifiers of the columns that are to be unique; whether there are any that were none.
bool ask_for_identifiers(const StatedRules& rules, const Schema& schema, AskedTypes& types) {
  bool any = false;
  for (const StatedRule& rule : rules.all()) {
    if (!rule.is_unique()) continue;
    const ColumnSchema& column = schema[rule.node().parts[0].column];
    if (!is_modelled(column.type)) continue;
    if (column.type != ColumnType::kInteger && column.type != ColumnType::kCategorical)
      fail(ErrorCode::kInvalidArgument,
           "rule '{}': column '{}' is {}, and only whole numbers, codes and texts can be made so that none repeats",
           rule.text(), column.name, type_name(column.type));
    types.insert_or_assign(column.name, AskedType(ColumnType::kIdentifier));
    any = true;
  }
  return any;
}

/// Asks for the columns of the rules as the whole table says them, where what is left of it says otherwise: a column
/// without its odd words is one of numbers, and a rule that names the word is none of it. Whether there are any.
bool ask_for_types(const StatedRules& rules, const Schema& whole, const Schema& left, AskedTypes& types) {
  bool any = false;
  for (const StatedRule& rule : rules.all())
    for (const std::size_t c : rule.columns()) {
      const ColumnSchema &was = whole[c], &is = left[c];
      if (!is_modelled(was.type) || types.contains(was.name)) continue;
      if (was.type == is.type && was.format == is.format && was.style == is.style) continue;
      AskedType& asked = types.emplace(was.name, AskedType(was.type, was.format)).first->second;
      if (is_numeric(was.type)) asked.style = was.style;
      any = true;
    }
  return any;
}

void check_combinations(const StatedRules& rules, const Options& options) {
  for (const StatedRule& rule : rules.all())
    if (rule.is_combination() && options.meg.rare_min > 1)
      fail(ErrorCode::kInvalidArgument,
           "rule '{}' keeps every combination of the table in the model, and `rare_min` is to hide rare values: leave "
           "one of them out",
           rule.text());
}

}  // namespace

RuledTable infer_ruled_table(Table table, const Options& options) {
  AskedTypes types = options.types;
  const auto infer = [&](Table rows) {
    return infer_table(std::move(rows), types, options.drop, options.threads, options.missing);
  };
  if (options.rules.empty()) return {infer(std::move(table)), {}};
  RuledTable out{infer(table), {}};
  const auto read = [&] { return ReadTable(out.table.schema, out.table.columns); };
  out.rules = StatedRules(options.rules, out.table.schema);
  check_combinations(out.rules, options);
  const bool changes_types = ask_for_identifiers(out.rules, out.table.schema, types);
  out.rules.learn(read());
  const StatedRules::Broken broken = out.rules.broken(read(), options.threads);
  const std::size_t rows = table.rows();
  if (!broken.rows.empty() || changes_types) {
    if (!broken.rows.empty()) table = table.take(rows_but(broken.rows, rows));
    const Schema whole = std::move(out.table.schema);
    out.table = infer(table);
    if (ask_for_types(out.rules, whole, out.table.schema, types)) out.table = infer(std::move(table));
    out.rules = StatedRules(options.rules, out.table.schema, RuleWords::kAny);
    out.rules.learn(read());
  }
  out.rules.set_found(rows, broken);
  return out;
}

}  // namespace meg
