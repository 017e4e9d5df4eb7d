#include "core/table/table.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "meg/error.h"

namespace meg {

std::size_t Table::column(std::string_view name) const {
  const auto at = std::find(names_.begin(), names_.end(), name);
  if (at == names_.end()) fail("there is no column '{}'; the table has {}", name, fmt::join(names_, ", "));
  return static_cast<std::size_t>(at - names_.begin());
}

}  // namespace meg
