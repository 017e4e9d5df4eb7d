#include <fmt/format.h>

#include <cmath>

#include "core/model/ensemble/margins.h"
#include "meg/meg.h"
#include "tests/backends.h"
#include "tests/related.h"
#include "tests/tables.h"

using namespace meg;
using test::Floats;
using test::in_rows;
using test::Related;
using FirstLayer = MaskedEnsemble::FirstLayer;

namespace {

Floats contents(Backend& backend, ConstView of) {
  Floats out(of.size());
  backend.download(of, out);
  return out;
}

/// The shares of the four codes of column k of three.
std::vector<double> shares(std::span<const float> cells, std::size_t k) {
  std::vector<double> share(4);
  for (std::size_t i = k; i < cells.size(); i += 9)
    share[static_cast<std::size_t>(cells[i])] += 9 / static_cast<double>(cells.size());
  return share;
}

/// An ensemble of related rows, warmed up for some epochs, whose first biases then go wrong.
struct Drifted : Related {
  Drifted(int epochs, int row_count, FirstLayer first, std::unique_ptr<Backend> on)
      : Related(epochs, row_count, false, first, std::move(on)),
        parameters(backend->allocate(ensemble.parameters())),
        constants(backend->allocate(ensemble.constants())),
        table(backend->allocate(cells.size())) {
    Floats wrong = start;
    if (epochs > 0) {
      WarmUp run = warm_up();
      while (!run.done()) run.step();
      wrong = contents(*backend, run.best());
    }
    wrong[ensemble.head_bias(0)] -= 1.0f;
    wrong[ensemble.head_bias(0) + 1] += 0.5f;
    backend->upload(wrong, parameters);
    backend->upload(cells, table);
  }
  void match(int threads = 2) {
    match_margins(*backend, ensemble, View(table).reshaped(cells.size() / 9, 9), constants, 3, threads, parameters);
  }
  Floats second_bias() const { return contents(*backend, View(parameters).column_range(ensemble.head_bias(1), 4)); }
  /// How far the share of any code of column k is from the table's, in `count` generated rows.
  double furthest(std::size_t k, int count) const {
    const std::vector<double> of_table = shares(cells, k), now = shares(generated(count), k);
    double most = 0;
    for (std::size_t c = 0; c < of_table.size(); ++c) most = std::max(most, std::abs(now[c] - of_table[c]));
    return most;
  }
  Floats generated(int count) const {
    const auto passes = ensemble.forward_on(*backend);
    Arena arena(backend->allocate(ensemble.tape_floats(count, passes)));
    Floats out(elements(count, ensemble.layout().cell_stride()));
    ensemble.generate(*backend, {.seed = 5}, parameters, constants, ensemble.make_tape(arena, count, passes),
                      in_rows(out, count), {});
    return out;
  }

  Memory parameters, constants, table;
};

/// 2,000 rows of a flag that `rare` of them have, and of a word that it says nothing about.
Table rare_flags(int rare) {
  const Philox philox(17, Stream::kMeasure);
  std::string text = "flag,word\n";
  for (std::size_t r = 0; r < 2000; ++r)
    text += fmt::format("{},{}\n", r * 37 % 2000 < static_cast<std::size_t>(rare) ? "yes" : "no",
                        "abc"[philox.bits(r, 0)[0] % 3]);
  return parse_csv(text, "rare.csv");
}

}  // namespace

