#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/table/standin/lists.h"
#include "core/table/standin/phone.h"
#include "core/table/standin/sdtype.h"
#include "meg/schema.h"

namespace meg {

/// The new cells of a column whose schema says what they stand for. Nothing of the column's cells is kept, but how
/// phone numbers are grouped.
class StandIn {
 public:
  /// `of`: how many columns of the same sdtype come before. Throws Error where the lists or the locale are not there.
  StandIn(const ColumnSchema& column, std::uint32_t of, std::span<const std::string_view> cells);

  /// Appends the cell of a row in the table that `seed` stands for. `column`: its place in the table.
  void append(std::uint64_t seed, std::uint64_t row, std::size_t column, std::string& out) const;

  /// A JSON object, and back, also where the lists are not there: then append() throws Error.
  std::string to_json() const;
  static StandIn from_json(std::string_view json);

 private:
  StandIn() = default;
  const Sdtype* sdtype_ = nullptr;
  std::string locale_;
  std::uint32_t of_ = 0;
  const LocaleLists* lists_ = nullptr;
  TextShapes phones_;
};

}  // namespace meg
