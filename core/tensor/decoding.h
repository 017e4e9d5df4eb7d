#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/tensor/host_device.h"

/// How what an ensemble says of a column becomes a number, computed by the host and by a device. What nvcc and the
/// host's compiler do not contract alike (a product and a sum as one operation, rounded once) are the last bits of a
/// number between two knots of different signs; on a grid that shows where the number lies in the middle between two of
/// its places, to a bit.
namespace meg {

/// Where x lies between a and b: 0 at a and before it, 1 at b and behind it. 0 where b is not above a. Halves of the
/// numbers are subtracted, so that no distance overflows.
MEG_HOST_DEVICE inline double share_between(double a, double x, double b) {
  const double length = 0.5 * b - 0.5 * a, part = 0.5 * x - 0.5 * a;
  if (!(part > 0)) return 0;
  return part < length ? part / length : 1;
}

inline constexpr double kMostGridSteps = 0x1p53;  // beyond these a double skips whole numbers

/// The number nearest to `number` on the grid low + i * step; `number` itself where step is 0 or a double cannot count
/// the steps to it.
MEG_HOST_DEVICE inline double on_grid(double number, double low, double step) {
  if (step == 0) return number;
  const double steps = std::round((number - low) / step);
  return std::fabs(steps) <= kMostGridSteps ? low + steps * step : number;
}

/// The same on a grid that ends at `high`, for any number.
MEG_HOST_DEVICE inline double on_grid_between(double number, double low, double high, double step) {
  const double nearest = on_grid(number, low, step);
  return nearest < low ? low : high < nearest ? high : nearest;
}

/// The tables of a NormalScores, wherever they lie.
struct ScoreTables {
  static constexpr std::size_t kCells = 1024;
  const double* quantiles = nullptr;     // [knots], ascending
  const float* scores = nullptr;         // [knots], ascending
  const std::uint16_t* first = nullptr;  // [kCells] the last knot at or before the start of a cell of an even grid
  std::uint32_t knots = 0;
  float cells_per_score = 0;

  /// The number of a score, which is cut to the first and the last one; NaN counts as the first.
  MEG_HOST_DEVICE double number(float score) const {
    const float low = scores[0], high = scores[knots - 1];
    const float z = score > low ? (score < high ? score : high) : low;
    const auto cell = static_cast<std::size_t>((z - low) * cells_per_score);
    std::size_t i = first[cell < kCells ? cell : kCells - 1];
    while (i + 2 < knots && scores[i + 1] <= z) ++i;
    return std::lerp(quantiles[i], quantiles[i + 1], share_between(scores[i], z, scores[i + 1]));
  }
};

/// The numbers of a continuous column: those of its tables, on the grid smallest + i * step, up to `largest`.
struct GridTables {
  ScoreTables tables;
  double smallest = 0, largest = 0, step = 0;

  MEG_HOST_DEVICE double number(float z) const { return on_grid_between(tables.number(z), smallest, largest, step); }
};

/// How the `classic` preset sees one column: categories coded as integers (their place in sorted order), standardized,
/// then divided by the largest |z|, so that Tanh can reach every value; on the way out rounded to the column's own
/// grid and kept in its range.
struct ScaledColumn {
  double mean = 0, deviation = 1;      ///< of the values or codes
  double reach = 1;                    ///< largest |value - mean| / deviation
  double low = 0, high = 0, step = 0;  ///< the grid: low + i * step, up to high

  MEG_HOST_DEVICE double unscale(float scaled) const {
    return on_grid_between(static_cast<double>(scaled) * reach * deviation + mean, low, high, step);
  }
};

}  // namespace meg
