#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/table/code/running_number.h"
#include "core/table/code/text_shape.h"
#include "core/table/infer/read_table.h"
#include "core/table/standin/stand_in.h"

namespace meg {

/// Identifier and free-text columns, which no model learns: new cells are stand-ins where the schema says what they
/// stand for, see StandIn; they count on where the column counts its rows, see RunningNumber; and otherwise look like
/// the table's cells with other digits and letters, see TextShapes.
class TextColumns {
 public:
  TextColumns() = default;
  /// Throws Error where a stand-in needs what this build does not have.
  explicit TextColumns(const InferredTable& table);

  /// Appends the present cell of `row` and the schema's column `column` in the table that `seed` stands for.
  void append(const ColumnSchema& schema, std::size_t column, std::uint64_t seed, std::uint64_t row,
              std::string& out) const;

  /// Rows first_row ... of a column, as read_column() reads it; null where `values` are NaN.
  Array made(const ColumnSchema& schema, std::size_t column, std::uint64_t seed, std::uint64_t first_row,
             std::span<const double> values) const;

  /// A JSON array with one object per column of the schema: that of its TextShapes, and "running"; or "stand_in" alone.
  std::size_t size() const { return columns_.size(); }
  std::string to_json() const;
  static TextColumns from_json(std::string_view json);

 private:
  struct TextColumn {
    TextShapes shapes;
    std::optional<RunningNumber> running;
    std::optional<StandIn> stand_in;  // then nothing else
  };
  std::vector<TextColumn> columns_;  // one per column of the schema, empty for modelled ones
};

}  // namespace meg
