#include "core/table/code/grid.h"

#include <cmath>
#include <numeric>

namespace meg {

double grid_step(std::span<const double> numbers, double low, double high, int decimals) {
  const double unit = std::pow(10.0, decimals);
  if (!((high - low) * unit <= kMostGridSteps)) return 0;
  long long divisor = 0;
  for (const double v : numbers) {
    divisor = std::gcd(divisor, std::llround((v - low) * unit));
    if (divisor == 1) break;
  }
  return static_cast<double>(divisor) / unit;
}

double grid_step_or_unit(std::span<const double> numbers, double low, double high, int decimals) {
  const double step = grid_step(numbers, low, high, decimals);
  return step > 0 ? step : std::pow(10.0, -decimals);
}

}  // namespace meg
