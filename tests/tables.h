#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/table/cells.h"
#include "core/table/infer/read_table.h"
#include "core/table/read/csv.h"
#include "core/table/write/csv.h"
#include "core/table/write/write_column.h"

namespace test {

using Texts = std::vector<std::string>;

/// A table of texts, of one column.
inline meg::Table text_column(const std::string& name, const Texts& cells) {
  return meg::Table({{name, meg::Array::texts(cells)}}, /*is_text=*/true);
}

/// A table of texts, row by row.
inline meg::Table text_table(const Texts& names, const std::vector<Texts>& rows) {
  std::vector<meg::NamedArray> columns;
  for (std::size_t c = 0; c < names.size(); ++c) {
    Texts cells;
    for (const Texts& row : rows) cells.push_back(row.at(c));
    columns.push_back({names[c], meg::Array::texts(cells)});
  }
  return meg::Table(std::move(columns), /*is_text=*/true);
}

/// A cell as it reads without a schema.
inline std::string cell(const meg::Table& table, std::size_t row, std::size_t column) {
  std::string out;
  meg::append_cell(table[column], row, out);
  return out;
}
inline std::string cell(const meg::Table& table, std::size_t row, std::string_view column) {
  return cell(table, row, table.place_of(column));
}

/// The table of texts that the table is as CSV: every cell spelled as its schema says.
inline meg::Table as_text(const meg::Table& table, const meg::Schema& schema) {
  std::vector<meg::NamedArray> columns;
  for (std::size_t c = 0; c < table.columns(); ++c) {
    meg::ColumnSchema spelling;
    for (const meg::ColumnSchema& column : schema)
      if (column.name == table.name(c)) spelling = column;
    Texts cells(table.rows());
    for (std::size_t r = 0; r < cells.size(); ++r) meg::append_spelled(spelling, table[c], r, cells[r]);
    columns.push_back({table.name(c), meg::Array::texts(cells)});
  }
  return meg::Table(std::move(columns), /*is_text=*/true);
}

/// What is made of columns as read_column() reads them: a table of the types that the schema's columns come out in.
inline meg::Table table_of(const meg::Schema& schema, const std::vector<meg::Array>& read) {
  std::vector<meg::NamedArray> columns;
  for (std::size_t c = 0; c < schema.size(); ++c)
    columns.push_back({schema[c].name, meg::write_column(schema[c], read.at(c), meg::output_type(schema[c]))});
  return meg::Table(std::move(columns));
}

/// Some columns of a table.
inline meg::Table columns_of(const meg::Table& table, const Texts& names) {
  std::vector<meg::NamedArray> columns;
  for (const std::string& name : names) columns.push_back({name, table[name]});
  return meg::Table(std::move(columns), table.is_text());
}

/// All rows of a stream.
template <class Source>
meg::Table all_rows(Source&& rows) {
  std::vector<meg::Table> tables;
  while (auto some = rows.next()) tables.push_back(std::move(*some));
  return meg::Table::concatenate(tables);
}

/// The numbers that a column reads in these texts; NaN where they are missing or odd.
inline std::vector<double> numbers_of(const meg::ColumnSchema& column, const Texts& texts) {
  const meg::ReadTable read({column}, text_column(column.name, texts));
  std::vector<double> out(texts.size());
  for (std::size_t r = 0; r < out.size(); ++r) out[r] = read.number(r, 0);
  return out;
}

}  // namespace test
