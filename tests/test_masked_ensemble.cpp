#include "core/model/ensemble/masked_ensemble.h"
#include "core/model/ensemble/warm_up.h"
#include "tests/allocations.h"
#include "tests/backends.h"
#include "tests/reference_heads.h"
#include "tests/related.h"

using namespace meg;
using reference::Doubles;
using test::Floats;
using test::in_rows;
using test::Related;
using test::related_cells;

namespace {

using FirstLayer = MaskedEnsemble::FirstLayer;

/// The network as masked_ensemble.h writes it down, in plain loops; parameters lie layer by layer, a generator's weight
/// [inputs, outputs] before its bias. Of a shared first layer the columns' weights come before all biases. Of any
/// order, the first layer has weights for all other columns. Heads of all columns, [rows, head_stride]. The last
/// `hiding` rows see all others that they do not hide (seed, first row number).
struct Hiding {
  int rows = 0;
  std::uint64_t seed = 0, first = 0;
  Dropout mask{};  // of the first layer
};

Doubles network(const MaskedEnsemble& ensemble, int rows, const Floats& cells, const Doubles& p, const Dropout masks[2],
                const Hiding& hiding = {}) {
  const ColumnsLayout& layout = ensemble.layout();
  const bool any_order = ensemble.shape().any_order, is_shared = ensemble.shape().first == FirstLayer::kShared;
  const std::size_t n = layout.size(), hidden = static_cast<std::size_t>(ensemble.shape().hidden), units = n * hidden;
  const Doubles x = reference::features(layout, rows, cells, p);
  const auto before = static_cast<std::size_t>(rows - hiding.rows);
  const auto sees = [&](std::size_t r, std::size_t k, std::size_t j) {
    return r < before ? j < k : j != k && !reference::hides(hiding.seed, hiding.first + r - before, j);
  };
  const double* next = p.data();  // the weights that come next
  const auto layer = [&](const Doubles& in, std::size_t stride, std::size_t first, std::size_t inputs, Doubles& out,
                         std::size_t out_stride, std::size_t out_first, std::size_t outputs) {
    for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
      for (std::size_t o = 0; o < outputs; ++o) {
        double sum = next[inputs * outputs + o];
        for (std::size_t i = 0; i < inputs; ++i) sum += in[r * stride + first + i] * next[i * outputs + o];
        out[r * out_stride + out_first + o] = sum;
      }
    next += (inputs + 1) * outputs;
  };
  const auto relu_dropout = [&](Doubles& a, const Dropout& mask, const Dropout& of_hiding) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const bool drops = is_shared || layout.columns[i % units / hidden].continuous < 0;
      const double factor = i < before * units ? reference::dropout_mask(mask, i)
                                               : reference::dropout_mask(of_hiding, i - before * units);
      a[i] = std::max(a[i], 0.0) * (drops ? factor : 1);
    }
  };
  const std::size_t batch = static_cast<std::size_t>(rows);
  Doubles a0(batch * units), a1(batch * units), heads(batch * layout.head_stride);
  // The first layer, weight by weight: `inputs` of generator k's columns, then its bias; or one for all.
  const double *const weights = next, *const biases = next + (any_order ? n : n - 1) * kFeatures * hidden;
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t columns = any_order ? n - 1 : k;
    const double *const w = is_shared ? weights : next, *const b = is_shared ? biases + k * hidden
                                                                             : next + columns * kFeatures * hidden;
    for (std::size_t r = 0; r < batch; ++r)
      for (std::size_t o = 0; o < hidden; ++o) {
        double sum = b[o];
        for (std::size_t j = 0; j < n; ++j)
          for (std::size_t f = 0; f < kFeatures && sees(r, k, j); ++f)
            sum += x[(r * n + j) * kFeatures + f] * w[((is_shared || j < k ? j : j - 1) * kFeatures + f) * hidden + o];
        a0[r * units + k * hidden + o] = sum;
      }
    next = is_shared ? biases + units : b + hidden;
  }
  relu_dropout(a0, masks[0], hiding.mask);
  for (std::size_t k = 0; k < n; ++k) layer(a0, units, k * hidden, hidden, a1, units, k * hidden, hidden);
  for (std::size_t i = 0; i < a1.size(); ++i)  // one layer for all rows, hiding or not
    a1[i] = std::max(a1[i], 0.0) *
            (is_shared || layout.columns[i % units / hidden].continuous < 0 ? reference::dropout_mask(masks[1], i) : 1);
  for (std::size_t i = 0; i < a1.size(); ++i) a1[i] += a0[i];
  for (std::size_t k = 0; k < n; ++k)
    layer(a1, units, k * hidden, hidden, heads, layout.head_stride, layout.columns[k].head,
          static_cast<std::size_t>(layout.columns[k].head_width()));
  return heads;
}

