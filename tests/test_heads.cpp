#include "cpu/elementary.h"
#include "tests/backends.h"
#include "tests/columns.h"
#include "tests/reference_heads.h"

using namespace meg;
using reference::Doubles;
using test::Floats;
using test::in_rows;

namespace {

/// The layout that the ensemble gives columns, and a table of positions for it.
struct Setup {
  explicit Setup(const std::vector<test::Column>& columns) : ensemble(test::layout_of(columns), {.hidden = 1}) {
    for (const ColumnLayout& column : layout.columns) {
      for (int c = 0; c < column.codes; ++c) constants.push_back(static_cast<float>(c) - 1);
      for (int i = 0; i <= kZCells && column.continuous >= 0; ++i)
        constants.push_back(15 * std::pow(static_cast<float>(i) / kZCells, 1.5f));
    }
    REQUIRE(constants.size() == ensemble.constants());
  }
  Floats cells(int rows) const { return Floats(static_cast<std::size_t>(rows) * layout.cell_stride(), -9.0f); }
  Floats view(int rows) const { return Floats(static_cast<std::size_t>(rows) * layout.view_stride, -9.0f); }
  /// All columns from the same heads.
  void sample(Backend& backend, int rows, const Floats& heads, const Draw& draw, Floats& cells, Floats& view) const {
    for (int j = 0; j < static_cast<int>(layout.size()); ++j)
      backend.sample_column(layout, j, in_rows(heads, rows), constants, draw, in_rows(cells, rows),
                            in_rows(view, rows));
  }

  MaskedEnsemble ensemble;
  const ColumnsLayout& layout = ensemble.layout();
  Floats constants;
};

/// One row of heads, again and again.
Floats repeated(const Floats& row, int rows) {
  Floats out;
  for (int r = 0; r < rows; ++r) out.insert(out.end(), row.begin(), row.end());
  return out;
}

bool all_finite(const Floats& x) {
  return std::all_of(x.begin(), x.end(), [](float v) { return std::isfinite(v); });
}

}  // namespace

TEST_CASE("fast_exp and fast_log are as exact as floats can be") {
  using namespace meg::cpu;
  double worst_exp = 0, worst_log = 0;
  for (int i = 0; i < 100000; ++i) {
    const float x = -87.0f + 175.0f * static_cast<float>(i) / 100000;
    const double e = std::exp(static_cast<double>(x));
    worst_exp = std::max(worst_exp, std::abs(static_cast<double>(fast_exp(all(x))[i % kLanes]) - e) / e);
    const auto y = static_cast<float>(e);  // logs of all sizes, and below of numbers near 1
    for (const float v : {y, 1 + x * 1e-3f, 1 + x * 1e-6f}) {
      const double log = std::log(static_cast<double>(v));
      worst_log = std::max(worst_log, std::abs(static_cast<double>(fast_log(all(v))[i % kLanes]) - log) /
                                          std::max(std::abs(log), 1e-30));
    }
  }
  CHECK(worst_exp < 2e-7);
  CHECK(worst_log < 2e-7);
  CHECK(fast_log(all(1.0f))[0] == 0.0f);
  CHECK(fast_exp(all(0.0f))[0] == 1.0f);
  CHECK(fast_exp(all(-1e30f))[3] < 1e-37f);
  CHECK(std::isfinite(fast_exp(all(1e30f))[3]));
}

TEST_CASE_TEMPLATE("the heads' losses and gradients agree with double and central differences", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const auto& columns : test::odd_columns())
    for (const int rows : test::kOddRows) {
      CAPTURE(columns.size());
      CAPTURE(rows);
      const Setup s(columns);
      const std::size_t n = s.layout.size(), batch = static_cast<std::size_t>(rows);
      const Floats cells = test::random_cells(s.layout, rows, 1);
      Floats heads = test::random_heads(s.layout, rows, 2);
      for (std::size_t r = 0; r < batch; ++r)  // a component whose sigma is cut at the lower end takes part
        for (std::size_t j = 0; j < n; ++j)
          if (const ColumnLayout& column = s.layout.columns[j]; column.continuous >= 0)
            heads[r * s.layout.head_stride + column.head + static_cast<std::size_t>(column.codes) + kMixtures + 1] =
                cells[r * 3 * n + n + j] + 5e-4f;
      Floats loss(batch * n), again(batch * n), dheads(heads.size(), -9.0f);
      const float factor = 0.25f;
      backend->heads_loss(s.layout, in_rows(heads, rows), in_rows(cells, rows), factor, in_rows(loss, rows),
                          in_rows(dheads, rows));
      backend->heads_loss(s.layout, in_rows(heads, rows), in_rows(cells, rows), factor, in_rows(again, rows), {});
      CHECK(loss == again);
      for (std::size_t r = 0; r < batch; ++r)
        for (std::size_t j = 0; j < n; ++j) {
          const ColumnLayout& column = s.layout.columns[j];
          const int code = static_cast<int>(cells[r * 3 * n + j]);
          const double z = static_cast<double>(cells[r * 3 * n + n + j]);
          const Doubles head = test::part(heads, s.layout.head_stride, r, column.head, column.head_width());
          const auto value = [&](const Doubles& at) {
            return static_cast<double>(factor) * reference::cell_loss(column, at, code, z);
          };
          CHECK(static_cast<double>(factor * loss[r * n + j]) == doctest::Approx(value(head)).epsilon(1e-5));
          if (r % 11 != 0 && r + 1 != batch) continue;  // every row would take a minute
          const Doubles got = test::part(dheads, s.layout.head_stride, r, column.head, column.head_width());
          test::check_close(Floats(got.begin(), got.end()), reference::gradient(value, head, 1e-6), 2e-5);
        }
    }
}

