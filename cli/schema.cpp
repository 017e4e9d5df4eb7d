#include <fmt/ranges.h>

#include "cli/column_flags.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/table_flags.h"
#include "cli/terminal_text.h"
#include "core/output_file.h"
#include "core/table/infer/read_table.h"
#include "core/table/rule/stated_rules.h"

namespace meg::cli {

namespace {

std::string describe(const ColumnSchema& column) {
  std::string range;
  if (is_numeric(column.type)) {
    append_value(column, column.smallest, range);
    range += " to ";
    append_value(column, column.largest, range);
  } else {
    constexpr std::size_t kShown = 5;
    for (std::size_t i = 0; i < column.values.size() && i < kShown; ++i)
      range += (i > 0 ? ", " : "") + column.values[i];
    if (column.values.size() > kShown) range += ", ...";
    if (!column.sdtype.empty())
      range += fmt::format("new ones: {}{}{}", column.sdtype, column.locale.empty() ? "" : " of ", column.locale);
  }
  return fmt::format("{:<12} {:>8} {:>9}  {}", type_name(column.type), column.distinct, column.missing, range);
}

/// Which columns could get stand-ins, in one sentence; empty where none could.
std::string stand_in_hint(const Schema& schema) {
  std::vector<std::string> columns;
  for (const ColumnSchema& column : schema)
    if (!column.maybe_sdtype.empty()) columns.push_back(fmt::format("'{}' ({})", column.name, column.maybe_sdtype));
  if (columns.empty()) return {};
  return fmt::format(
      "new values can be stand-ins in the columns {}: write \"sdtype\" for \"maybe_sdtype\" in the schema file "
      "(--json), "
      "and give it to --schema",
      fmt::join(columns, ", "));
}

/// A sentence a rule: how many rows break it.
std::vector<std::string> said_of_rules(const std::vector<std::string>& texts, const InferredTable& table) {
  const StatedRules rules(texts, table.schema);
  const ReadTable rows(table.schema, table.columns);
  const StatedRules::Broken broken = rules.broken(rows, 0);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < texts.size(); ++i)
    out.push_back(rules.all()[i].is_combination()
                      ? fmt::format("rule '{}': what {} rows combine is all that there is", texts[i], rows.rows())
                      : fmt::format("rule '{}': {} of {} rows break it", texts[i], broken.of_rule[i], rows.rows()));
  return out;
}

}  // namespace

void print_schema(const Schema& schema) {
  std::size_t width = 6;
  for (const ColumnSchema& column : schema) width = std::max(width, printable(column.name).size());
  fmt::print("{:<{}}  {:<12} {:>8} {:>9}  {}\n", "column", width, "type", "distinct", "missing", "values");
  for (const ColumnSchema& column : schema)
    fmt::print("{:<{}}  {}\n", printable(column.name), width, printable(describe(column)));
}

void add_schema(CLI::App& program, int& status) {
  struct Flags {
    std::vector<std::string> data;
    std::string json;
    ReadFlags read;
    ColumnFlags columns;
  };
  CLI::App& command = *program.add_subcommand("schema", "Show what meg takes a table's columns for");
  const auto f = std::make_shared<Flags>();
  command.add_option("data", f->data, kTableHelp)->required();
  f->read.add_to(command);
  command.add_option("--json", f->json,
                     "Write it to this file, to be edited and given to --schema; - is standard output");
  f->columns.add_to(command);
  command.callback([f, &status] {
    check_files(f->data, {f->json});
    Table cells = read_tables(f->data, f->read.options());
    const std::vector<std::string> names = cells.names();
    const std::vector<std::string> rules = f->columns.rules();
    const InferredTable table =
        infer_table(std::move(cells), f->columns.types(names), f->columns.dropped(names), 0, f->columns.missing);
    const std::vector<std::string> said = said_of_rules(rules, table);
    if (!f->json.empty()) write_file(f->json, schema_to_json(table.schema, rules) + "\n");
    if (f->json != "-") print_schema(table.schema);
    std::fflush(stdout);
    for (const std::string& note : table.notes) say(note);
    for (const std::string& note : said) say(note);
    if (const std::string hint = stand_in_hint(table.schema); !hint.empty()) say(hint);
    status = 0;
  });
}

}  // namespace meg::cli
