#include <numbers>

#include "tests/backends.h"
#include "tests/columns.h"
#include "tests/reference_heads.h"

using namespace meg;
using reference::Doubles;
using test::Floats;
using test::in_rows;

namespace {

/// A free draw kept to `allowed`, by summing the mixture's density over a fine grid of z.
struct Naive {
  Naive(const ColumnLayout& column, const Doubles& all, double temperature, const Floats& codes, double low,
        double high) {
    const reference::Head head(column, all);
    Doubles logits, weights;
    for (const double x : head.logits) logits.push_back(x / temperature);
    for (const double x : head.weights) weights.push_back(x / temperature);
    share = reference::softmax(logits);
    const Doubles weight = reference::softmax(weights);
    double mass = 0, first = 0, second = 0;
    const int steps = 40000;
    // An end of the column's range stands for all beyond it: there a draw is cut to the end.
    const double from = low <= -3 ? -20 : low, to = high >= 3 ? 20 : high, h = (to - from) / steps;
    for (int s = 0; s < steps; ++s) {
      const double z = from + (s + 0.5) * h, seen = std::clamp(z, -3.0, 3.0);
      double density = 0;
      for (std::size_t i = 0; i < kMixtures; ++i) {
        const double sigma = temperature * head.sigma(i), d = (z - head.means[i]) / sigma;
        density += weight[i] * std::exp(-d * d / 2) / (sigma * std::sqrt(2 * std::numbers::pi));
      }
      mass += density * h, first += density * h * seen, second += density * h * seen * seen;
    }
    mean = first / mass, variance = second / mass - mean * mean;
    double sum = 0;
    for (std::size_t c = 0; c < share.size(); ++c) {
      share[c] *= codes[c] == 0 ? 0 : static_cast<int>(c) == column.continuous ? mass : 1;
      sum += share[c];
    }
    for (double& s : share) s /= sum;
    chance = sum;
  }
  Doubles share;  // of the codes
  double mean, variance;
  double chance;  // of a free draw to be allowed
};

/// A column of four codes, the last continuous in [-3, 3], behind one that is not looked at.
struct Setup {
  explicit Setup(int rows) : ensemble(test::layout_of({{3}, {4, true}}), {.hidden = 1}) {
    Floats row = test::random(layout.head_stride, 21);
    for (int i = 0; i < kMixtures; ++i) {
      row[column.head + 4 + 2 * kMixtures + static_cast<std::size_t>(i)] = -2.5f + 0.1f * static_cast<float>(i);
      row[column.head + 4 + kMixtures + static_cast<std::size_t>(i)] *= 1.5f;
    }
    row[column.head + 3] = 1.5f;
    for (int r = 0; r < rows; ++r) heads.insert(heads.end(), row.begin(), row.end());
    cells.assign(static_cast<std::size_t>(rows) * 6, -9.0f);
    constants.assign(ensemble.constants(), 0.0f);
  }
  void draw(Backend& backend, int rows, const Draw& draw, const Allowed& allowed) {
    backend.sample_column(layout, 1, in_rows(heads, rows), constants, draw, in_rows(cells, rows), {}, allowed);
  }

  MaskedEnsemble ensemble;
  const ColumnsLayout& layout = ensemble.layout();
  const ColumnLayout& column = layout.columns[1];
  Floats heads, cells, constants;
};

}  // namespace

