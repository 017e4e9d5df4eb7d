#pragma once
#include <cmath>
#include <limits>

#include "core/nn/column_layout.h"

namespace meg {

/// Where the noise of a column's parts begins: the codes' at 0, the mixture's weights', z's; each at a whole sixteen.
constexpr int mixture_noise(int codes) { return (codes + 15) / 16 * 16; }
constexpr int z_noise(int codes) { return mixture_noise(codes) + (kMixtures + 15) / 16 * 16; }

/// The reals that a free draw would write as z in [z_low, z_high] of `allowed`: those that round to these floats, and
/// at an end of the column's range all that lie beyond it.
struct Interval {
  Interval(const ColumnLayout& column, const Allowed& allowed) {
    const auto half_way = [](float z, float to) {
      return 0.5 * (static_cast<double>(z) + static_cast<double>(std::nextafter(z, to)));
    };
    if (allowed.z_low > column.z_low) low = half_way(allowed.z_low, -std::numeric_limits<float>::infinity());
    if (allowed.z_high < column.z_high) high = half_way(allowed.z_high, std::numeric_limits<float>::infinity());
  }
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

}  // namespace meg