/// -log likelihood, the mean over rows of the sum over columns.
double loss_of(const ColumnsLayout& layout, int rows, const Doubles& heads, const Floats& cells) {
  const std::size_t n = layout.size();
  double sum = 0;
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    for (std::size_t j = 0; j < n; ++j) {
      const ColumnLayout& column = layout.columns[j];
      const auto begin = heads.begin() + static_cast<std::ptrdiff_t>(r * layout.head_stride + column.head);
      sum +=
          reference::cell_loss(column, Doubles(begin, begin + column.head_width()),
                               static_cast<int>(cells[r * 3 * n + j]), static_cast<double>(cells[r * 3 * n + n + j]));
    }
  return sum / rows;
}

/// An ensemble with its operands on a backend.
struct Fixture {
  Fixture(std::unique_ptr<Backend> on, const std::vector<test::Column>& columns, MaskedEnsemble::Shape shape, int batch)
      : backend(std::move(on)),
        ensemble(test::layout_of(columns), shape),
        rows(batch),
        parameters(backend->allocate(ensemble.parameters())),
        constants(backend->allocate(ensemble.constants())),
        arena(backend->allocate(ensemble.tape_floats(batch, MaskedEnsemble::Passes::kBackward))),
        tape(ensemble.make_tape(arena, batch, MaskedEnsemble::Passes::kBackward)) {
    Floats p(ensemble.parameters());
    ensemble.initialize(3, p);
    const Floats more = test::random(p.size(), 4);
    for (std::size_t i = 0; i < p.size(); ++i) p[i] += 0.3f * more[i];
    backend->upload(p, parameters);
    Floats c(constants.size());
    for (std::size_t i = 0; i < c.size(); ++i) c[i] = 15.0f * static_cast<float>(i % 8) / 8;
    backend->upload(c, constants);
  }
  Doubles parameters_in_double() const { return test::doubles(contents(parameters)); }
  Floats heads() const { return contents(tape.heads); }
  Floats contents(ConstView of) const {
    Floats out(of.size());
    backend->download(of, out);
    return out;
  }

  std::unique_ptr<Backend> backend;
  MaskedEnsemble ensemble;
  int rows;
  Memory parameters, constants;
  Arena arena;
  MaskedEnsemble::Tape tape;
};

template <class On>
Floats generated(FirstLayer first, int threads, int rows, std::uint64_t first_row) {
  Fixture f(On::make(threads), {{3}, {20, true}, {2}, {1, true}}, {.hidden = 40, .dropout = 0, .first = first}, rows);
  Floats cells(static_cast<std::size_t>(rows) * 12);
  f.ensemble.generate(*f.backend, {.seed = 5, .first_row = first_row}, f.parameters, f.constants, f.tape,
                      in_rows(cells, rows), {});
  return cells;
}

}  // namespace

