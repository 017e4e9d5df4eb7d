#include "core/nn/schedules.h"
#include "tests/support.h"

TEST_CASE("one-cycle rates and momenta are those of PyTorch's OneCycleLR") {
  // OneCycleLR(AdamW(lr = 2e-3), 2e-3, total_steps = 100), PyTorch 1.13
  const meg::OneCycle cycle{2e-3, 29, 29, 99};
  const struct {
    int step;
    double rate, beta1;
  } expected[] = {{0, 8.0e-05, 0.95},
                  {1, 8.562756113181485e-05, 0.9497068978577179},
                  {15, 0.0010919733522420007, 0.897293054570729},
                  {29, 0.002, 0.85},
                  {30, 0.0019989930705690486, 0.8500503466729342},
                  {60, 0.0011785601805710574, 0.8910721552600681},
                  {98, 1.0149294309515757e-06, 0.9499496533270657},
                  {99, 8e-09, 0.95}};
  for (const auto& e : expected) {
    CHECK(cycle.rate(e.step) == doctest::Approx(e.rate).epsilon(1e-9));
    CHECK(cycle.beta1(e.step) == doctest::Approx(e.beta1).epsilon(1e-9));
  }
  const meg::OneCycle held{2e-3, 29, 59, 129};
  for (const int step : {29, 40, 59}) CHECK(held.rate(step) == 2e-3);
  CHECK(held.rate(12) == cycle.rate(12));
  CHECK(held.rate(60) == cycle.rate(30));
}