TEST_CASE_TEMPLATE("heads far out stay finite, and their gradients are those of one softmax", On, EVERY_BACKEND) {
  const auto backend = On::make(1);
  const Setup s({{20, true}});
  const ColumnLayout& column = s.layout.columns[0];
  for (const float z : {0.0f, 40.0f, -1e4f}) {
    CAPTURE(z);
    Floats heads(s.layout.head_stride, 0.0f);
    for (std::size_t c = 0; c < 20; ++c) heads[c] = c % 2 == 0 ? 200.0f : -200.0f;
    const std::size_t sigma = 20 + 2 * kMixtures;
    for (std::size_t i = 0; i < kMixtures; ++i) heads[20 + i] = i % 3 == 0 ? 200.0f : -200.0f, heads[sigma + i] = -7.0f;
    const Floats cells{19, z, 0};
    float loss = 0;
    Floats d(heads.size());
    backend->heads_loss(s.layout, in_rows(heads, 1), in_rows(cells, 1), 1.0f, View(&loss, 1, 1, Device::kCpu),
                        in_rows(d, 1));
    CHECK(all_finite(d));
    CHECK(
        static_cast<double>(loss) ==
        doctest::Approx(reference::cell_loss(column, test::doubles(heads), 19, static_cast<double>(z))).epsilon(1e-5));
    double codes = 0, weights = 0, means = 0;
    for (std::size_t c = 0; c < 20; ++c) codes += static_cast<double>(d[c]);
    for (std::size_t i = 0; i < kMixtures; ++i)
      weights += static_cast<double>(d[20 + i]), means += static_cast<double>(d[20 + kMixtures + i]);
    CHECK(std::abs(codes) < 1e-4);
    CHECK(std::abs(weights) < 1e-4);
    // Eight equal components: their shares are 1 together, however small the density.
    CHECK(means == doctest::Approx(-static_cast<double>(z) * std::exp(14.0)).epsilon(1e-4));
  }
}

TEST_CASE_TEMPLATE("codes are drawn as often as the softmax says", On, EVERY_BACKEND) {
  const auto backend = On::make();
  constexpr int rows = On::kManyRows;
  for (const int codes : {2, 16, 33}) {
    CAPTURE(codes);
    const Setup s({{3}, {codes}});
    const Floats row = test::random(s.layout.head_stride, 5), heads = repeated(row, rows);
    Floats cells = s.cells(rows), view = s.view(rows);
    s.sample(*backend, rows, heads, {.seed = 7}, cells, view);
    const Doubles share = reference::softmax({row.begin() + 3, row.end()});
    Doubles count(share.size(), 0.0);
    for (std::size_t r = 0; r < rows; ++r) ++count[static_cast<std::size_t>(cells[6 * r + 1])];
    double chi_square = 0;
    for (std::size_t c = 0; c < share.size(); ++c) {
      const double expected = rows * share[c];
      chi_square += (count[c] - expected) * (count[c] - expected) / expected;
    }
    const double freedom = codes - 1;
    CHECK(chi_square < freedom + 4 * std::sqrt(2 * freedom));
  }
}