TEST_CASE_TEMPLATE("the masked ensemble and all its gradients agree with a naive network, with and without dropout", On,
                   EVERY_BACKEND) {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared})
    for (const float dropout : {0.0f, 0.3f}) {
      CAPTURE(static_cast<int>(first));
      CAPTURE(dropout);
      Fixture f(On::make(), {{3}, {2, true}, {4}, {1}}, {.hidden = 5, .dropout = dropout, .first = first}, 6);
      const ColumnsLayout& layout = f.ensemble.layout();
      const Floats cells = test::random_cells(layout, f.rows, 1);
      const Doubles p = f.parameters_in_double();
      f.tape.dropout = dropout, f.tape.seed = 8, f.tape.step = 3;
      const Dropout masks[2] = {{dropout, 8, 6}, {dropout, 8, 7}};
      f.ensemble.forward(*f.backend, in_rows(cells, f.rows), f.parameters, f.tape);
      test::check_close(f.heads(), network(f.ensemble, f.rows, cells, p, masks), 1e-5);

      Floats losses(static_cast<std::size_t>(f.rows) * layout.size()), gradients(p.size(), 0.0f);
      f.backend->heads_loss(layout, f.tape.heads, in_rows(cells, f.rows), 1.0f / 6, in_rows(losses, f.rows),
                            f.tape.dheads);
      float loss = 0;
      f.backend->add_sum(1.0f / 6, losses, &loss);
      const auto expected = [&](const Doubles& at) {
        return loss_of(layout, f.rows, network(f.ensemble, f.rows, cells, at, masks), cells);
      };
      CHECK(static_cast<double>(loss) == doctest::Approx(expected(p)).epsilon(1e-5));
      f.ensemble.backward(*f.backend, f.rows, in_rows(cells, f.rows), f.parameters, f.tape, gradients);
      test::check_close(gradients, reference::gradient(expected, p, 1e-6), 5e-5);

      // The embeddings of the last rows alone: as if the others had had no gradient.
      Floats last(p.size(), 0.0f), alone(p.size(), 0.0f);
      f.ensemble.backward(*f.backend, 2, in_rows(cells, f.rows), f.parameters, f.tape, last);
      f.backend->fill(0.0f, f.tape.dheads.row_range(0, 4));
      f.ensemble.backward(*f.backend, f.rows, in_rows(cells, f.rows), f.parameters, f.tape, alone);
      const std::size_t embeddings = layout.columns[0].embedding;
      for (std::size_t i = 0; i < p.size(); ++i)
        CHECK(last[i] == doctest::Approx(i < embeddings ? gradients[i] : alone[i]).epsilon(1e-5));
    }
}

TEST_CASE_TEMPLATE("of any order, rows that hide columns agree with a naive network too, and so do all gradients", On,
                   EVERY_BACKEND) {
  struct Case {
    int hiding;
    float dropout;
  };
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared})
    for (const Case& c : {Case{0, 0.0f}, {4, 0.0f}, {4, 0.3f}, {6, 0.3f}}) {
      CAPTURE(static_cast<int>(first));
      CAPTURE(c.hiding);
      CAPTURE(c.dropout);
      Fixture f(On::make(), {{3}, {2, true}, {4}, {1}},
                {.hidden = 3, .dropout = c.dropout, .first = first, .any_order = true}, 6);
      const ColumnsLayout& layout = f.ensemble.layout();
      const Floats cells = test::random_cells(layout, f.rows, 1);
      const Doubles p = f.parameters_in_double();
      f.tape.dropout = c.dropout, f.tape.seed = 8, f.tape.step = 3;
      if (c.hiding > 0) f.tape.hidden_from = f.rows - c.hiding;
      const Dropout masks[2] = {{c.dropout, 8, 6}, {c.dropout, 8, 7}};
      const Hiding of{c.hiding, 8, 3 << 20, {c.dropout, 8, (std::uint64_t{1} << 63) + 6}};
      f.ensemble.forward(*f.backend, in_rows(cells, f.rows), f.parameters, f.tape);
      test::check_close(f.heads(), network(f.ensemble, f.rows, cells, p, masks, of), 1e-5);

      Floats losses(static_cast<std::size_t>(f.rows) * layout.size()), gradients(p.size(), 0.0f);
      f.backend->heads_loss(layout, f.tape.heads, in_rows(cells, f.rows), 1.0f / 6, in_rows(losses, f.rows),
                            f.tape.dheads);
      f.ensemble.backward(*f.backend, f.rows, in_rows(cells, f.rows), f.parameters, f.tape, gradients);
      const auto expected = [&](const Doubles& at) {
        return loss_of(layout, f.rows, network(f.ensemble, f.rows, cells, at, masks, of), cells);
      };
      test::check_close(gradients, reference::gradient(expected, p, 1e-6), 5e-5);

      Floats last(p.size(), 0.0f);  // the embeddings of the last five rows alone: weights have all of their gradients
      f.ensemble.forward(*f.backend, in_rows(cells, f.rows), f.parameters, f.tape);
      f.ensemble.backward(*f.backend, 5, in_rows(cells, f.rows), f.parameters, f.tape, last);
      f.backend->fill(0.0f, f.tape.dheads.row_range(0, 1));
      Floats alone(p.size(), 0.0f);
      f.ensemble.forward(*f.backend, in_rows(cells, f.rows), f.parameters, f.tape);
      f.ensemble.backward(*f.backend, f.rows, in_rows(cells, f.rows), f.parameters, f.tape, alone);
      for (std::size_t i = 0; i < p.size(); ++i)
        CHECK(last[i] == doctest::Approx(i < layout.columns[0].embedding ? gradients[i] : alone[i]).epsilon(1e-4));
    }
}

