#pragma once
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/infer/schema.h"
#include "core/table/infer/word.h"
#include "meg/table.h"

namespace meg {

/// A column as its schema reads it, in one of three types:
/// - integer, decimal, datetime: float64, of datetimes seconds since 1970; of words see word.h; another NaN where a
/// cell is there but no such number;
/// - categorical, boolean: a dictionary of the schema's values in their order, and behind them the words that the
/// schema
///   does not have;
/// - identifier, text: utf8.
/// Null where the cell is missing. `is_text`: of a table of texts, where words stand for missing cells.
Array read_column(const ColumnSchema& column, const Array& cells, bool is_text);

/// A column of numbers or categories as read_column() reads it, of a number or a place a row, NaN where there is none.
Array read_values(const ColumnSchema& column, std::vector<double> values);

struct InferredColumn {
  ColumnSchema schema;
  Array values;       ///< as read_column() reads them
  std::string note;   ///< what there is to say of it: that few odd cells keep it from being one of numbers
  bool runs = false;  ///< an identifier of whole numbers that rise by one from row to row
};
/// A column of a typed table, or of texts, in which the words in `missing` stand for missing cells. Throws Error where
/// its values are not of the type that is asked for.
InferredColumn infer_column(const std::string& name, const Array& cells, bool is_text, const AskedType* asked,
                            const std::vector<std::string>& missing = {});

struct InferredTable {
  Schema schema;
  std::vector<Array> columns;      ///< [schema]
  std::vector<std::string> notes;  ///< of some columns a sentence each

  /// The columns as a table, to be read by a schema that has changed meanwhile.
  Table table() const;
};

/// A cell as its column's schema reads it: a number, of categories its place in the schema's values, 0 of a text that
/// is there.
struct Value {
  double number = std::numeric_limits<double>::quiet_NaN();
  std::string_view text = {};  ///< what the cell says, of a text, or where the schema cannot read it
  bool is_odd = false;

  bool is_word() const { return word_of(number) >= 0; }
  bool is_missing() const { return is_nothing(number) && !is_odd; }
};

/// A table as a schema reads it. Immutable: every const member may be called from any number of threads at once.
class ReadTable {
 public:
  /// Of columns that have been read, one a column of the schema.
  ReadTable(const Schema& schema, std::vector<Array> columns);
  /// Reads the columns that the table has, by their names, on so many threads (0: all cores).
  ReadTable(const Schema& schema, const Table& table, int threads = 1);

  std::size_t rows() const { return rows_; }
  /// Whether the table has a column of the schema.
  bool has(std::size_t column) const { return columns_[column].is_there; }
  /// A column of the schema, as read_column() reads it.
  const Array& operator[](std::size_t column) const { return columns_[column].values; }
  Value value(std::size_t row, std::size_t column) const;
  /// NaN where the cell is missing or odd, and where the table does not have the column.
  double number(std::size_t row, std::size_t column) const {
    return has(column) ? value(row, column).number : Value().number;
  }

 private:
  struct Column {
    Array values, source;
    bool is_there = false;
    const double* numbers = nullptr;       // of float64
    const std::int32_t* places = nullptr;  // of dictionaries
    std::int32_t known = 0;                // values of the schema
  };
  void set(std::size_t column, const ColumnSchema& schema, Array values, Array source);

  std::size_t rows_ = 0;
  std::vector<Column> columns_;
};

/// The table with the columns of the schema as read_column() reads them, for measures. `which` is what messages call
/// it. Throws Error, naming the row, for a cell that is not of its column, and where the table lacks one.
Table read_all(const Schema& schema, const Table& table, std::string_view which, int threads = 1);

}  // namespace meg
