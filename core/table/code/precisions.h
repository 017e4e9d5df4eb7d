#pragma once
#include <optional>
#include <span>

namespace meg {

/// The most digits behind the point that numbers of two precisions have at least.
inline constexpr int kMostCoarseDecimals = 15;

/// A number with so many digits behind the point.
double rounded(double number, int decimals);

/// Numbers of two precisions, five digits behind the point in most rows and fourteen in some: of `cells`, NaN where
/// there is no number, the digits of those that have few. That is so where at least 2 % and 20 of the different numbers
/// have so many or fewer, as many have more, and hardly any have one or two more: a twentieth of those that have just
/// so many. `decimals`: the most that any has. Nothing where it is not so.
std::optional<int> coarse_decimals(std::span<const double> cells, int decimals);

}  // namespace meg
