#include "core/model/ensemble/gate.h"
#include "core/model/ensemble/refinement.h"
#include "tests/backends.h"
#include "tests/related.h"

/// A GPU and the CPU do the same: the same operands and noise give the same draws, and numbers that differ by what
/// their sums, logs and exponentials round differently.

using namespace meg;
using test::Floats;
using test::in_rows;

namespace {

/// One code, none that is continuous, only one, and more codes than a block has threads.
std::vector<std::vector<test::Column>> columns_of_all_kinds() {
  return {{{1}}, {{1, true}}, {{2}, {32}, {33}}, {{3, true}, {1}, {1100, true}, {17}}};
}
constexpr int kRows[] = {0, 1, 31, 70};

struct Operands {
  Operands(const std::vector<test::Column>& columns, int rows)
      : ensemble(test::layout_of(columns), {.hidden = 1}),
        cells(test::random_cells(layout, rows, 1)),
        heads(test::random_heads(layout, rows, 2)),
        constants(test::random(ensemble.constants(), 3)),
        view(static_cast<std::size_t>(rows) * layout.view_stride, -9.0f) {
    for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
      for (std::size_t j = 0; j < n; ++j) {
        const ColumnLayout& column = layout.columns[j];
        if (column.continuous < 0) continue;
        heads[r * layout.head_stride + column.head + static_cast<std::size_t>(column.continuous)] += 4;  // often drawn
        cells[r * 3 * n + n + j] *= r % 7 == 0 ? 100.0f : 1.0f;  // z far outside
      }
    // A position follows z as steeply as a table's do: what z differs by in its last bits, it does too.
    for (const ColumnLayout& column : layout.columns)
      for (int i = 0; column.continuous >= 0 && i <= kZCells; ++i)
        constants[column.z_position + static_cast<std::size_t>(i)] = 15.0f * static_cast<float>(i) / kZCells;
  }
  void sample(Backend& backend, int rows, const Draw& draw, const Allowed& allowed = {}) {
    for (int j = 0; j < static_cast<int>(n); ++j)
      backend.sample_column(layout, j, in_rows(heads, rows), constants, draw, in_rows(cells, rows), in_rows(view, rows),
                            allowed);
  }

  MaskedEnsemble ensemble;
  const ColumnsLayout& layout = ensemble.layout();
  std::size_t n = layout.size();
  Floats cells, heads, constants, view;
};

/// Cells drawn: the codes are the same, z and positions nearly; tolerance as check_close has it.
void check_same_draws(const Operands& got, const Operands& expected, double tolerance) {
  for (std::size_t i = 0; i < got.cells.size(); ++i)
    if (i / got.n % 3 == 0) REQUIRE(got.cells[i] == expected.cells[i]);
  test::check_close(got.cells, test::doubles(expected.cells), tolerance);
  test::check_close(got.view, test::doubles(expected.view), tolerance);
}

template <class Body>
void for_operands(const Body& body) {
  for (const auto& columns : columns_of_all_kinds())
    for (const int rows : kRows) {
      CAPTURE(columns.size());
      CAPTURE(rows);
      body(Operands(columns, rows), rows);
    }
}

}  // namespace

TEST_CASE_TEMPLATE("a GPU and the CPU see the same features of cells, and learn the same embeddings", Gpu, EVERY_GPU) {
  const auto gpu = Gpu::make(), cpu = test::Cpu::make();
  for_operands([&](const Operands& o, int rows) {
    const Floats p = test::random(o.ensemble.parameters(), 4);
    const Floats dx = test::random(static_cast<std::size_t>(rows) * o.n * kFeatures, 5);
    const auto run = [&](Backend& backend) {
      Floats x(dx.size(), -9.0f), view(o.view), gradients(p.size(), 0.5f);
      backend.features(o.layout, 0, static_cast<int>(o.n), in_rows(o.cells, rows), p, in_rows(x, rows));
      backend.view_rows(o.layout, in_rows(o.cells, rows), in_rows(view, rows));
      backend.features_backward(o.layout, static_cast<int>(o.n) - 1, in_rows(o.cells, rows), in_rows(dx, rows),
                                gradients);
      return std::tuple(x, view, gradients);
    };
    const auto [x, view, gradients] = run(*gpu);
    const auto [cpu_x, cpu_view, cpu_gradients] = run(*cpu);
    CHECK(x == cpu_x);
    CHECK(view == cpu_view);
    test::check_close(gradients, test::doubles(cpu_gradients), 1e-6);
  });
}

TEST_CASE_TEMPLATE("a GPU and the CPU find the same losses and gradients of heads", Gpu, EVERY_GPU) {
  const auto gpu = Gpu::make(), cpu = test::Cpu::make();
  for_operands([&](const Operands& o, int rows) {
    const auto run = [&](Backend& backend) {
      Floats loss(static_cast<std::size_t>(rows) * o.n, -9.0f), dheads(o.heads.size(), -9.0f);
      backend.heads_loss(o.layout, in_rows(o.heads, rows), in_rows(o.cells, rows), 0.25f, in_rows(loss, rows),
                         in_rows(dheads, rows));
      return std::pair(loss, dheads);
    };
    const auto [loss, dheads] = run(*gpu);
    const auto [cpu_loss, cpu_dheads] = run(*cpu);
    test::check_close(loss, test::doubles(cpu_loss), 2e-6);
    test::check_close(dheads, test::doubles(cpu_dheads), 1e-5);  // shares are exp of distances of up to 100
  });
}