TEST_CASE("the fixed order is the same bits whether or not the ensemble has weights for any other") {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared}) {
    const std::vector<test::Column> columns{{3}, {20, true}, {2}, {1, true}};
    Fixture fixed(test::Cpu::make(), columns, {.hidden = 40, .dropout = 0, .first = first}, 67);
    Fixture any(test::Cpu::make(), columns, {.hidden = 40, .dropout = 0, .first = first, .any_order = true}, 67);
    Floats cells(67 * 12), others(67 * 12);
    // The weights of the fixed one, at their places in the other.
    const std::size_t w = kFeatures * 40, n = 4;
    const float* from = fixed.parameters.data();
    float* to = any.parameters.data();
    for (std::size_t k = 0; k < n && first == FirstLayer::kOwn; ++k, to += (n - 1) * w + 40)
      from = (std::copy_n(from, k * w, to), std::copy_n(from + k * w, 40, to + (n - 1) * w), from + k * w + 40);
    if (first == FirstLayer::kShared) std::copy_n(from, (n - 1) * w, to), from += (n - 1) * w, to += n * w;
    std::copy(from, static_cast<const float*>(fixed.parameters.data()) + fixed.parameters.size(), to);
    for (const auto& [f, out] : {std::pair{&fixed, &cells}, {&any, &others}})
      f->ensemble.generate(*f->backend, {.seed = 5}, f->parameters, f->constants, f->tape, in_rows(*out, 67), {});
    CHECK(cells == others);
  }
}

namespace {

/// Rows whose unknown cells have code -1, by `hides`, filled.
template <class On>
Floats filled(FirstLayer first, int rows, std::uint64_t first_row, const Floats& cells, int threads = 2) {
  Fixture f(On::make(threads), {{3}, {20, true}, {2}, {1, true}},
            {.hidden = 40, .dropout = 0, .first = first, .any_order = true}, rows);
  Floats out = cells;
  const std::vector<ColumnToFill> all{{0, {}}, {1, {}}, {2, {}}, {3, {}}};
  f.ensemble.fill(*f.backend, {.seed = 5, .first_row = first_row}, f.parameters, f.constants, f.tape,
                  in_rows(out, rows), all);
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE(
    "filling keeps what is known, and a row is the same bits whatever is known of others and on any threads", On,
    EVERY_BACKEND) {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared}) {
    CAPTURE(static_cast<int>(first));
    Floats cells = test::random_cells(test::layout_of({{3}, {20, true}, {2}, {1, true}}), 300, 9);
    for (std::size_t r = 0; r < 300; ++r)
      for (std::size_t j = 0; j < 4; ++j)
        if (reference::hides(1, r, j)) cells[r * 12 + j] = -1;
    const Floats all = filled<On>(first, 300, 10, cells);
    CHECK(all == filled<On>(first, 300, 10, cells, 1));
    std::size_t known = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i % 12 < 4) CHECK(all[i] >= 0);
      if (cells[i - i % 12 + i % 4] < 0) continue;
      CHECK(all[i] == cells[i]);
      ++known;
    }
    CHECK(known > 1000);
    for (const std::size_t row : {0u, 17u, 131u, 299u}) {
      const auto part = [&](const Floats& of, std::size_t r) {
        return Floats(of.begin() + static_cast<std::ptrdiff_t>(r * 12),
                      of.begin() + static_cast<std::ptrdiff_t>(r * 12 + 12));
      };
      CHECK(filled<On>(first, 1, 10 + row, part(cells, row)) == part(all, row));
    }
  }
}

