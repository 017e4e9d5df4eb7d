#include <map>

#include "core/model/ensemble/filling.h"
#include "tests/columns.h"

using namespace meg;
using test::Floats;

namespace {

constexpr int kRows = 256;  // of a pass

/// An ensemble of any order with random weights on a table's four columns, of which three are categories.
struct Setup {
  Setup() : ensemble(test::layout_of({{4}, {3}, {2, true}, {3}}), {.hidden = 8, .any_order = true}) {
    Floats p(ensemble.parameters());
    ensemble.initialize(3, p);
    const Floats more = test::random(p.size(), 4);
    for (std::size_t i = 0; i < p.size(); ++i) p[i] += 0.2f * more[i];
    parameters = backend->allocate(p.size());
    backend->upload(p, parameters);
    constants = backend->allocate(ensemble.constants());
  }

  /// How often each (column 0, column 1, z of column 2 above 0, column 3) comes out in blocks of unknown cells but for
  /// a known column 3.
  std::map<std::array<int, 4>, double> counted(std::span<const std::optional<CellSet>> sets, RowFiller::Sets meaning,
                                               int blocks, std::uint64_t seed) const {
    const TrainedEnsemble trained{*backend, ensemble, coding, parameters, constants, {}};
    RowFiller filler(trained, sets, meaning, kRows);
    std::map<std::array<int, 4>, double> out;
    for (int b = 0; b < blocks; ++b) {
      Floats cells(kRows * 12, 0.0f);
      for (std::size_t i = 0; i < cells.size(); ++i)
        if (i % 12 < 4) cells[i] = i % 12 == 3 ? 1.0f : -1.0f;
      filler.fill({.seed = seed, .first_row = static_cast<std::uint64_t>(b) * kRows}, cells);
      for (std::size_t r = 0; r < kRows; ++r) {
        const float* cell = &cells[r * 12];
        ++out[{static_cast<int>(cell[0]), static_cast<int>(cell[1]), cell[2] == 1 ? (cell[6] > 0 ? 2 : 1) : 0,
               static_cast<int>(cell[3])}];
      }
    }
    return out;
  }

  std::unique_ptr<Backend> backend = make_backend(Device::kCpu, 2);
  MaskedEnsemble ensemble;
  TableCoding coding;
  Memory parameters, constants;
};

}  // namespace

TEST_CASE("several sets at once: rows are as the free ones that fall into all of them" * doctest::test_suite("long")) {
  const Setup s;
  std::vector<std::optional<CellSet>> none(4), sets(4);
  sets[0] = CellSet{.codes = {0, 1, 1, 1}, .z_low = 0, .z_high = 0, .only = {}};
  sets[1] = CellSet{.codes = {1, 0, 1}, .z_low = 0, .z_high = 0, .only = {}};
  sets[2] = CellSet{.codes = {0, 1}, .z_low = -3, .z_high = 0, .only = {}};
  // Free rows draw the same columns in the same order, given column 3, so they are the model's own distribution.
  auto free = s.counted(none, RowFiller::Sets::kCondition, 400, 1);
  std::map<std::array<int, 4>, double> expected;
  double all = 0;
  for (const auto& [row, count] : free)
    if (row[0] != 0 && row[1] != 1 && row[2] == 1) expected[row] = count, all += count;
  REQUIRE(all > 4000);
  const auto distance = [&](RowFiller::Sets meaning) {
    auto got = s.counted(sets, meaning, 40, 2);
    double sum = 0, rows = 0;
    for (const auto& [row, count] : got) {
      CHECK((row[0] != 0 && row[1] != 1 && row[2] == 1 && row[3] == 1));
      rows += count;
    }
    CHECK(rows == 40 * kRows);
    for (const auto& [row, count] : expected) sum += std::abs(count / all - got[row] / rows) / 2;
    return sum;
  };
  const double conditioned = distance(RowFiller::Sets::kCondition), alone = distance(RowFiller::Sets::kEachAlone);
  MESSAGE("total variation ", conditioned, ", without weights ", alone);
  CHECK(conditioned < 0.03);       // two samples of 10,000 and about 5,000 rows
  CHECK(alone > 2 * conditioned);  // the weights matter
}