TEST_CASE_TEMPLATE("a GPU and the CPU draw the same cells, free and kept to a set, and their gradients", Gpu,
                   EVERY_GPU) {
  const auto gpu = Gpu::make(), cpu = test::Cpu::make();
  for_operands([&](const Operands& o, int rows) {
    for (const float temperature : {1.0f, 0.25f}) {
      const Draw draw{.seed = 3, .first_row = (std::uint64_t{1} << 32) - 7, .temperature = temperature};
      Operands here(o), there(o);
      here.sample(*gpu, rows, draw);
      there.sample(*cpu, rows, draw);
      check_same_draws(here, there, 1e-5);
    }
    const Floats dview = test::random(o.view.size(), 6);
    const auto run = [&](Backend& backend) {
      Floats dheads(o.heads.size(), -9.0f);
      backend.sample_backward(o.layout, in_rows(o.heads, rows), in_rows(o.cells, rows), {.seed = 3},
                              in_rows(dview, rows), in_rows(dheads, rows));
      return dheads;
    };
    test::check_close(run(*gpu), test::doubles(run(*cpu)), 1e-5);
  });

  struct Set {
    Floats codes;
    float low, high;
  };
  for (const Set& set : {Set{{1, 1, 1, 1}, -3, 3},
                         {{0, 1, 0, 1}, 0.2f, 0.7f},
                         {{1, 0, 1, 0}, 0, 0},
                         {{0, 0, 0, 1}, 2.9f, 3},
                         {{0, 0, 0, 1}, -2.999f, -2.998f},
                         {{0, 0, 0, 1}, 0.1f, 0.1f},
                         {{1, 0, 0, 1}, 1, -1},  // nothing between them
                         {{0, 0, 0, 0}, -3, 3}})
    for (const int rows : {1, 33})
      for (const float temperature : {1.0f, 0.25f, 1e-6f}) {
        CAPTURE(set.codes);
        CAPTURE(set.low);
        CAPTURE(temperature);
        Operands here({{4, true}}, rows), there({{4, true}}, rows);
        const Draw draw{.seed = 4, .first_row = 9, .temperature = temperature};
        const Allowed allowed{set.codes, set.low, set.high};
        here.sample(*gpu, rows, draw, allowed);
        there.sample(*cpu, rows, draw, allowed);
        check_same_draws(here, there, 1e-6);  // both draw in double
      }
}

TEST_CASE_TEMPLATE("a GPU and the CPU sum up the same along generators", Gpu, EVERY_GPU) {
  const auto gpu = Gpu::make(), cpu = test::Cpu::make();
  struct Case {
    int rows, groups, width;
  };
  for (const Case& c : {Case{0, 3, 4}, {1, 1, 1}, {33, 5, 130}, {9, 70, 17}}) {
    const int rows = c.rows, groups = c.groups, width = c.width;
    CAPTURE(rows);
    CAPTURE(groups);
    const auto units = static_cast<std::size_t>(groups * width), batch = static_cast<std::size_t>(rows);
    const Floats products = test::random(batch * units, 1), bias = test::random(units, 2);
    const auto run = [&](Backend& backend) {
      Floats sum(batch * static_cast<std::size_t>(width), 0.0f), y(products), d(products), dbias(bias);
      backend.running_sum_forward(0, static_cast<std::size_t>(groups), in_rows(products, rows), in_rows(bias, groups),
                                  {0.25f, 5, 6}, in_rows(sum, rows), in_rows(y, rows));
      backend.running_sum_backward(in_rows(d, rows), in_rows(d, rows), in_rows(dbias, groups));
      return std::tuple(sum, y, d, dbias);
    };
    CHECK(run(*gpu) == run(*cpu));  // the same additions in the same order
  }
}