TEST_CASE("multiply_adds counts the products that happen") {
  const MaskedEnsemble ensemble(test::layout_of({{3}, {2, true}}), {.hidden = 5});
  CHECK(ensemble.multiply_adds() == 32 * 5 + 2 * 5 * 5 + 5 * (3 + 2 + 3 * kMixtures));
  const MaskedEnsemble shared(test::layout_of({{3}, {2}, {4}}), {.hidden = 5, .first = FirstLayer::kShared});
  CHECK(shared.multiply_adds() == 2 * 32 * 5 + 3 * 5 * 5 + 5 * (3 + 2 + 4));
}

TEST_CASE_TEMPLATE("generating leaves in the tape what a forward pass on its rows would, and writes their view", On,
                   EVERY_BACKEND) {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared}) {
    CAPTURE(static_cast<int>(first));
    Fixture f(On::make(), {{3}, {20, true}, {2}, {1, true}}, {.hidden = 40, .dropout = 0, .first = first}, 67);
    const ColumnsLayout& layout = f.ensemble.layout();
    Floats cells(67 * layout.cell_stride()), view(67 * layout.view_stride);
    f.ensemble.generate(*f.backend, {.seed = 5}, f.parameters, f.constants, f.tape, in_rows(cells, 67),
                        in_rows(view, 67));
    CHECK(test::doubles(view) == reference::view_rows(layout, 67, cells));
    const auto contents = [&] {
      Floats all = f.heads();
      for (const View part : {f.tape.x, f.tape.a0, f.tape.a1, f.tape.h})
        for (const float v : f.contents(part)) all.push_back(v);
      return all;
    };
    const Floats drawn = contents();
    for (const View all : {f.tape.x, f.tape.a0, f.tape.a1, f.tape.h})  // forward must write them
      f.backend->fill(-9, all.row_range(0, 1));
    f.ensemble.forward(*f.backend, in_rows(cells, 67), f.parameters, f.tape);
    test::check_close(contents(), test::doubles(drawn), 1e-6);
  }
}

TEST_CASE_TEMPLATE("rows drawn at once are the bits of rows drawn column by column, and so is the tape", On,
                   EVERY_PRECISION) {
  struct Case {
    int hidden, rows;
    float temperature;
  };
  for (const Case& c : {Case{40, 67, 1.0f}, {40, 1, 0.7f}, {128, 33, 0.7f}}) {
    CAPTURE(c.hidden);
    const Draw from{.seed = 5, .first_row = 7, .temperature = c.temperature};
    Fixture f(On::make(), {{3}, {20, true}, {2}, {1, true}, {40}}, {.hidden = c.hidden, .dropout = 0}, c.rows);
    const ColumnsLayout& layout = f.ensemble.layout();
    const auto batch = static_cast<std::size_t>(c.rows);
    const auto drawn = [&](bool fills) {  // where cells may be known, columns are drawn one by one
      Floats cells(batch * layout.cell_stride(), -1.0f), view(batch * layout.view_stride);
      Draw draw = from;
      draw.fills = fills;
      f.ensemble.generate(*f.backend, draw, f.parameters, f.constants, f.tape, in_rows(cells, c.rows),
                          in_rows(view, c.rows));
      cells.insert(cells.end(), view.begin(), view.end());
      for (const View all : {f.tape.x, f.tape.a0, f.tape.a1, f.tape.h, f.tape.heads}) {
        const Floats part = f.contents(all);
        cells.insert(cells.end(), part.begin(), part.end());
        f.backend->fill(-9, all);
      }
      return cells;
    };
    CHECK(drawn(false) == drawn(true));
  }
}

TEST_CASE_TEMPLATE("generated rows are the same bits on one thread and on three, and in any batch", On, EVERY_BACKEND) {
  for (const FirstLayer layer : {FirstLayer::kOwn, FirstLayer::kShared}) {
    CAPTURE(static_cast<int>(layer));
    const Floats whole = generated<On>(layer, 1, 300, 10);
    CHECK(whole == generated<On>(layer, 3, 300, 10));
    for (const std::size_t first : {0u, 1u, 130u, 290u}) {
      const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(first * 12);
      CHECK(generated<On>(layer, 2, 10, 10 + first) == Floats(begin, begin + 120));
    }
  }
}

