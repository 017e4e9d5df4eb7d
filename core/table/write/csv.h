#pragma once
#include <string>
#include <vector>

#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// Prints tables of the same columns as CSV: cells as a schema spells them, else as append_cell() does. What holds the
/// delimiter, a quote, a line break or a NUL is quoted, and whatever read_csv() would take for something else: names
/// with any separator, names that are all numbers, the cells of a single column with a separator. Thread-safe.
class CsvPrinter {
 public:
  /// The columns of `schema` that have the table's names say how these are spelled: decimals, styles, formats of dates,
  /// what a missing cell is called. `table` may be without rows.
  explicit CsvPrinter(const Table& table, const Schema& schema = {}, char delimiter = ',');

  void append_header(std::string& out) const;
  /// The rows of a table of these columns, printed on so many threads; 0: one a core.
  void append_rows(const Table& table, std::string& out, int threads = 1) const;

 private:
  void append_part(const Table& table, std::size_t first, std::size_t end, std::string& out) const;
  void append_cell_text(std::string_view cell, std::string& out) const;

  std::vector<std::string> names_;
  std::vector<ColumnSchema> spelling_;  // [columns] of type kText where the schema says nothing
  std::string special_;                 // what makes a cell one to quote
};

/// A whole table as CSV.
std::string to_csv(const Table& table, const Schema& schema = {});

}  // namespace meg