TEST_CASE_TEMPLATE("an ensemble on a GPU and on the CPU: the same heads, gradients and rows", Gpu, EVERY_GPU) {
  const int rows = 33;
  using First = MaskedEnsemble::FirstLayer;
  constexpr int kFixed = MaskedEnsemble::Tape::kNowhere;
  struct Case {
    First first;
    int hidden, hidden_from;
  };
  for (const Case& c : {Case{First::kOwn, 40, kFixed},
                        {First::kShared, 40, kFixed},
                        {First::kOwn, 72, kFixed},
                        {First::kShared, 136, kFixed},
                        {First::kOwn, 40, 0},
                        {First::kOwn, 136, 13},
                        {First::kShared, 40, 13}}) {
    CAPTURE(static_cast<int>(c.first));
    CAPTURE(c.hidden);
    CAPTURE(c.hidden_from);
    const bool any_order = c.hidden_from != kFixed;
    const MaskedEnsemble ensemble(test::layout_of({{3}, {5, true}, {1}, {33}}),
                                  {.hidden = c.hidden, .dropout = 0.1f, .first = c.first, .any_order = any_order});
    const ColumnsLayout& layout = ensemble.layout();
    const Floats real = test::random_cells(layout, rows, 1);
    Floats holes = real;
    for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
      for (std::size_t j = r % 4; j < 4; ++j) holes[r * 12 + j] = -1;
    const auto run = [&](Backend& backend) {
      const auto on_device = [&](const Floats& x) {
        Memory memory = backend.allocate(x.size());
        backend.upload(x, memory);
        return memory;
      };
      const auto on_host = [&](ConstView from) {
        Floats out(from.size());
        backend.download(from, out);
        return out;
      };
      Floats start(ensemble.parameters());
      ensemble.initialize(3, start);
      const Memory p = on_device(start), cells = on_device(real), drawn = on_device(holes);
      const Memory constants = on_device(test::random(ensemble.constants(), 3)), gradients = backend.allocate(p.size());
      const Memory losses = backend.allocate(static_cast<std::size_t>(rows) * layout.size());
      Arena arena(backend.allocate(ensemble.tape_floats(rows, MaskedEnsemble::Passes::kBackward)));
      MaskedEnsemble::Tape tape = ensemble.make_tape(arena, rows, MaskedEnsemble::Passes::kBackward);
      tape.dropout = 0.1f, tape.seed = 5, tape.step = 6, tape.hidden_from = c.hidden_from;
      const View in = cells.view(rows, layout.cell_stride()), out = drawn.view(rows, layout.cell_stride());
      ensemble.forward(backend, in, p, tape);
      backend.heads_loss(layout, tape.heads, in, 1.0f / rows, losses.view(rows, layout.size()), tape.dheads);
      ensemble.backward(backend, rows, in, p, tape, gradients);
      const Floats heads = on_host(tape.heads);
      const auto passes = ensemble.forward_on(backend);
      Arena of_forward(backend.allocate(ensemble.tape_floats(rows, passes)));
      MaskedEnsemble::Tape forward = ensemble.make_tape(of_forward, rows, passes);
      if (any_order)  // row r lacks the cells of column r % 4 and of those behind it
        ensemble.fill(backend, {.seed = 5}, p, constants, forward, out,
                      std::array<ColumnToFill, 4>{{{3, {}}, {1, {}}, {0, {}}, {2, {}}}});
      else
        ensemble.generate(backend, {.seed = 5}, p, constants, forward, out, {});
      return std::tuple(heads, on_host(losses), on_host(gradients), on_host(drawn));
    };
    const auto [heads, losses, gradients, drawn] = run(*Gpu::make());
    const auto [cpu_heads, cpu_losses, cpu_gradients, cpu_drawn] = run(*test::Cpu::make());
    test::check_close(heads, test::doubles(cpu_heads), 1e-5);
    test::check_close(losses, test::doubles(cpu_losses), 1e-5);
    test::check_close(gradients, test::doubles(cpu_gradients), 1e-5);
    test::check_close(drawn, test::doubles(cpu_drawn), 1e-4);  // the error of a column's z goes into the next heads
  }
}

TEST_CASE_TEMPLATE("a training run on a GPU goes where it goes on the CPU", Gpu, EVERY_GPU) {
  const auto run = [](std::unique_ptr<Backend> backend, bool any_order) {
    test::Related r(3, 120, any_order, MaskedEnsemble::FirstLayer::kOwn, std::move(backend));
    r.options.batch_size = 60;
    const Memory cells = r.backend->allocate(r.cells.size());
    r.backend->upload(r.cells, cells);
    r.rows.cells = cells.view(r.rows.cells.rows(), r.rows.cells.columns());
    const Memory constants = r.backend->allocate(r.ensemble.constants());
    WarmUp warm_up = r.warm_up();
    while (!warm_up.done()) warm_up.step();
    Refinement refinement(*r.backend, r.ensemble, r.rows, constants,
                          {.steps = 4, .discriminator_first = 2, .batch_size = 32, .hidden = {16}, .seed = 1},
                          warm_up.best());
    while (!refinement.done()) refinement.step();
    const auto [discriminator, generators] = refinement.losses();
    const Gate::Score score = Gate(*r.backend, r.ensemble, r.rows, constants, 5).score(refinement.result());
    return reference::Doubles{warm_up.train_loss(),
                              warm_up.held_out_loss(),
                              static_cast<double>(discriminator),
                              static_cast<double>(generators),
                              score.shape,
                              score.trend,
                              score.loss};
  };
  for (const bool any_order : {false, true}) {
    CAPTURE(any_order);
    const reference::Doubles gpu = run(Gpu::make(), any_order), cpu = run(test::Cpu::make(), any_order);
    // Adam divides by the gradient's size, and so makes much of the rounding of small ones.
    test::check_close(Floats(gpu.begin(), gpu.end()), cpu, 1e-3);
  }
}
