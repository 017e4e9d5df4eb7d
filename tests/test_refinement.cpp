#include "core/model/gate.h"
#include "core/model/refinement.h"
#include "tests/allocations.h"
#include "tests/related.h"

using namespace meg;
using test::Floats;
using test::Related;

namespace {

/// A warmed-up ensemble of related rows, and its gate.
struct WarmedUp : Related {
  WarmedUp() : Related(6) {
    WarmUp run = warm_up();
    while (!run.done()) run.step();
    parameters.assign(run.best(), run.best() + ensemble.parameters());
    constants.assign(ensemble.constants(), -1.0f);
    for (int i = 0; i <= kZCells; ++i)  // the position that related_cells gives z
      constants[ensemble.layout().columns[2].z_position + static_cast<std::size_t>(i)] =
          7.5f + 2.0f * (-3.0f + 6.0f * static_cast<float>(i) / kZCells);
  }
  Gate gate() { return Gate(*backend, ensemble, rows, constants.data(), 5); }
  Refinement refinement(const RefinementOptions& how, const Floats& from) {
    return Refinement(*backend, ensemble, rows, constants.data(), how, from.data());
  }
  Floats refined(const RefinementOptions& how, const Floats& from) {
    Refinement run = refinement(how, from);
    while (!run.done()) run.step();
    return {run.result(), run.result() + ensemble.parameters()};
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
  const Gate::Score before = gate.score(wrong.data()), after = gate.score(refined.data());
  CHECK(before.shape < 0.96);
  CHECK(after.shape > before.shape + 0.01);
  CHECK(gate.passes(wrong.data(), refined.data()));
  CHECK_FALSE(gate.passes(refined.data(), wrong.data()));
}

TEST_CASE("a refinement that makes things worse does not pass the gate") {
  WarmedUp w;
  RefinementOptions wild = short_run();
  wild.rate = 0.05f, wild.keep = 0;
  const Floats wrecked = w.refined(wild, w.parameters);
  const Gate gate = w.gate();
  CHECK_FALSE(gate.passes(w.parameters.data(), wrecked.data()));
  CHECK(gate.passes(w.parameters.data(), w.parameters.data()));
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
