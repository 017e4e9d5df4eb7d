#include "core/nn/early_stopping.h"
#include "tests/support.h"

using namespace meg;

namespace {

/// Four rows whose mean is `loss`; `spread` sets how much they differ.
std::vector<float> losses(float loss, float spread = 0) {
  return {loss - spread, loss + spread, loss + 3 * spread, loss - 3 * spread};
}

EarlyStopping run(const EarlyStoppingOptions& options, const std::vector<float>& of_epochs) {
  EarlyStopping stopping(options);
  for (int epoch = 1; const float loss : of_epochs) stopping.end_epoch(epoch++, losses(loss));
  return stopping;
}

}  // namespace

TEST_CASE("without a plateau the decay begins so late that it still ends with the last epoch") {
  CHECK(EarlyStopping({.epochs = 16, .decay_share = 0.6}).state().decay_epoch == 10);
  CHECK(EarlyStopping({.epochs = 12, .decay_share = 0.5}).state().decay_epoch == 8);
  CHECK(EarlyStopping({.epochs = 1, .decay_share = 0.5}).state().decay_epoch == 0);
  const EarlyStoppingOptions options{.epochs = 16, .decay_share = 0.6, .least_improvement = 0.1f, .patience = 2};
  const EarlyStopping stopping = run(options, {9, 8, 7, 6, 5, 4});
  CHECK(stopping.state().decay_epoch == 10);
  CHECK(stopping.state().last_epoch == 16);
}

TEST_CASE("the decay begins behind `patience` epochs in a row of too little improvement") {
  const EarlyStoppingOptions options{.epochs = 16, .decay_share = 0.5, .least_improvement = 0.1f, .patience = 2};
  CHECK(run(options, {9, 8, 7.95f}).state().decay_epoch == 10);           // one slow epoch: the latest possible
  CHECK(run(options, {9, 8, 7.95f, 7, 6.95f}).state().slow_epochs == 1);  // not in a row
  const EarlyStopping stopping = run(options, {9, 8, 7.95f, 7.92f});
  CHECK(stopping.state().decay_epoch == 4);
  CHECK(stopping.state().last_epoch == 6);
  // Once it has begun, nothing moves it.
  EarlyStopping later = stopping;
  later.end_epoch(5, losses(1));
  later.end_epoch(6, losses(1));
  CHECK(later.state().decay_epoch == 4);
}

TEST_CASE("the best epoch gains more than the error of the difference to the best before it") {
  EarlyStopping stopping({.epochs = 9, .least_gain = 1});
  CHECK(stopping.end_epoch(1, losses(5)));
  CHECK_FALSE(stopping.end_epoch(2, losses(5)));
  CHECK_FALSE(stopping.end_epoch(3, losses(4.9f, 0.2f)));  // 0.1 less, with a standard error of 0.26
  CHECK(stopping.state().best_loss == 5);
  CHECK(stopping.end_epoch(4, losses(4, 0.2f)));
  CHECK(stopping.state().best_losses == losses(4, 0.2f));
  CHECK_FALSE(stopping.end_epoch(5, losses(6)));
  CHECK(stopping.state().best_loss == doctest::Approx(4));
}
