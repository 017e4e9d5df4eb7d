#include <fmt/format.h>

#include <array>
#include <map>

#include "core/model/ensemble/particle_filler.h"
#include "meg/meg.h"
#include "tests/columns.h"
#include "tests/tables.h"

using namespace meg;
using test::cell;
using test::Floats;

namespace {

/// An ensemble of a fixed order with random weights on four columns, of which three are categories.
struct Setup {
  explicit Setup(int threads = 2, MaskedEnsemble::FirstLayer first = MaskedEnsemble::FirstLayer::kOwn)
      : backend(make_backend(Device::kCpu, threads)),
        ensemble(test::layout_of({{4}, {3}, {2, true}, {3}}), {.hidden = 8, .first = first}) {
    Floats p(ensemble.parameters());
    ensemble.initialize(3, p);
    const Floats more = test::random(p.size(), 4);
    for (std::size_t i = 0; i < p.size(); ++i) p[i] += 0.3f * more[i];
    parameters = backend->allocate(p.size());
    backend->upload(p, parameters);
    constants = backend->allocate(ensemble.constants());
  }

  TrainedEnsemble trained() const { return {*backend, ensemble, coding, parameters, constants, {}}; }

  static Floats unknown(std::size_t rows) {
    Floats cells(rows * 12, 0.0f);
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (i % 12 < 4) cells[i] = -1;
    return cells;
  }

  std::unique_ptr<Backend> backend;
  MaskedEnsemble ensemble;
  TableCoding coding;
  Memory parameters, constants;
};

using Rows = std::map<std::array<int, 4>, double>;

/// How often each (column 0, column 1, sign of z of column 2, column 3) comes, of those that `keep` keeps.
template <class Keep>
Rows counted(const Floats& cells, const Keep& keep) {
  Rows out;
  for (std::size_t r = 0; r < cells.size() / 12; ++r) {
    const float* cell = &cells[r * 12];
    const std::array<int, 4> row{static_cast<int>(cell[0]), static_cast<int>(cell[1]),
                                 cell[2] == 1 ? (cell[6] > 0 ? 2 : 1) : 0, static_cast<int>(cell[3])};
    if (keep(row)) ++out[row];
  }
  return out;
}

double total(const Rows& rows) {
  double sum = 0;
  for (const auto& [row, count] : rows) sum += count;
  return sum;
}

double total_variation(Rows a, Rows b) {
  const double of_a = total(a), of_b = total(b);
  for (const auto& [row, count] : a) b[row] += 0;
  double sum = 0;
  for (const auto& [row, count] : b) sum += std::abs(count / of_b - a[row] / of_a) / 2;
  return sum;
}

std::vector<std::optional<CellSet>> no_sets() { return std::vector<std::optional<CellSet>>(4); }
CellSet set_of(std::vector<float> codes, float low = 0, float high = 0) {
  return {.codes = std::move(codes), .z_low = low, .z_high = high, .only = {}};
}

Rows free_rows(const Setup& s, const auto& keep) {
  constexpr std::size_t kRows = 300'000;
  Floats cells = Setup::unknown(kRows);
  ParticleFiller(s.trained(), no_sets(), true, {}, {.seed = 77}).fill_alike(0, cells);
  return counted(cells, keep);
}

}  // namespace

TEST_CASE("a pool keeps few particles, and its sums are those of all on average") {
  constexpr std::size_t kAll = 400, kKept = 32, kPart = 100;
  constexpr int kTimes = 400;
  const Philox philox(5, Stream::kMeasure);
  const auto weight = [](std::size_t at) { return static_cast<double>((at % 7) * (at % 11)); };
  double even = 0, sum = 0, chosen_even = 0;
  for (std::size_t at = 0; at < kAll; ++at) sum += weight(at), even += at % 2 == 0 ? weight(at) : 0;
  for (std::uint64_t t = 0; t < kTimes; ++t) {
    ParticlePool pool(kKept, 1);
    for (std::size_t first = 0; first < kAll; first += kPart) {
      std::vector<float> cells, uniform;
      std::vector<double> log_weights;
      std::vector<std::size_t> origins;
      for (std::size_t at = first; at < first + kPart; ++at) {
        cells.push_back(static_cast<float>(at));
        log_weights.push_back(std::log(weight(at)));  // of which some are -infinity
        origins.push_back(at - first);
        uniform.push_back(philox.uniform(t * kAll + at, 0)[0]);
      }
      pool.add(cells, log_weights, origins, uniform);
    }
    CHECK(pool.seen() == kAll);
    std::vector<float> chosen(200);
    pool.choose(chosen.size(), static_cast<double>(philox.uniform(t, 1)[0]), chosen);
    for (const float at : chosen) chosen_even += static_cast<int>(at) % 2 == 0;
  }
  CHECK(chosen_even / (200.0 * kTimes) == doctest::Approx(even / sum).epsilon(0.03));  // 400 times 32 kept ones
}

