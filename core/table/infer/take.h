#pragma once
#include <string_view>

namespace meg {

/// Takes `part` off the start of a text; whether it is there, which nothing is not.
inline bool take(std::string_view part, std::string_view& text) {
  if (part.empty() || !text.starts_with(part)) return false;
  text.remove_prefix(part.size());
  return true;
}

}  // namespace meg
