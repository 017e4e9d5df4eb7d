#pragma once
#include <optional>

#include "meg/table.h"

namespace meg {

/// Rows that are made one table after the other; what is behind a RowStream.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// The next rows; nothing at the end.
  virtual std::optional<Table> next() = 0;
};

}  // namespace meg