TEST_CASE_TEMPLATE("rows whose leading columns are known go on as if these had been drawn", On, EVERY_BACKEND) {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared})
    for (const int known : {1, 3}) {
      CAPTURE(static_cast<int>(first));
      CAPTURE(known);
      Fixture f(On::make(), {{3}, {20, true}, {2}, {1, true}}, {.hidden = 40, .dropout = 0, .first = first}, 64);
      const Floats whole = generated<On>(first, 2, 64, 10);
      Floats cells = whole;
      for (std::size_t r = 0; r < 64; ++r)
        for (std::size_t i = static_cast<std::size_t>(known); i < 12; ++i)
          if (i % 4 >= static_cast<std::size_t>(known)) cells[r * 12 + i] = 0;
      f.ensemble.generate(*f.backend, {.seed = 5, .first_row = 10}, f.parameters, f.constants, f.tape,
                          in_rows(cells, 64), {}, {.columns = known});
      CHECK(cells == whole);
    }
}

TEST_CASE("the warm-up learns related columns up to their entropy, and its rows obey the relation") {
  Related r(8, 4000);
  WarmUp warm_up = r.warm_up();
  while (!warm_up.done()) warm_up.step();
  const double entropy = std::log(4) + std::log(std::sqrt(2 * std::numbers::pi * std::numbers::e) / 2);
  CHECK(warm_up.epoch() <= 8);
  CHECK(warm_up.best_loss() < entropy + 0.12);  // 400 held-out rows: their own entropy varies by 0.035
  CHECK(warm_up.best_loss() > entropy - 0.12);

  const int rows = 2000;
  Arena arena(r.backend->allocate(r.ensemble.tape_floats(rows, MaskedEnsemble::Passes::kForward)));
  auto tape = r.ensemble.make_tape(arena, rows, MaskedEnsemble::Passes::kForward);
  Floats constants(r.ensemble.constants(), -1.0f), cells(rows * 9);
  const ColumnLayout& column = r.ensemble.layout().columns[2];
  for (std::size_t i = 0; i <= kZCells; ++i)
    constants[column.z_position + i] = 7.5f + 2 * (-3 + 6 * static_cast<float>(i) / kZCells);
  r.ensemble.generate(*r.backend, {.seed = 5}, warm_up.best(), constants, tape, in_rows(cells, rows), {});
  double obey = 0, near = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const float* cell = &cells[i * 9];
    obey += cell[1] == 3 - cell[0] ? 1.0 / rows : 0;
    near += std::abs(cell[5] - (cell[0] < 2 ? -1.0f : 1.0f)) < 1.0f ? 1.0 / rows : 0;  // two sigmas
  }
  CHECK(obey > 0.98);
  CHECK(near == doctest::Approx(0.954).epsilon(0.02));
}

TEST_CASE("a warm-up keeps an average that held-out rows find better by more than chance, if it is told to") {
  const auto losses = [](float least_gain) {  // after every epoch: what the best average has, and the last
    Related r(20);
    r.options.least_gain = least_gain;
    WarmUp warm_up = r.warm_up();
    std::vector<std::pair<float, float>> out;
    while (!warm_up.done())
      if (warm_up.step()) out.emplace_back(warm_up.best_loss(), warm_up.held_out_loss());
    return out;
  };
  float best = std::numeric_limits<float>::infinity();
  for (const auto& [kept, last] : losses(0)) CHECK(kept == (best = std::min(best, last)));
  const auto stubborn = losses(1e6f);
  for (const auto& [kept, last] : stubborn) CHECK(kept == stubborn.front().second);
  const auto careful = losses(1);
  CHECK(careful.back().first < careful.front().first - 0.1f);  // a gain that is none of chance
  int passed_over = 0;
  for (const auto& [kept, last] : careful) passed_over += last < kept ? 1 : 0;
  CHECK(passed_over > 0);
}

TEST_CASE("a warm-up saved in the middle of an epoch goes on with the same bits") {
  for (const bool any_order : {false, true}) {
    Related r(3, 2000, any_order);
    const auto finish = [](WarmUp& warm_up) {
      while (!warm_up.done()) warm_up.step();
      TensorFile file;
      warm_up.save(file);
      return file;
    };
    WarmUp whole = r.warm_up();
    const TensorFile expected = finish(whole);
    for (const int steps : {0, 5, 29, 40}) {  // 29 steps are an epoch
      CAPTURE(steps);
      WarmUp first = r.warm_up();
      for (int i = 0; i < steps; ++i) first.step();
      TensorFile saved;
      first.save(saved);
      WarmUp second = r.warm_up();
      second.load(saved);
      CHECK(second.steps_done() == steps);
      const TensorFile got = finish(second);
      CHECK(got.tensors == expected.tensors);
      CHECK(got.metadata == expected.metadata);
    }
  }
}

