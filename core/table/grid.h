#pragma once
#include <span>

namespace meg {

/// The grid that numbers with `decimals` digits behind the point lie on: low + i * step. Its step is the greatest
/// common divisor of their distances from `low`: 1000 where all are whole thousands. 0, no grid, where all are equal
/// or lie further apart than a double can count in units of the last digit.
double grid_step(std::span<const double> numbers, double low, double high, int decimals);

/// The grid's number nearest to `number`; `number` itself where step is 0 or a double cannot count the steps to it.
double on_grid(double number, double low, double step);

}  // namespace meg
