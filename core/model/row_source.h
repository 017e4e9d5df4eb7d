#pragma once
#include <optional>

#include "meg/redrawn.h"
#include "meg/table.h"

namespace meg {

/// Rows that are made one table after the other; what is behind a RowStream.
class RowSource {
 public:
  virtual ~RowSource() = default;
  /// The next rows; nothing at the end.
  virtual std::optional<Table> next() = 0;
  /// What the rules have taken until now.
  virtual Redrawn redrawn() const { return {}; }
};

}  // namespace meg
