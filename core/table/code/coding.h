#pragma once
#include <cstdint>
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

/// A whole table between its values and cells (code, z). Modelled are all columns but identifiers and free text; of
/// these, those that miss cells are modelled as far as that goes: whether there is a cell. What it says is made anew. A
/// column of more than options.most_categories stands in columns() as its two parts, one behind the other. A column
/// that follows from others stands there as its distance from them, see relation.h; cells that a formula gives have its
/// code.
class TableCoding {
 public:
  TableCoding() = default;
  /// Fits to a table; schema() is its schema without the values that options.rare_min hides.
  /// The columns of `order` come first in columns(), those of `stated` behind what they follow from; with
  /// options.relations. Throws Error where no column can be modelled, where the table has
  /// fewer than rare_min rows, and where `order` names a column that is not modelled, or one twice. threads = 0 takes
  /// all cores, here and in encode(); they change no result.
  TableCoding(const InferredTable& table, std::uint64_t seed, const ColumnOptions& options = {},
              const std::vector<std::string>& order = {}, int threads = 0, std::vector<Relation> stated = {});

  const Schema& schema() const { return schema_; }
  /// The modelled columns, in the order of their generation: those that were named first, the others as in the table.
  const std::vector<Column>& columns() const { return columns_; }
  static constexpr std::size_t kNotModelled = ~std::size_t{0};
  /// The place in columns() of a column of the schema, or of its first part; or kNotModelled.
  std::size_t place_of(std::size_t schema_column) const { return place_[schema_column]; }
  /// The places of both parts of a column that has two; of others `second` is kNotModelled.
  struct Places {
    std::size_t first, second = kNotModelled;
    bool are_two() const { return second != kNotModelled; }
  };
  Places places_of(std::size_t schema_column) const;
  /// The place in the schema of a modelled column.
  std::size_t schema_column(std::size_t column) const { return schema_column_[column]; }
  /// The names of the modelled columns, in the order of their generation.
  std::vector<std::string> names() const;

  /// What the relations are and what rare_min did, a sentence a column.
  std::vector<std::string> notes() const;

  const std::vector<Relation>& relations() const { return relations_; }
  /// The relation of a column of the schema; null where it has none.
  const Relation* relation_of(std::size_t schema_column) const;
  /// The formulas that some cells of a column of the schema keep; mostly none.
  std::span<const FrequentFormula> formulas_of(std::size_t schema_column) const { return formulas_[schema_column]; }
  /// What is learned of a cell: its value, or the distance where its column follows from others; odd where these are
  /// missing.
  Value learned(const ReadTable& rows, std::size_t row, std::size_t schema_column) const;

  /// The cell of a row in columns()[column], see Column::encode.
  Cell encode_cell(const ReadTable& rows, std::size_t row, std::size_t column, float uniform) const;
  /// The same where one of its column's formulas gives the number; else nothing.
  std::optional<Cell> formula_cell(const ReadTable& rows, std::size_t row, std::size_t column) const;
  /// Rows first ... first + count - 1 of a table, read by schema(), with noise of (seed, row, column), see
  /// Column::encode. Throws Error where
  /// the table lacks a column or has a cell that the fitted one could not have.
  Coded encode(const ReadTable& rows, std::size_t first, std::size_t count, std::uint64_t seed, int threads = 0) const;
  /// The places in columns() of those that can be continuous.
  const std::vector<std::size_t>& number_columns() const { return number_columns_; }

  /// Decoded rows, the first of which is `first_row` of the table that `seed` stands for: codes [rows, columns] and the
  /// numbers of the continuous ones [rows, number_columns].
  struct Decoded {
    std::span<const std::uint32_t> code;
    std::span<const double> number;
    std::uint64_t first_row = 0, seed = 0;
  };
  /// The columns of the schema, each as read_column() reads it, on so many threads. What follows from columns of
  /// `given`, row by row from `first_given` on, follows from these where they say something.
  std::vector<Array> made_columns(const Decoded& rows, int threads, const ReadTable* given = nullptr,
                                  std::size_t first_given = 0) const;

  /// What a row of cells [3 columns] (codes, z, positions) comes to in a column of the schema, as made_columns() has
  /// it: the number of a numeric one, else the code; NaN of a missing cell. Known is what it follows from.
  double value_of(std::size_t schema_column, const float* cells, const ReadTable* given = nullptr,
                  std::size_t given_row = 0) const;

  std::string to_json() const;
  static TableCoding from_json(std::string_view json);

 private:
  /// The modelled columns in the order of their generation, as places in the schema.
  std::vector<std::size_t> ordered_columns(const std::vector<std::string>& order) const;
  /// Takes over whole columns, which stand in the schema at `places`, and parts those that are split.
  void set_columns(std::vector<Column> columns, const std::vector<std::size_t>& places);
  void set_relations(std::vector<Relation> relations);
  void set_formulas(std::vector<FrequentFormula> formulas);
  /// The place of the first formula of the column that gives the row's number; -1 where none does.
  int formula_giving(const ReadTable& rows, std::size_t row, std::size_t schema_column) const;
  /// A decoded row, and the given one that it belongs to, where there is one.
  struct MadeRow {
    const std::uint32_t* code;
    const double* number;
    const ReadTable* given;
    std::size_t given_row;
    std::span<const double> made;  // [schema_] made_value() of the columns that are generated before
  };
  /// The number of a column of the schema in a row, as it is written; NaN of a missing cell. code_of(place in columns_)
  /// is a cell's code, decoded(place in columns_) its number, made(place in the schema) that of a column which is
  /// generated before.
  template <class Code, class CellNumber, class Made>
  double number_of(std::size_t schema_column, const Code& code_of, const CellNumber& decoded, const Made& made) const;
  /// The same where the cell's code is that of a formula.
  template <class Made>
  double formula_number(std::size_t schema_column, int formula, const Made& made) const;
  /// The same of a made row, or the place of a category; of what is neither 0 where it is there.
  double made_value(std::size_t schema_column, const MadeRow& row) const;
  /// The number that a row was given; NaN where it was not.
  static double given_number(std::size_t schema_column, const ReadTable* given, std::size_t row);
  /// The code of a whole column, of whose cells code(place in columns_) is the code.
  template <class Code>
  std::uint32_t whole_code(std::size_t place, const Code& code) const;

  Schema schema_;
  TextColumns text_;
  std::vector<Column> columns_;
  std::vector<std::size_t> schema_column_;  // [columns_]
  std::vector<std::size_t> place_;          // [schema_] of the column in columns_, kNotModelled for others
  std::vector<std::size_t> number_columns_;
  std::vector<std::size_t> number_place_;  // [columns_] how many of number_columns_ are before
  std::vector<Relation> relations_;
  std::vector<std::size_t> relation_;                   // [schema_] the place in relations_, or its size
  std::vector<std::vector<FrequentFormula>> formulas_;  // [schema_]
};

}  // namespace meg
