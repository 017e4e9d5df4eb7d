#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/code/column.h"
#include "core/table/code/relation.h"
#include "core/table/code/text_columns.h"

namespace meg {

/// Rows of a table as the `meg` preset sees them: cells of its columns, both arrays [rows, columns], row by row.
struct Coded {
  std::size_t rows = 0;
  std::vector<std::uint32_t> code;
  std::vector<float> z;
};

/// A whole table between text and cells (code, z). Modelled are all columns but identifiers and free text; of these,
/// those that miss cells are modelled as far as that goes: whether there is a cell. What it says is made anew. A column
/// of more than options.most_categories stands in columns() as its two parts, one behind the other. A column that
/// follows from others stands there as its distance from them, see relation.h.
class TableCoding {
 public:
  TableCoding() = default;
  /// Fits to the table that the schema was inferred from; schema() is without the values that options.rare_min hides.
  /// The columns of `order` come first in columns(). Throws Error where no column can be modelled, where the table has
  /// fewer than rare_min rows, and where `order` names a column that is not modelled, or one twice. threads = 0 takes
  /// all cores, here and in encode(); they change no result.
  TableCoding(const Table& table, Schema schema, std::uint64_t seed, const ColumnOptions& options = {},
              const std::vector<std::string>& order = {}, int threads = 0);

  const Schema& schema() const { return schema_; }
  /// The modelled columns, in the order of their generation: those that were named first, the others as in the table.
  const std::vector<Column>& columns() const { return columns_; }
  static constexpr std::size_t kNotModelled = ~std::size_t{0};
  /// The place in columns() of a column of the schema, or of its first part; or kNotModelled.
  std::size_t place_of(std::size_t schema_column) const { return place_[schema_column]; }
  /// The place in the schema of a modelled column.
  std::size_t schema_column(std::size_t column) const { return schema_column_[column]; }
  /// The names of the modelled columns, in the order of their generation.
  std::vector<std::string> names() const;

  /// What the relations are and what rare_min did, a sentence a column.
  std::vector<std::string> notes() const;

  const std::vector<Relation>& relations() const { return relations_; }
  /// The relation of a column of the schema; null where it has none.
  const Relation* relation_of(std::size_t schema_column) const;
  /// Rows [first_row, end) of a table of some columns of the schema, with distances in the place of cells that are
  /// learned so; nothing where none are. A cell without those that it follows from becomes a text that is no number.
  std::optional<Table> with_distances(const Table& table, std::size_t first_row = 0,
                                      std::size_t end = ~std::size_t{0}) const;

  /// The rows of a table with noise of (seed, row, column), see Column::encode. Throws Error where the table lacks a
  /// column or has a cell that the fitted one could not have.
  Coded encode(const Table& table, std::uint64_t seed, int threads = 0) const;
  /// The places in columns() of those that can be continuous.
  const std::vector<std::size_t>& number_columns() const { return number_columns_; }
  /// Appends the rows first_row ... of the table that `seed` stands for, from their decoded cells: codes [rows,
  /// columns], and the numbers of the continuous ones [rows, number_columns].
  /// What follows from cells that are given beside them follows from these: given(row, column of the schema).
  using GivenCell = std::function<std::optional<std::string_view>(std::uint64_t row, std::size_t schema_column)>;
  void append_rows(std::span<const std::uint32_t> code, std::span<const double> number, std::uint64_t seed,
                   std::uint64_t first_row, Table& out, const GivenCell& given = {}) const;
  /// An empty table with the names of the schema's columns.
  Table empty_table() const { return meg::empty_table(schema_); }

  std::string to_json() const;
  static TableCoding from_json(std::string_view json);

 private:
  /// The modelled columns in the order of their generation, as places in the schema.
  std::vector<std::size_t> ordered_columns(const std::vector<std::string>& order) const;
  /// Takes over whole columns, which stand in the schema at `places`, and parts those that are split.
  void set_columns(std::vector<Column> columns, const std::vector<std::size_t>& places);
  void set_relations(std::vector<Relation> relations);
  using GivenNumber = std::function<std::optional<double>(std::size_t schema_column)>;
  /// The number of a column of the schema in a decoded row, beside those that are given.
  double number_of(std::size_t schema_column, const std::uint32_t* code, const double* number,
                   const GivenNumber& given) const;

  Schema schema_;
  TextColumns text_;
  std::vector<Column> columns_;
  std::vector<std::size_t> schema_column_;  // [columns_]
  std::vector<std::size_t> place_;          // [schema_] of the column in columns_, kNotModelled for others
  std::vector<std::size_t> number_columns_;
  std::vector<std::size_t> number_place_;  // [columns_] how many of number_columns_ are before
  std::vector<Relation> relations_;
  std::vector<std::size_t> relation_;  // [schema_] the place in relations_, or its size
};

}  // namespace meg
