#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/table/code/text_columns.h"
#include "core/table/infer/schema.h"
#include "core/tensor/decoding.h"

namespace meg {

/// Fits the scaling of a column's present values, which have `decimals` digits behind the point. The grid's step is the
/// greatest common divisor of their distances: 1000 where all are whole thousands. Of no values: a constant.
ScaledColumn fit_column(std::span<const double> values, int decimals);

/// A number of the column, scaled into [-1, 1]; numbers beyond the fitted range are cut to it.
float scaled(const ScaledColumn& column, double number);

/// A whole table as rows in [-1, 1] and back.
/// - Identifier and text columns are not modelled: new cells count on, or are random in the same shape.
/// - A missing cell is filled for training with a value of another row; on the way out cells go missing in the joint
///   patterns of the table, at their rate, independent of the values (the first 1000 different patterns).
class TableScaling {
 public:
  TableScaling() = default;
  /// Throws Error where no column can be modelled.
  explicit TableScaling(const InferredTable& table);

  const Schema& schema() const { return schema_; }
  /// Modelled columns.
  int width() const { return static_cast<int>(modelled_.size()); }
  /// How they are scaled, and their names, in order.
  std::span<const ScaledColumn> columns() const { return scaled_; }
  std::vector<std::string> modelled() const;

  /// [table.rows(), width()] scaled values of a table that schema() has read. Throws Error where the table lacks a
  /// column or has a category or word that the fitted one had not.
  std::vector<float> encode(const ReadTable& table) const;

  /// The rows first_row ... of the table that `seed` stands for, from their values [rows, width()], unscaled: the
  /// columns of the schema, as read_column() reads them.
  std::vector<Array> made_columns(std::span<const double> values, std::uint64_t seed, std::uint64_t first_row) const;

  std::string to_json() const;
  static TableScaling from_json(std::string_view json);

 private:
  struct Pattern {
    std::string missing;  // per column of the schema '1' where its cell is missing
    std::uint64_t count;
  };
  void fit_patterns(const ReadTable& table);
  void index_columns();
  const std::string* pattern_of(std::uint64_t seed, std::uint64_t row) const;

  Schema schema_;
  TextColumns text_;
  std::vector<ScaledColumn> scaled_;   // one per modelled column
  std::vector<Pattern> patterns_;      // empty where no cell is missing
  std::uint64_t pattern_rows_ = 0;     // sum of their counts
  std::vector<std::size_t> modelled_;  // columns of the schema
};

}  // namespace meg
