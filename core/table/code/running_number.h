#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace meg {

/// Cells that count the rows: INV-0001, INV-0002, ...
struct RunningNumber {
  static constexpr std::size_t kMostDigits = 18;  ///< a number of more may not fit 64 bits

  std::string prefix, suffix;
  std::uint64_t first = 0;  ///< the number of row 0
  std::size_t digits = 1;   ///< at least so many, with zeros in front

  /// The cells' running number, where they are at least 20 and rise by one from each to the next.
  static std::optional<RunningNumber> of(std::span<const std::string_view> cells);
  void append(std::uint64_t row, std::string& out) const;
};

}  // namespace meg
