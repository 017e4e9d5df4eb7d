#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>

namespace meg {

/// Offsets have 32 bits: the texts of a column are less than 2 GiB together.
inline constexpr std::size_t kMostTextBytes = std::numeric_limits<std::int32_t>::max();

}  // namespace meg