TEST_CASE_TEMPLATE("z has the mixture's mean and variance, and stays in its range", On, EVERY_BACKEND) {
  const auto backend = On::make();
  constexpr int rows = On::kManyRows;
  MaskedEnsemble ensemble(
      [] {
        ColumnsLayout layout = test::layout_of({{1, true}});
        layout.columns[0].z_low = -20, layout.columns[0].z_high = 20;
        return layout;
      }(),
      {.hidden = 1});
  const ColumnsLayout& layout = ensemble.layout();
  Floats row = test::random(layout.head_stride, 9);
  for (std::size_t i = 0; i < kMixtures; ++i) row[1 + 2 * kMixtures + i] *= 0.3f;
  const Floats constants(ensemble.constants(), 0.0f), heads = repeated(row, rows);
  Floats cells(3 * rows);
  backend->sample_column(layout, 0, in_rows(heads, rows), constants, {.seed = 3}, in_rows(cells, rows), {});
  const reference::Head head(layout.columns[0], test::doubles(row));
  const Doubles share = reference::softmax(head.weights);
  double mean = 0, square = 0, got_mean = 0, got_square = 0;
  for (std::size_t i = 0; i < kMixtures; ++i) {
    mean += share[i] * head.means[i];
    square += share[i] * (head.means[i] * head.means[i] + head.sigma(i) * head.sigma(i));
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const double z = static_cast<double>(cells[3 * r + 1]);
    got_mean += z / rows, got_square += z * z / rows;
  }
  const double deviation = std::sqrt(square - mean * mean);
  CHECK(std::abs(got_mean - mean) < 4 * deviation / std::sqrt(rows));
  CHECK(got_square - got_mean * got_mean == doctest::Approx(deviation * deviation).epsilon(4 * std::sqrt(2.0 / rows)));

  ColumnsLayout narrow = layout;
  narrow.columns[0].z_low = -0.5f, narrow.columns[0].z_high = 0.25f;
  backend->sample_column(narrow, 0, in_rows(heads, rows), constants, {.seed = 3}, in_rows(cells, rows), {});
  float low = 9, high = -9;
  for (std::size_t r = 0; r < rows; ++r) low = std::min(low, cells[3 * r + 1]), high = std::max(high, cells[3 * r + 1]);
  CHECK(low == -0.5f);
  CHECK(high == 0.25f);
}

TEST_CASE_TEMPLATE("every cell drawn is what its noise says, with its position and its view", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const auto& columns : test::odd_columns())
    for (const int rows : test::kOddRows)
      for (const float temperature : {1.0f, 0.5f}) {
        CAPTURE(columns.size());
        CAPTURE(rows);
        const Setup s(columns);
        const std::size_t n = s.layout.size();
        const Floats heads = test::random_heads(s.layout, rows, 4);
        const Draw draw{.seed = 11, .first_row = (std::uint64_t{1} << 32) - 3, .temperature = temperature};
        Floats cells = s.cells(rows), view = s.view(rows);
        s.sample(*backend, rows, heads, draw, cells, view);
        CHECK(test::doubles(view) == reference::view_rows(s.layout, rows, cells));
        for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
          for (std::size_t j = 0; j < n; ++j) {
            const ColumnLayout& column = s.layout.columns[j];
            const reference::Head head(column,
                                       test::part(heads, s.layout.head_stride, r, column.head, column.head_width()));
            const float* cell = &cells[r * 3 * n + j];
            const Doubles score = reference::scores(draw, j, r, 0, head.logits);
            const auto code = static_cast<std::size_t>(cell[0]);
            REQUIRE(code < score.size());
            CHECK(score[code] > score[reference::largest(score)] - 1e-5);
            if (cell[0] != static_cast<float>(column.continuous)) {
              CHECK(cell[n] == 0.0f);
              CHECK(cell[2 * n] == s.constants[column.code_position + code]);
              continue;
            }
            const std::size_t i =
                reference::largest(reference::scores(draw, j, r, reference::weights_noise(column.codes), head.weights));
            const double epsilon = static_cast<double>(temperature) * reference::z_noise(draw, j, r, column.codes);
            CHECK(static_cast<double>(cell[n]) ==
                  doctest::Approx(std::clamp(head.means[i] + head.sigma(i) * epsilon, -3.0, 3.0)).epsilon(1e-5));
            const double at = (static_cast<double>(cell[n]) + 3) / 6;
            CHECK(static_cast<double>(cell[2 * n]) == doctest::Approx(15 * std::pow(at, 1.5)).epsilon(1e-4));
          }
      }
}

TEST_CASE_TEMPLATE("a cold draw is the mode", On, EVERY_BACKEND) {
  const auto backend = On::make(1);
  const Setup s({{17, true}});
  const int rows = 65;
  Floats heads = test::random_heads(s.layout, rows, 6);
  for (std::size_t r = 0; r < rows; ++r) heads[r * s.layout.head_stride + 16] = 12.0f;
  Floats cells = s.cells(rows), view = s.view(rows);
  s.sample(*backend, rows, heads, {.seed = 2, .temperature = 1e-6f}, cells, view);
  for (std::size_t r = 0; r < rows; ++r) {
    CHECK(cells[3 * r] == 16.0f);
    const reference::Head head(s.layout.columns[0], test::part(heads, s.layout.head_stride, r, 0, 17 + 3 * kMixtures));
    CHECK(static_cast<double>(cells[3 * r + 1]) ==
          doctest::Approx(head.means[reference::largest(head.weights)]).epsilon(1e-4));
  }
}

