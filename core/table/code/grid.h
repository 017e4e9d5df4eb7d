#pragma once
#include <span>

#include "core/tensor/decoding.h"

namespace meg {

/// The grid that numbers with `decimals` digits behind the point lie on: low + i * step. Its step is the greatest
/// common divisor of their distances from `low`: 1000 where all are whole thousands. 0, no grid, where all are equal
/// or lie further apart than a double can count in units of the last digit. on_grid() finds its numbers.
double grid_step(std::span<const double> numbers, double low, double high, int decimals);
/// The same, and a unit of the last digit where there is no grid.
double grid_step_or_unit(std::span<const double> numbers, double low, double high, int decimals);

}  // namespace meg
