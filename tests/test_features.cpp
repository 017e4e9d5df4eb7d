#include "tests/backends.h"
#include "tests/columns.h"
#include "tests/reference_heads.h"

using namespace meg;
using reference::Doubles;
using test::Floats;
using test::in_rows;

TEST_CASE_TEMPLATE("features, their backward and the discriminator's view agree with naive loops", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const auto& columns : test::odd_columns())
    for (const int rows : test::kOddRows) {
      CAPTURE(columns.size());
      CAPTURE(rows);
      const MaskedEnsemble ensemble(test::layout_of(columns), {.hidden = 1});
      const ColumnsLayout& layout = ensemble.layout();
      const std::size_t n = layout.size(), batch = static_cast<std::size_t>(rows);
      const Floats cells = test::random_cells(layout, rows, 1), p = test::random(ensemble.parameters(), 2);
      Floats x(batch * n * kFeatures, -9.0f);
      backend->features(layout, 0, static_cast<int>(n), in_rows(cells, rows), p, in_rows(x, rows));
      test::check_close(x, reference::features(layout, rows, cells, test::doubles(p)), 1e-6);

      Floats view(batch * layout.view_stride, -9.0f);
      backend->view_rows(layout, in_rows(cells, rows), in_rows(view, rows));
      CHECK(test::doubles(view) == reference::view_rows(layout, rows, cells));

      // The gradients are added to what is there; the last column's dx is not read.
      Floats dx = test::random(x.size(), 3), gradients(p.size(), 0.5f);
      Doubles expected(p.size(), 0.5);
      for (std::size_t r = 0; r < batch; ++r) {
        for (std::size_t j = 0; j + 1 < n; ++j)
          for (std::size_t i = 0; i < kEmbedding; ++i)
            expected[layout.columns[j].embedding + static_cast<std::size_t>(cells[r * 3 * n + j]) * kEmbedding + i] +=
                static_cast<double>(dx[(r * n + j) * kFeatures + i]);
        for (std::size_t i = 0; i < kFeatures; ++i)
          dx[(r * n + n - 1) * kFeatures + i] = std::numeric_limits<float>::quiet_NaN();
      }
      backend->features_backward(layout, static_cast<int>(n) - 1, in_rows(cells, rows), in_rows(dx, rows), gradients);
      test::check_close(gradients, expected, 1e-5);
    }
}

TEST_CASE_TEMPLATE("features of some columns leave the others alone", On, EVERY_BACKEND) {
  const auto backend = On::make(1);
  const MaskedEnsemble ensemble(test::layout_of({{3}, {2, true}, {4}}), {.hidden = 1});
  const int rows = 7;
  const Floats cells = test::random_cells(ensemble.layout(), rows, 1), p = test::random(ensemble.parameters(), 2);
  const Doubles all = reference::features(ensemble.layout(), rows, cells, test::doubles(p));
  Floats x(all.size(), -9.0f);
  backend->features(ensemble.layout(), 1, 2, in_rows(cells, rows), p, in_rows(x, rows));
  Doubles expected(all.size(), -9.0);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i / kFeatures % 3 == 1) expected[i] = all[i];
  test::check_close(x, expected, 1e-6);
}

TEST_CASE_TEMPLATE("an unknown cell has no features, and hidden columns are as unknown, as often as their row says", On,
                   EVERY_BACKEND) {
  const auto backend = On::make();
  for (const auto& columns : test::odd_columns())
    for (const int rows : test::kOddRows) {
      CAPTURE(columns.size());
      CAPTURE(rows);
      const MaskedEnsemble ensemble(test::layout_of(columns), {.hidden = 1});
      const ColumnsLayout& layout = ensemble.layout();
      const std::size_t n = layout.size(), batch = static_cast<std::size_t>(rows);
      Floats cells = test::random_cells(layout, rows, 1);
      const Floats p = test::random(ensemble.parameters(), 2);
      Doubles expected = reference::features(layout, rows, cells, test::doubles(p));
      Floats hidden(expected.begin(), expected.end());
      backend->hide_columns(6, 77, in_rows(hidden, rows));
      for (std::size_t r = 0; r < batch; ++r)
        for (std::size_t j = 0; j < n; ++j) {
          if (!reference::hides(6, 77 + r, j)) continue;
          cells[r * 3 * n + j] = -1;
          std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>((r * n + j) * kFeatures), kFeatures, 0.0);
        }
      Floats x(batch * n * kFeatures, -9.0f);
      backend->features(layout, 0, static_cast<int>(n), in_rows(cells, rows), p, in_rows(x, rows));
      test::check_close(x, expected, 1e-6);
      test::check_close(hidden, expected, 1e-6);
    }
  // Any number of six columns is as likely to be hidden as any other.
  constexpr std::size_t kRows = 7000;
  Floats x(kRows * 6 * kFeatures, 1.0f), count(7, 0.0f);
  backend->hide_columns(1, 0, in_rows(x, kRows));
  for (std::size_t r = 0; r < kRows; ++r) {
    std::size_t hidden = 0;
    for (std::size_t j = 0; j < 6; ++j) hidden += x[(r * 6 + j) * kFeatures] == 0;
    ++count[hidden];
  }
  for (const float of : count) CHECK(of == doctest::Approx(1000).epsilon(0.12));  // four standard deviations
}

TEST_CASE_TEMPLATE("a position lies on the ramp between its knots, and -1 before the first", On, EVERY_BACKEND) {
  const auto backend = On::make(1);
  const MaskedEnsemble ensemble(test::layout_of({{1, true}}), {.hidden = 1});
  const Floats p(ensemble.parameters(), 0.0f);
  for (const auto& [position, sum] : {std::pair{-1.0f, 0.0f}, {0.0f, 0.0f}, {2.25f, 2.25f}, {15.0f, 15.0f}}) {
    const Floats cell{0, 2.0f, position};
    Floats x(kFeatures);
    backend->features(ensemble.layout(), 0, 1, cell, p, x);
    float ramp = 0;
    for (int i = kEmbedding; i < kFeatures - 1; ++i) ramp += x[static_cast<std::size_t>(i)];
    CHECK(ramp == sum);
    CHECK(x.back() == 0.5f);
  }
}