TEST_CASE_TEMPLATE("a drawn row depends neither on its batch nor on the threads, and its gradient neither", On,
                   EVERY_BACKEND) {
  const auto one = On::make(1), many = On::make(3);
  const Setup s({{3, true}, {100}, {33, true}});
  const int rows = 130;
  const Floats heads = test::random_heads(s.layout, rows, 4), dview = test::random(s.view(rows).size(), 5);
  Floats cells = s.cells(rows), view = s.view(rows), cells3 = cells, view3 = view;
  Floats d(heads.size()), d3(heads.size()), loss(rows * 3), loss3(rows * 3);
  s.sample(*one, rows, heads, {.seed = 1, .first_row = 50}, cells, view);
  s.sample(*many, rows, heads, {.seed = 1, .first_row = 50}, cells3, view3);
  CHECK(cells == cells3);
  CHECK(view == view3);
  one->sample_backward(s.layout, in_rows(heads, rows), in_rows(cells, rows), {.seed = 1, .first_row = 50},
                       in_rows(dview, rows), in_rows(d, rows));
  many->sample_backward(s.layout, in_rows(heads, rows), in_rows(cells, rows), {.seed = 1, .first_row = 50},
                        in_rows(dview, rows), in_rows(d3, rows));
  CHECK(d == d3);
  for (const std::size_t r : {0u, 1u, 63u, 64u, 129u}) {
    const auto row_of = [&](const Floats& x, std::size_t width) {
      const auto begin = x.begin() + static_cast<std::ptrdiff_t>(r * width);
      return Floats(begin, begin + static_cast<std::ptrdiff_t>(width));
    };
    const Draw draw{.seed = 1, .first_row = 50 + r};
    const Floats head = row_of(heads, s.layout.head_stride), dv = row_of(dview, s.layout.view_stride);
    Floats cell = s.cells(1), seen = s.view(1), dh(head.size());
    s.sample(*one, 1, head, draw, cell, seen);
    CHECK(cell == row_of(cells, 9));
    CHECK(seen == row_of(view, s.layout.view_stride));
    one->sample_backward(s.layout, in_rows(head, 1), in_rows(cell, 1), draw, in_rows(dv, 1), in_rows(dh, 1));
    CHECK(dh == row_of(d, s.layout.head_stride));
  }
  one->heads_loss(s.layout, in_rows(heads, rows), in_rows(cells, rows), 0.5f, in_rows(loss, rows), in_rows(d, rows));
  many->heads_loss(s.layout, in_rows(heads, rows), in_rows(cells, rows), 0.5f, in_rows(loss3, rows), in_rows(d3, rows));
  CHECK(loss == loss3);
  CHECK(d == d3);
}

TEST_CASE_TEMPLATE("the gradient through a draw is that of the relaxed draw", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const auto& columns : test::odd_columns())
    for (const int rows : test::kOddRows) {
      CAPTURE(columns.size());
      CAPTURE(rows);
      const Setup s(columns);
      const std::size_t n = s.layout.size(), batch = static_cast<std::size_t>(rows);
      Floats heads = test::random_heads(s.layout, rows, 4);
      for (std::size_t r = 0; r < batch; ++r)  // so that z is often drawn, and sometimes cut
        for (const ColumnLayout& column : s.layout.columns)
          if (column.continuous >= 0)
            heads[r * s.layout.head_stride + column.head + static_cast<std::size_t>(column.continuous)] += 4;
      const Draw draw{.seed = 12, .first_row = 1000};
      Floats cells = s.cells(rows), view = s.view(rows), dheads(heads.size(), -9.0f);
      s.sample(*backend, rows, heads, draw, cells, view);
      const Floats dview = test::random(view.size(), 8);
      backend->sample_backward(s.layout, in_rows(heads, rows), in_rows(cells, rows), draw, in_rows(dview, rows),
                               in_rows(dheads, rows));
      for (std::size_t r = 0; r < batch; ++r) {
        if (r % 11 != 0 && r + 1 != batch) continue;
        for (std::size_t j = 0; j < n; ++j) {
          const ColumnLayout& column = s.layout.columns[j];
          const float z = cells[r * 3 * n + n + j];
          const bool free = cells[r * 3 * n + j] == static_cast<float>(column.continuous) && z > -3 && z < 3;
          const Doubles head = test::part(heads, s.layout.head_stride, r, column.head, column.head_width());
          const Doubles seen = test::part(dview, s.layout.view_stride, r, column.view, column.view_width());
          const auto value = [&](const Doubles& at) {
            return reference::relaxed(column, head, at, draw, j, r, free, seen);
          };
          const Doubles got = test::part(dheads, s.layout.head_stride, r, column.head, column.head_width());
          test::check_close(Floats(got.begin(), got.end()), reference::gradient(value, head), 2e-5);
        }
      }
    }
}