TEST_CASE("a warm-up of any order learns to tell each column from the others, before it or behind") {
  for (const FirstLayer first : {FirstLayer::kOwn, FirstLayer::kShared}) {
    CAPTURE(static_cast<int>(first));
    Related r(8, 4000, true, first);
    WarmUp warm_up = r.warm_up();
    while (!warm_up.done()) warm_up.step();
    const double entropy = std::log(4) + std::log(std::sqrt(2 * std::numbers::pi * std::numbers::e) / 2);
    CHECK(warm_up.held_out_loss() < entropy + 0.15);  // in the fixed order
    // Given z around -1 alone, the first column is 0 or 1, and then the second 3 or 2; around 1, 2 or 3 and 1 or 0.
    const int rows = 2000;
    Arena arena(r.backend->allocate(r.ensemble.tape_floats(rows, MaskedEnsemble::Passes::kForward)));
    auto tape = r.ensemble.make_tape(arena, rows, MaskedEnsemble::Passes::kForward);
    const Floats constants(r.ensemble.constants(), -1.0f);
    Floats cells;
    for (int i = 0; i < rows; ++i) {
      const float z = i % 2 == 0 ? -1.2f : 1.2f;
      for (const float x : {-1.0f, -1.0f, 0.0f, 0.0f, 0.0f, z, -1.0f, -1.0f, 7.5f + 2 * z}) cells.push_back(x);
    }
    const std::vector<ColumnToFill> all{{1, {}}, {0, {}}};
    r.ensemble.fill(*r.backend, {.seed = 5}, warm_up.best(), constants, tape, in_rows(cells, rows), all);
    double obey = 0, agree = 0, lower = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(rows); ++i) {
      const float* cell = &cells[i * 9];
      obey += cell[1] == 3 - cell[0] ? 1.0 / rows : 0;
      agree += (cell[0] < 2) == (cell[5] < 0) ? 1.0 / rows : 0;
      lower += cell[0] == 0 || cell[0] == 2 ? 1.0 / rows : 0;
    }
    CHECK(obey > 0.97);
    CHECK(agree > 0.97);  // 0.992 of the rows with |z| = 1.2 are on its side
    CHECK(lower == doctest::Approx(0.5).epsilon(0.1));
  }
}

TEST_CASE("a warm-up is the same bits on one thread and on two") {
  std::vector<TensorFile> files;
  for (const int threads : {1, 2}) {
    Related r(1);
    r.backend = make_backend(Device::kCpu, threads);
    WarmUp warm_up = r.warm_up();
    while (!warm_up.done()) warm_up.step();
    warm_up.save(files.emplace_back());
  }
  CHECK(files[0].tensors == files[1].tensors);
  CHECK(files[0].metadata == files[1].metadata);
}

TEST_CASE("a warm-up stops when held-out rows get no better, and on a loss that is not finite") {
  Related r(50);
  r.options.rate = 0;
  r.options.weight_decay = 0;
  WarmUp warm_up = r.warm_up();
  while (!warm_up.done()) warm_up.step();
  CHECK(warm_up.epoch() <= 6);  // two slow epochs, then the fall

  r.cells[5] = std::numeric_limits<float>::quiet_NaN();
  r.cells[9 + 5] = std::numeric_limits<float>::quiet_NaN();
  WarmUp poisoned = r.warm_up();
  CHECK_THROWS_WITH_AS(while (!poisoned.done()) poisoned.step(),
                       "the loss is not finite in epoch 1 of the warm-up: lower the learning rate", Error);
}

TEST_CASE("a step of the warm-up allocates nothing") {
  Related r(3);
  WarmUp warm_up = r.warm_up();
  while (!warm_up.done()) {
    const std::size_t before = test::allocations();
    const bool ended = warm_up.step();
    if (!ended) CHECK(test::allocations() == before);
  }
}
