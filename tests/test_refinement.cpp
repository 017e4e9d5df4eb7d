#include <numeric>

#include "core/model/ensemble/gate.h"
#include "core/model/ensemble/refinement.h"
#include "tests/allocations.h"
#include "tests/related.h"

using namespace meg;
using test::Floats;
using test::Related;

namespace {

Floats contents(Backend& backend, ConstView of) {
  Floats out(of.size());
  backend.download(of, out);
  return out;
}

/// A warmed-up ensemble of related rows, and its gate.
struct WarmedUp : Related {
  explicit WarmedUp(bool any_order = false) : Related(6, 2000, any_order) {
    WarmUp run = warm_up();
    while (!run.done()) run.step();
    parameters = contents(*backend, run.best());
    constants.assign(ensemble.constants(), -1.0f);
    for (int i = 0; i <= kZCells; ++i)  // the position that related_cells gives z
      constants[ensemble.layout().columns[2].z_position + static_cast<std::size_t>(i)] =
          7.5f + 2.0f * (-3.0f + 6.0f * static_cast<float>(i) / kZCells);
  }
  Gate gate() { return Gate(*backend, ensemble, rows, constants, 5); }
  Refinement refinement(const RefinementOptions& how, const Floats& from) {
    return Refinement(*backend, ensemble, rows, constants, how, from);
  }
  Floats refined(const RefinementOptions& how, const Floats& from) {
    Refinement run = refinement(how, from);
    while (!run.done()) run.step();
    return contents(*backend, run.result());
  }

  Floats parameters, constants;
};

RefinementOptions short_run() {
  return {.steps = 60, .discriminator_first = 60, .batch_size = 128, .rate = 5e-4f, .hidden = {32, 32}, .seed = 1};
}

}  // namespace

TEST_CASE("refinement brings frequencies back that the ensemble had wrong, and the gate lets it pass") {
  WarmedUp w;
  // The first generator sees nothing: the last block of its head is a bias that says its frequencies.
  Floats wrong = w.parameters;
  const std::size_t bias = w.ensemble.head_bias(0);
  wrong[bias] += 0.7f;
  const Gate gate = w.gate();
  RefinementOptions how = short_run();
  how.steps = 200;
  const Floats refined = w.refined(how, wrong);
  const Gate::Score before = gate.score(wrong), after = gate.score(refined);
  CHECK(before.shape < 0.96);
  CHECK(after.shape > before.shape + 0.01);
  CHECK(gate.passes(wrong, refined));
  CHECK_FALSE(gate.passes(refined, wrong));
}

TEST_CASE("a refinement that makes things worse does not pass the gate") {
  WarmedUp w;
  RefinementOptions wild = short_run();
  wild.rate = 0.05f, wild.keep = 0;
  const Floats wrecked = w.refined(wild, w.parameters);
  const Gate gate = w.gate();
  CHECK_FALSE(gate.passes(w.parameters, wrecked));
  CHECK(gate.passes(w.parameters, w.parameters));
}

TEST_CASE("what makes other orders worse does not pass the gate either") {
  WarmedUp w(true);
  const Gate gate = w.gate();
  const Gate::Score before = gate.score(w.parameters);
  CHECK(before.hidden_loss > before.loss);
  // Parameters that the generation order has no use for: generators' weights of columns after their own.
  int found = 0;
  const std::size_t part = w.parameters.size() / 100;
  for (std::size_t begin = 0; begin + part < w.parameters.size(); begin += part) {
    Floats changed = w.parameters;
    for (std::size_t i = begin; i < begin + part; ++i) changed[i] += 3;
    const Gate::Score after = gate.score(changed);
    if (after.loss != before.loss || after.hidden_loss < before.hidden_loss + 0.15) continue;
    CHECK(after.shape == before.shape);
    CHECK_FALSE(gate.passes(w.parameters, changed));
    ++found;
  }
  CHECK(found > 0);
}

TEST_CASE("the gate sees every frequent value, wherever it stands among the codes") {
  test::Floats cells;  // a column of 200 codes, of which the last two are the rows'
  for (int r = 0; r < 1000; ++r) cells.insert(cells.end(), {r % 2 ? 198.0f : 199.0f, 0, -1});
  const auto backend = make_backend(Device::kCpu, 1);
  std::vector<std::uint32_t> all(1000);
  std::iota(all.begin(), all.end(), 0u);
  const TrainingRows rows{ConstView(cells).reshaped(1000, 3), {*backend, all}, {}};
  const MaskedEnsemble ensemble(test::layout_of({{200}}), {.hidden = 8});
  Floats even(ensemble.parameters()), odd;
  const auto bias = [&](std::size_t code, float value) { even[ensemble.head_bias(0) + code] = value; };
  bias(198, 20), bias(199, 20);
  odd = even;
  odd[ensemble.head_bias(0) + 198] = -20;
  const Floats constants(ensemble.constants(), -1.0f);
  const Gate gate(*backend, ensemble, rows, constants, 1);
  CHECK(gate.score(even).shape > 0.95);
  CHECK(gate.score(odd).shape == doctest::Approx(0.5).epsilon(0.01));
  CHECK_FALSE(gate.passes(even, odd));
}

TEST_CASE("the discriminator's AUC on held-out rows is near one half for good rows and near one for bad ones") {
  WarmedUp w;
  RefinementOptions how = short_run();
  how.steps = 0;
  const auto auc = [&](const Floats& parameters) {
    Refinement run = w.refinement(how, parameters);
    while (!run.done()) run.step();
    return run.held_out_auc();
  };
  CHECK(auc(w.parameters) < 0.6);  // 200 held-out rows: a standard error of 0.02
  CHECK(auc(w.start) > 0.8);
}

TEST_CASE("a step of the refinement allocates nothing") {
  WarmedUp w;
  Refinement run = w.refinement(short_run(), w.parameters);
  run.step();  // the pool of the discriminator's first steps
  while (!run.done()) {
    const std::size_t before = test::allocations();
    run.step();
    CHECK(test::allocations() == before);
  }
}