TEST_CASE("the effective size of a pool counts copies once") {
  ParticlePool pool(10, 1);
  const std::vector<float> cells(4), uniform(4, 0.5f);
  CHECK(!pool.has_any());
  pool.add(cells, std::vector<double>(4, -3.0), std::vector<std::size_t>{0, 1, 2, 3}, uniform);
  CHECK(pool.effective_size() == doctest::Approx(4));
  pool.add(cells, std::vector<double>(4, -3.0), std::vector<std::size_t>{2, 2, 2, 2}, uniform);
  CHECK(pool.effective_size() == doctest::Approx(64.0 / 20));
  pool.add(cells, std::vector<double>(4, 500.0), std::vector<std::size_t>{0, 0, 1, 1}, uniform);
  CHECK(pool.effective_size() == doctest::Approx(2));
}

TEST_CASE("in a fixed order, rows that meet sets are as the free ones that happen to") {
  for (const auto first : {MaskedEnsemble::FirstLayer::kOwn, MaskedEnsemble::FirstLayer::kShared}) {
    const Setup s(2, first);
    std::vector<std::optional<CellSet>> sets = no_sets();
    sets[1] = set_of({1, 0, 1});
    sets[2] = set_of({0, 1}, -3, 0);
    sets[3] = set_of({0, 1, 0});
    const auto keep = [](const std::array<int, 4>& row) { return row[1] != 1 && row[2] == 1 && row[3] == 1; };
    const Rows expected = free_rows(s, keep);
    REQUIRE(total(expected) > 2000);
    Floats cells = Setup::unknown(20'000);
    ParticleFiller(s.trained(), sets, true, {}, {.seed = 1}).fill_alike(0, cells);
    const Rows got = counted(cells, keep);
    CHECK(total(got) == 20'000);  // the sets hold
    CHECK(total_variation(got, expected) < 0.04);
    // Without weights they would not be.
    Floats alone = Setup::unknown(20'000);
    ParticleFiller(s.trained(), sets, false, {}, {.seed = 1}).fill_alike(0, alone);
    CHECK(total_variation(counted(alone, keep), expected) > 0.05);
  }
}

TEST_CASE("in a fixed order, what is known of each row weighs the columns before it") {
  const Setup s;
  // Columns 1 and 3 are known; a z that is known, of column 2, has a density.
  const auto known = [](const std::array<int, 4>& row) { return row[1] == 2 && row[3] == 0; };
  const Rows expected = free_rows(s, known);
  REQUIRE(total(expected) > 2000);
  Floats cells = Setup::unknown(10'000);
  for (std::size_t r = 0; r < 10'000; ++r) cells[r * 12 + 1] = 2, cells[r * 12 + 3] = 0;
  ParticleFiller(s.trained(), no_sets(), true, {}, {.seed = 3}).fill(0, cells);
  const Rows got = counted(cells, known);
  CHECK(total(got) == 10'000);
  CHECK(total_variation(got, expected) < 0.04);

  Floats near = Setup::unknown(10'000), at = Setup::unknown(10'000);
  std::vector<std::optional<CellSet>> sets = no_sets();
  sets[2] = set_of({0, 1}, 0.4f, 0.42f);
  ParticleFiller(s.trained(), sets, true, {}, {.seed = 4}).fill_alike(0, near);
  for (std::size_t r = 0; r < 10'000; ++r) at[r * 12 + 2] = 1, at[r * 12 + 6] = 0.41f;
  ParticleFiller(s.trained(), no_sets(), true, {}, {.seed = 5}).fill(0, at);
  const auto any = [](const std::array<int, 4>&) { return true; };
  CHECK(total_variation(counted(near, any), counted(at, any)) < 0.04);
}

TEST_CASE("a row that particles fill does not depend on the rows beside it, nor on threads") {
  const Setup one(1), two(2);
  std::vector<std::optional<CellSet>> sets = no_sets();
  sets[3] = set_of({0, 1, 0});
  const auto part = [](const Floats& cells, std::size_t first, std::size_t count) {
    return Floats(cells.begin() + static_cast<std::ptrdiff_t>(first * 12),
                  cells.begin() + static_cast<std::ptrdiff_t>((first + count) * 12));
  };
  ParticleFiller whole(one.trained(), sets, true, {}, {.seed = 9}), other(two.trained(), sets, true, {}, {.seed = 9});
  Floats all = Setup::unknown(700), known = all;
  for (std::size_t r = 0; r < 700; ++r) known[r * 12 + r % 3] = static_cast<float>(r % 2);
  Floats each = known;
  whole.fill_alike(1000, all);
  whole.fill(1000, each);
  for (const std::array<std::size_t, 2> some : {std::array<std::size_t, 2>{0, 700}, {300, 150}, {23, 2}, {699, 1}}) {
    Floats alike = Setup::unknown(some[1]), alone = part(known, some[0], some[1]);
    other.fill_alike(1000 + some[0], alike);
    CHECK(alike == part(all, some[0], some[1]));
    other.fill(1000 + some[0], alone);
    CHECK(alone == part(each, some[0], some[1]));
  }
}
