#pragma once
#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "core/table/schema.h"

namespace meg::cli {

/// The flags that say what a table's columns are, the same for every command that reads one.
struct ColumnFlags {
  std::string schema;
  std::vector<std::string> categorical, numeric, drop;

  void add_to(CLI::App& command) {
    command.add_option("--schema", schema, "Types of columns, a file as `meg schema --json` writes it");
    command.add_option("--categorical", categorical, "Columns to take as categories: a,b,...")->delimiter(',');
    command.add_option("--numeric", numeric, "Columns to take as numbers: a,b,...")->delimiter(',');
    command.add_option("--drop", drop, "Columns to leave out: a,b,...")->delimiter(',');
  }

  std::map<std::string, ColumnType> types() const {
    std::map<std::string, ColumnType> out;
    if (!schema.empty()) out = read_schema_types(schema);
    for (const std::string& name : categorical) out[name] = ColumnType::kCategorical;
    for (const std::string& name : numeric) out[name] = ColumnType::kDecimal;
    return out;
  }
};

}  // namespace meg::cli
