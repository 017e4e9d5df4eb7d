#include "core/model/classic/classic.h"
#include "meg/error.h"
#include "tests/allocations.h"
#include "tests/classic_rows.h"
#include "tests/sanitized.h"
#include "tests/support.h"

using namespace meg;
using test::Floats;

namespace {

constexpr int kRows = 300;

/// Two strongly dependent columns, the second two-valued: the first's sign.
Floats dependent_rows() {
  const Floats z = test::random(kRows, 21);
  Floats data;
  for (const float x : z) {
    data.push_back(std::tanh(0.5f * x));
    data.push_back(x > 0 ? 0.8f : -0.8f);
  }
  return data;
}

Floats trained_rows(int threads, int epochs, ClassicOptions options = {}) {
  const auto backend = make_backend(Device::kCpu, threads);
  ClassicEnsemble ensemble(*backend, 2, options);
  ensemble.train(dependent_rows(), kRows, epochs, nullptr);
  return test::classic_rows(*backend, ensemble, 1, 0, 2000);
}

}  // namespace

TEST_CASE("the classic ensemble learns a joint distribution from shared noise" * doctest::test_suite("long")) {
  const Floats out = trained_rows(2, 500);
  double mean = 0, agree = 0;
  for (std::size_t r = 0; r < 2000; ++r) {
    mean += static_cast<double>(out[2 * r]) / 2000;
    agree += (out[2 * r] > 0) == (out[2 * r + 1] > 0) ? 1.0 / 2000 : 0.0;
  }
  CHECK(std::abs(mean) < 0.15);
  CHECK(agree > 0.85);  // 0.5 where the columns are independent
}

TEST_CASE("training and generation are the same bits on one thread and on two, and a row stands alone") {
  CHECK(trained_rows(1, 3) == trained_rows(2, 3));
  const auto backend = make_backend(Device::kCpu, 2);
  const ClassicEnsemble ensemble(*backend, 3, {});
  const Floats whole = test::classic_rows(*backend, ensemble, 9, 0, 5000);
  for (const std::size_t row : {0u, 1u, 255u, 256u, 4999u}) {
    const Floats part = test::classic_rows(*backend, ensemble, 9, row, 1);
    CHECK(part == Floats(whole.begin() + static_cast<long>(row) * 3, whole.begin() + static_cast<long>(row) * 3 + 3));
  }
}

TEST_CASE("training stops after a step when asked, and goes on with the same bits, also from a saved state") {
  const auto backend = make_backend(Device::kCpu, 1);
  const Floats data = dependent_rows();
  ClassicEnsemble whole(*backend, 2, {});
  whole.train(data, kRows, 6, nullptr);
  TensorFile expected;
  whole.save(expected);

  ClassicEnsemble first(*backend, 2, {});
  int steps = 0;
  first.train(data, kRows, 6, nullptr, [&] { return ++steps < 13; });
  CHECK(first.steps_done() == 13);  // in the middle of the third epoch of five steps
  CHECK(first.epochs_done() == 2);
  TensorFile saved, got;
  first.save(saved);
  ClassicEnsemble second(*backend, 2, {});
  second.load(saved);
  second.train(data, kRows, 6, nullptr);
  second.save(got);
  CHECK(got.tensors == expected.tensors);
  CHECK(got.metadata == expected.metadata);
}

TEST_CASE("a training step allocates nothing") {
  const auto backend = make_backend(Device::kCpu, 2);
  ClassicOptions options;
  options.dropout = 0.1f, options.l2 = 1e-4f, options.ema = 0.99f;
  ClassicEnsemble ensemble(*backend, 2, options);
  const Floats data = dependent_rows();
  ensemble.train(data, kRows, 2, nullptr);
  const auto count = [&](int epochs) {
    const std::size_t before = test::allocations();
    ensemble.train(data, kRows, ensemble.epochs_done() + epochs, nullptr);
    return test::allocations() - before;
  };
  const std::size_t of_one = count(1);  // what a call of train() takes, however long it runs
  CHECK(count(20) == of_one);
#ifndef MEG_ADDRESS_SANITIZER
  CHECK(of_one > 0);  // so the counter counts
#endif
}

TEST_CASE("a loss that is not finite stops training and names the epoch") {
  const auto backend = make_backend(Device::kCpu, 1);
  ClassicEnsemble ensemble(*backend, 2, {});
  Floats data = dependent_rows();
  ensemble.train(data, kRows, 3, nullptr);
  data[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(ensemble.train(data, kRows, 4, nullptr),
                       "the losses are not finite in epoch 4: lower the learning rate", Error);
}

TEST_CASE("parameters that are not finite are not saved") {
  const auto backend = make_backend(Device::kCpu, 1);
  ClassicEnsemble ensemble(*backend, 2, {});
  ensemble.train(dependent_rows(), kRows, 3, nullptr);
  TensorFile file;
  ensemble.save(file);
  file.tensors.at("generator.parameters")[7] = std::numeric_limits<float>::infinity();
  ensemble.load(file);
  CHECK_THROWS_WITH_AS(ensemble.save(file),
                       "the generator.parameters are not finite after epoch 3: lower the learning rate", Error);
}

TEST_CASE("the discriminator's AUC is 0.5 against the ensemble's own rows, and more while it tells the real ones") {
  const auto backend = make_backend(Device::kCpu, 2);
  ClassicEnsemble ensemble(*backend, 2, {});
  ensemble.train(dependent_rows(), kRows, 10, nullptr);
  const Floats own = test::classic_rows(*backend, ensemble, 77, 0, 1024);
  CHECK(ensemble.discriminator_auc(own, 1024) == doctest::Approx(0.5).epsilon(0.1));
  CHECK(ensemble.discriminator_auc(dependent_rows(), kRows) > 0.55);
}

TEST_CASE("options that make no sense are refused with a sentence") {
  const auto backend = make_backend(Device::kCpu, 1);
  ClassicOptions options;
  options.generator_columns = {2, 2};
  CHECK_THROWS_WITH_AS(ClassicEnsemble(*backend, 3, options), "the generators write 4 columns, but the table has 3",
                       Error);
  options = {};
  options.batch_size = 0;
  CHECK_THROWS_WITH_AS(ClassicEnsemble(*backend, 3, options), "the batch size must be at least 1, got 0", Error);
  options = {};
  options.learning_rate = -1;
  CHECK_THROWS_AS(ClassicEnsemble(*backend, 3, options), Error);
}