TEST_CASE_TEMPLATE("a draw kept to a set of cells has the distribution of free draws that fall into it", On,
                   EVERY_BACKEND) {
  constexpr int kRows = On::kManyRows;
  const auto backend = On::make();
  Setup s(kRows);
  const Doubles head = test::part(s.heads, s.layout.head_stride, 0, s.column.head, s.column.head_width());
  struct Case {
    Floats codes;
    float low, high;
  };
  for (const Case& c : {Case{{1, 1, 1, 1}, -3, 3},
                        {{0, 1, 0, 1}, 0.2f, 0.7f},
                        {{1, 0, 1, 0}, 0, 0},
                        {{0, 0, 0, 1}, -0.5f, 3},
                        {{0, 0, 0, 1}, -3, -1.5f},
                        {{1, 0, 0, 1}, -0.01f, 0.01f}})
    for (const float temperature : {1.0f, 0.5f, 2.0f}) {
      CAPTURE(c.codes);
      CAPTURE(c.low);
      CAPTURE(temperature);
      Floats log_mass(kRows, 0.5f);
      s.draw(*backend, kRows, {.seed = 5, .temperature = temperature}, {c.codes, c.low, c.high, log_mass});
      const Naive expected(s.column, head, static_cast<double>(temperature), c.codes, static_cast<double>(c.low),
                           static_cast<double>(c.high));
      for (const float mass : {log_mass.front(), log_mass.back()})
        CHECK(static_cast<double>(mass) == doctest::Approx(0.5 + std::log(expected.chance)).epsilon(1e-4));
      Doubles count(4, 0.0);
      double mean = 0, square = 0;
      for (std::size_t r = 0; r < kRows; ++r) {
        const auto code = static_cast<std::size_t>(s.cells[6 * r + 1]);
        ++count[code];
        if (code != 3) continue;
        const float z = s.cells[6 * r + 3];
        REQUIRE((z >= c.low && z <= c.high));
        mean += static_cast<double>(z), square += static_cast<double>(z) * static_cast<double>(z);
      }
      double chi_square = 0;
      for (std::size_t code = 0; code < 4; ++code) {
        if (c.codes[code] == 0) CHECK(count[code] == 0);
        const double often = kRows * expected.share[code];
        if (often > 0) chi_square += (count[code] - often) * (count[code] - often) / often;
      }
      CHECK(chi_square < 18);  // of three degrees of freedom: p = 0.0004
      if (c.codes[3] == 0) continue;
      mean /= count[3], square /= count[3];
      CHECK(std::abs(mean - expected.mean) < 4 * std::sqrt(expected.variance / count[3]) + 1e-6);
      CHECK(square - mean * mean == doctest::Approx(expected.variance).epsilon(8 * std::sqrt(2.0 / kRows)));
    }
}

TEST_CASE_TEMPLATE("an interval that the mixture hardly reaches is met all the same", On, EVERY_BACKEND) {
  const auto backend = On::make();
  Setup s(500);
  const Floats codes{0, 0, 0, 1};
  struct Case {
    float low, high;
  };
  for (const Case& c :
       {Case{2.9f, 2.95f}, {-2.999f, -2.998f}, {2.5f, std::nextafter(2.5f, 3.0f)}, {0.1f, 0.1f}, {2.99f, 3.0f}})
    for (const float temperature : {1.0f, 1e-6f}) {
      CAPTURE(c.low);
      s.draw(*backend, 500, {.seed = 5, .temperature = temperature}, {codes, c.low, c.high});
      for (std::size_t r = 0; r < 500; ++r) {
        CHECK(s.cells[6 * r + 1] == 3.0f);
        CHECK(s.cells[6 * r + 3] >= c.low);
        CHECK(s.cells[6 * r + 3] <= c.high);
      }
    }
}

TEST_CASE_TEMPLATE("a draw that fills leaves known cells alone and draws the others as ever, kept to a set or not", On,
                   EVERY_BACKEND) {
  const auto backend = On::make();
  const Floats codes{0, 1, 1, 1};
  for (const Allowed& allowed : {Allowed{}, Allowed{codes, -0.5f, 1.5f}}) {
    Setup all(130), some(130);
    all.draw(*backend, 130, {.seed = 1, .first_row = 50}, allowed);
    for (std::size_t r = 0; r < 130; ++r) some.cells[6 * r + 1] = r % 3 == 0 ? -1.0f : 2.0f;
    some.draw(*backend, 130, {.seed = 1, .first_row = 50, .fills = true}, allowed);
    for (std::size_t r = 0; r < 130; ++r)
      for (const std::size_t part : {1u, 3u, 5u})
        CHECK(some.cells[6 * r + part] == (r % 3 == 0 ? all.cells[6 * r + part] : part == 1 ? 2.0f : -9.0f));
  }
}

TEST_CASE_TEMPLATE(
    "a draw kept to a set depends neither on its batch nor on the threads; all codes are as good as none masked", On,
    EVERY_BACKEND) {
  const auto one = On::make(1), many = On::make(3);
  const int rows = 130;
  Setup s(rows), other(rows), single(1);
  const Floats codes{1, 0, 1, 1}, all{1, 1, 1, 1};
  const Allowed allowed{codes, -0.5f, 1.5f};
  s.draw(*one, rows, {.seed = 1, .first_row = 50}, allowed);
  other.draw(*many, rows, {.seed = 1, .first_row = 50}, allowed);
  CHECK(s.cells == other.cells);
  for (const std::size_t r : {0u, 63u, 64u, 129u}) {
    single.draw(*one, 1, {.seed = 1, .first_row = 50 + r}, allowed);
    CHECK(single.cells[1] == s.cells[6 * r + 1]);
    CHECK(single.cells[3] == s.cells[6 * r + 3]);
  }
  s.draw(*one, rows, {.seed = 1}, {});
  other.draw(*one, rows, {.seed = 1}, {all, -3, 3});
  for (std::size_t r = 0; r < rows; ++r) CHECK(s.cells[6 * r + 1] == other.cells[6 * r + 1]);
}
