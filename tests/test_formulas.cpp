#include <cmath>

#include "core/nn/formulas.h"
#include "tests/reference.h"
#include "tests/support.h"

using namespace meg;

namespace {

/// softplus(d) - label * d and its derivative, in double.
std::pair<double, double> exact_bce(double d, double label) {
  const double softplus = d > 0 ? d + std::log1p(std::exp(-d)) : std::log1p(std::exp(d));
  return {softplus - label * d, 1 / (1 + std::exp(-d)) - label};
}

}  // namespace

TEST_CASE("activations and their slopes are those of the textbook") {
  for (const Activation a :
       {Activation::kNone, Activation::kRelu, Activation::kLeakyRelu, Activation::kTanh, Activation::kSigmoid})
    for (const float x : {-1e4f, -20.0f, -9.0f, -3.3f, -1.0f, -1e-3f, 0.0f, 1e-3f, 0.5f, 2.0f, 9.0f, 20.0f, 1e4f}) {
      CAPTURE(static_cast<int>(a));
      CAPTURE(x);
      const double exact = reference::activate(a, static_cast<double>(x));
      const float y = activate(a, x);
      CHECK(static_cast<double>(y) == doctest::Approx(exact).epsilon(5e-7));
      CHECK(static_cast<double>(slope(a, y)) ==
            doctest::Approx(reference::slope(a, static_cast<double>(y))).epsilon(1e-6));
      if (x == 0 || std::fabs(x) > 20) continue;  // a kink; a double would not see the difference
      const double h = 1e-5, at = static_cast<double>(x);
      const double difference = (reference::activate(a, at + h) - reference::activate(a, at - h)) / (2 * h);
      CHECK(std::fabs(static_cast<double>(slope(a, y)) - difference) < 1e-6);  // 1 - y y has the rounding of y
    }
}

TEST_CASE("NaN stays NaN in every activation") {
  for (const Activation a :
       {Activation::kNone, Activation::kRelu, Activation::kLeakyRelu, Activation::kTanh, Activation::kSigmoid})
    CHECK(std::isnan(activate(a, std::nanf(""))));
}

TEST_CASE("binary cross-entropy and its slope hold for logits of any size") {
  for (const float d : {-1e30f, -100.0f, -20.0f, -1.0f, -1e-4f, 0.0f, 1e-4f, 3.0f, 20.0f, 100.0f, 1e30f})
    for (const float label : {0.0f, 1.0f}) {
      CAPTURE(d);
      CAPTURE(label);
      const LossAndSlope of = bce(d, label);
      const auto [loss, slope] = exact_bce(static_cast<double>(d), static_cast<double>(label));
      CHECK(static_cast<double>(of.loss) == doctest::Approx(loss).epsilon(1e-6));
      CHECK(std::fabs(static_cast<double>(of.slope) - slope) < 1e-7);
    }
}

TEST_CASE("Adam's steps are those of the paper, with decay of either kind") {
  const AdamOptions o{.rate = 0.01f, .beta1 = 0.9f, .beta2 = 0.99f, .epsilon = 1e-8f, .weight_decay = 0.1f, .l2 = 0.2f};
  float p = 0.7f, m = 0, v = 0;
  double exact_p = p, exact_m = 0, exact_v = 0;
  for (int step = 1; step <= 5; ++step) {
    const float gradient = std::sin(static_cast<float>(step));
    p = AdamStep(o, step)(o, gradient, p, m, v);
    const double g = gradient + 0.2 * exact_p;
    exact_m = 0.9 * exact_m + 0.1 * g;
    exact_v = 0.99 * exact_v + 0.01 * g * g;
    const double first = exact_m / (1 - std::pow(0.9, step)), second = exact_v / (1 - std::pow(0.99, step));
    exact_p -= 0.01 * first / (std::sqrt(second) + 1e-8) + 0.01 * 0.1 * exact_p;
    CHECK(static_cast<double>(p) == doctest::Approx(exact_p).epsilon(1e-5));
  }
  const float square_norm = 16;
  CHECK(clip_factor(2, &square_norm) == 0.5f);
  CHECK(clip_factor(5, &square_norm) == 1);
  CHECK(clip_factor(0, nullptr) == 1);
  CHECK(moving_average(0.75f, 4, 8) == 5);
}
