#include "core/table/grid.h"

#include <cmath>
#include <numeric>

namespace meg {

namespace {

constexpr double kMostSteps = 0x1p53;  // beyond these a double skips whole numbers

}  // namespace

double grid_step(std::span<const double> numbers, double low, double high, int decimals) {
  const double unit = std::pow(10.0, decimals);
  if (!((high - low) * unit <= kMostSteps)) return 0;
  long long divisor = 0;
  for (const double v : numbers) {
    divisor = std::gcd(divisor, std::llround((v - low) * unit));
    if (divisor == 1) break;
  }
  return static_cast<double>(divisor) / unit;
}

double on_grid(double number, double low, double step) {
  if (step == 0) return number;
  const double steps = std::round((number - low) / step);
  return std::abs(steps) <= kMostSteps ? low + steps * step : number;
}

}  // namespace meg
