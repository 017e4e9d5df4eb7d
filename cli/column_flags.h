#pragma once
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/checks.h"
#include "cli/column_list.h"
#include "core/fail.h"
#include "core/table/infer/schema.h"
#include "meg/options.h"

namespace meg::cli {

/// The flags that say what a table's columns are, the same for every command that reads one.
struct ColumnFlags {
  std::string schema;
  std::vector<std::string> categorical, numeric, drop;  ///< words, which columns_in() reads
  std::vector<std::string> missing, rule;

  void add_to(CLI::App& command) {
    command.add_option("--schema", schema, "Types of columns and rules, a file as `meg schema --json` writes it");
    take_words(command.add_option("--categorical", categorical, "Columns to take as categories: a,b,..."));
    take_words(command.add_option("--numeric", numeric, "Columns to take as numbers: a,b,..."));
    take_words(command.add_option("--drop", drop, std::string(find_option("drop").help)));
    command
        .add_option("--missing", missing, "A word that stands for missing values, as -999 or n/k; give it once a word")
        ->allow_extra_args(false);
    take_words(command.add_option("--rule", rule, fmt::format("{}; give it once a rule", find_option("rules").help)));
  }

  /// Whether the names of the table's columns are needed to read them.
  bool has_lists() const { return !categorical.empty() || !numeric.empty() || !drop.empty(); }

  /// Of a table with columns of these names.
  AskedTypes types(const std::vector<std::string>& columns) const {
    AskedTypes out = file().types;
    const std::vector<std::string> numbers = columns_in(numeric, columns);
    for (const std::string& name : columns_in(categorical, columns)) {
      if (std::find(numbers.begin(), numbers.end(), name) != numbers.end())
        fail("column '{}' is named by --categorical and by --numeric: it is one or the other", name);
      out[name] = ColumnType::kCategorical;
    }
    for (const std::string& name : numbers) out[name] = ColumnType::kDecimal;
    return out;
  }
  /// Those of the schema file, then those of the flags.
  std::vector<std::string> rules() const {
    std::vector<std::string> out = file().rules;
    for (const std::string& text : rule)
      if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
    return out;
  }
  std::vector<std::string> dropped(const std::vector<std::string>& columns) const { return columns_in(drop, columns); }

 private:
  /// Read once, for it may be a pipe.
  const SchemaFile& file() const {
    if (!file_) file_ = schema.empty() ? SchemaFile() : read_schema_file(schema);
    return *file_;
  }
  mutable std::optional<SchemaFile> file_;
};

}  // namespace meg::cli