TEST_CASE_TEMPLATE("column by column, heads are those of a pass over all columns, and rows those of generation", On,
                   EVERY_BACKEND) {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared})
    for (const bool any_order : {false, true}) {
      CAPTURE(static_cast<int>(first));
      CAPTURE(any_order);
      constexpr int kRows = 37;
      const auto backend = On::make();
      const MaskedEnsemble ensemble(test::layout_of({{3}, {20, true}, {2}, {1, true}}),
                                    {.hidden = 40, .dropout = 0, .first = first, .any_order = any_order});
      const ColumnsLayout& layout = ensemble.layout();
      Floats parameters(ensemble.parameters());
      ensemble.initialize(3, parameters);
      const Memory on_device = backend->allocate(parameters.size()),
                   constants = backend->allocate(ensemble.constants());
      backend->upload(parameters, on_device);
      Arena arena(backend->allocate(ensemble.tape_floats(kRows, MaskedEnsemble::Passes::kForward)));
      const MaskedEnsemble::Tape tape = ensemble.make_tape(arena, kRows, MaskedEnsemble::Passes::kForward);
      Floats cells(kRows * layout.cell_stride()), drawn(cells.size(), 0.0f);
      const Draw draw{.seed = 5, .first_row = 11};
      ensemble.generate(*backend, draw, on_device, constants, tape, in_rows(cells, kRows), {});
      ensemble.forward(*backend, in_rows(cells, kRows), on_device, tape);
      const Floats heads = contents(*backend, tape.heads);

      Floats before(kRows * 40);
      const auto sum = [&] { return first == FirstLayer::kShared ? contents(*backend, tape.sum) : Floats(); };
      for (std::size_t k = 0; k < layout.size(); ++k) {
        CAPTURE(k);
        before = sum();
        const auto width = static_cast<std::size_t>(layout.columns[k].head_width());
        Floats head(kRows * width);
        ensemble.head(*backend, k, in_rows(drawn, kRows), on_device, tape, in_rows(head, kRows));
        for (std::size_t r = 0; r < kRows; ++r)
          for (std::size_t i = 0; i < width; ++i)
            CHECK(head[r * width + i] == heads[r * layout.head_stride + layout.columns[k].head + i]);
        if (!before.empty()) backend->upload(before, tape.sum);
        ensemble.draw(*backend, draw, k, on_device, constants, tape, in_rows(drawn, kRows));
      }
      CHECK(drawn == cells);
    }
}

TEST_CASE_TEMPLATE("matched margins are those of the table", On, EVERY_BACKEND) {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared}) {
    CAPTURE(static_cast<int>(first));
    Drifted drifted(0, On::kManyRows / 10, first, On::make());
    CHECK(drifted.furthest(0, On::kManyRows) > 0.1);
    drifted.match();
    // Four standard errors of a share of a quarter; the second column's is matched on other rows than these.
    const double chance = 4 * std::sqrt(0.25 * 0.75 / On::kManyRows);
    CHECK(drifted.furthest(0, On::kManyRows) < chance);
    CHECK(drifted.furthest(1, On::kManyRows) < 2 * chance);
  }
}

TEST_CASE("a column that follows from another is mended with that one, and its own biases stay") {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared}) {
    Drifted drifted(6, 2000, first, test::Cpu::make());
    CHECK(drifted.furthest(1, 20'000) > 0.1);
    const Floats before = drifted.second_bias();
    drifted.match();
    CHECK(drifted.furthest(1, 20'000) < 0.025);
    for (std::size_t c = 0; c < 4; ++c) CHECK(std::abs(drifted.second_bias()[c] - before[c]) < 0.2f);
  }
}

TEST_CASE("margins are matched to the same bits on any number of threads") {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared}) {
    Drifted one(0, 2000, first, test::Cpu::make(1)), three(0, 2000, first, test::Cpu::make(3));
    one.match(1), three.match(3);
    CHECK(contents(*one.backend, one.parameters) == contents(*three.backend, three.parameters));
  }
}

TEST_CASE("a class of 1 % keeps its share, whatever the seed") {
  const Table table = rare_flags(20);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    Options options;
    options.seed = seed;
    options.meg.effort = "fast";
    Meg model(options);
    model.load_data(table);
    model.train();
    const Table rows = model.generate(20'000, seed);
    int rare = 0;
    for (std::size_t r = 0; r < rows.rows(); ++r) rare += test::cell(rows, r, "flag") == "yes";
    CHECK(rare > 160);  // 200 are expected; 40 are nearly three standard errors
    CHECK(rare < 250);
  }
}
