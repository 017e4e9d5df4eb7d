#include <numbers>

#include "core/nn/truncated_normal.h"
#include "tests/support.h"

using namespace meg;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Log of the integral of the density from a to b, by Simpson's rule on the density over its value at `from`.
double integrated(double a, double b, double from) {
  const int steps = 20000;
  const double h = (b - a) / steps;
  double sum = 0;
  for (int i = 0; i <= steps; ++i) {
    const double x = a + i * h;
    sum += (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * std::exp((from - x) * (from + x) / 2);
  }
  return std::log(sum * h / 3) - from * from / 2 - std::log(2 * std::numbers::pi) / 2;
}

}  // namespace

TEST_CASE("the mass of the normal distribution between two numbers is its integral, in the middle and far out") {
  for (const double a : {-40.0, -24.9, -3.0, -0.5, 0.0, 1e-3, 2.0, 8.0, 24.9, 25.1, 40.0, 200.0})
    for (const double width : {1e-3, 0.1, 1.0, 5.0}) {
      CAPTURE(a);
      CAPTURE(width);
      const double b = a + width, from = a > 0 ? a : b < 0 ? b : 0;
      const double near = from == 0 ? width : std::min(width, 60 / std::abs(from));  // what is further adds nothing
      const double expected = a >= 0 ? integrated(a, a + near, from) : integrated(b - std::max(near, width), b, from);
      CHECK(log_normal_mass(a, b) == doctest::Approx(expected).epsilon(1e-7));
      CHECK(log_normal_mass(-b, -a) == doctest::Approx(expected).epsilon(1e-7));
    }
  CHECK(log_normal_mass(-kInfinity, kInfinity) == 0);
  CHECK(log_normal_mass(-kInfinity, 0) == doctest::Approx(std::log(0.5)));
  CHECK(log_normal_mass(0, kInfinity) == doctest::Approx(std::log(0.5)));
  CHECK(log_normal_mass(1, 1 + 1e-12) ==
        doctest::Approx(std::log(1e-12) - 0.5 - std::log(2 * std::numbers::pi) / 2).epsilon(1e-4));
  CHECK(std::isfinite(log_normal_mass(1e8, kInfinity)));
}

TEST_CASE("a truncated normal number lies where its share of the mass says") {
  for (const double a : {-kInfinity, -300.0, -30.0, -2.0, 0.0, 3.0, 24.0, 26.0, 300.0})
    for (const double b : {a + 1e-6, a + 0.02, a + 3, kInfinity}) {
      if (!(b > a)) continue;
      double last = a;
      for (const double u : {0x1p-24, 0.01, 0.3, 0.5, 0.9, 1 - 0x1p-24}) {
        CAPTURE(a);
        CAPTURE(b);
        CAPTURE(u);
        const double x = truncated_normal(a, b, u);
        CHECK(x >= last);
        CHECK(x <= b);
        last = x;
        if (x - a > 1e-5)
          CHECK(log_normal_mass(a, x) - log_normal_mass(a, b) == doctest::Approx(std::log(u)).epsilon(1e-5));
      }
    }
}
