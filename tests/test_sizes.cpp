#include "core/model/ensemble/sizes.h"
#include "tests/columns.h"

using namespace meg;
using FirstLayer = MaskedEnsemble::FirstLayer;

namespace {

Sizes sizes_of(std::size_t rows, const std::vector<test::Column>& columns, const Options& options = {}) {
  return choose_sizes(rows, test::layout_of(columns), options);
}

std::vector<test::Column> same(std::size_t count, test::Column column) { return {count, column}; }

std::size_t tape_bytes(const Sizes& sizes, const std::vector<test::Column>& columns) {
  const int rows = sizes.warm_up.batch_size * (sizes.refinement.steps > 0 ? 2 : 1);
  return sizeof(float) *
         MaskedEnsemble(test::layout_of(columns), sizes.shape).tape_floats(rows, MaskedEnsemble::Passes::kBackward);
}

}  // namespace

TEST_CASE("beyond 64 columns the first layer is shared, and parameters grow with the columns") {
  CHECK(sizes_of(10'000, same(64, {4})).shape.first == FirstLayer::kOwn);
  CHECK(sizes_of(10'000, same(65, {4})).shape.first == FirstLayer::kShared);
  const auto parameters = [](std::size_t n) {
    return MaskedEnsemble(test::layout_of(same(n, {4})), {.first = FirstLayer::kShared}).parameters();
  };
  CHECK(parameters(1000) - parameters(900) == parameters(200) - parameters(100));
}

TEST_CASE("dynamic masks ask for an ensemble of any order") {
  CHECK_FALSE(sizes_of(10'000, same(10, {4})).shape.any_order);
  Options options;
  options.meg.any_order = true;
  CHECK(sizes_of(10'000, same(10, {4}), options).shape.any_order);
}

TEST_CASE("a batch follows the rows, and the memory of a step where columns or codes are many") {
  CHECK(sizes_of(100, same(10, {4})).warm_up.batch_size == 32);
  CHECK(sizes_of(2000, same(10, {4})).warm_up.batch_size == 100);
  CHECK(sizes_of(1'000'000, same(10, {4})).warm_up.batch_size == 512);
  auto categories = same(9, {20, true});
  categories.push_back({50'000});
  for (const auto& columns : {same(64, {30, true}), same(100, {30, true}), same(1000, {2, true}), categories}) {
    const Sizes sizes = sizes_of(1'000'000, columns);
    CHECK(sizes.warm_up.batch_size > 64);
    CHECK(sizes.warm_up.batch_size == sizes.refinement.batch_size);
    CHECK(tape_bytes(sizes, columns) <= 400'000'000);
  }
  CHECK(sizes_of(1'000'000, same(8000, {2, true})).warm_up.batch_size == 32);
}

TEST_CASE("very wide rows are not refined, unless that is asked for") {
  CHECK(sizes_of(100'000, same(256, {4})).refinement.steps == RefinementOptions{}.steps);
  CHECK(sizes_of(10'000, same(257, {4})).refinement.steps == 0);
  CHECK(sizes_of(10'000, same(2, {2049})).refinement.steps == 0);
  Options options;
  options.meg.refine_steps = 40;
  CHECK(sizes_of(10'000, same(257, {4}), options).refinement.steps == 40);
}

TEST_CASE("few rows are refined in few steps, for each is seen in few epochs") {
  for (const std::size_t rows : {500, 8'000, 16'000}) {
    const Sizes sizes = sizes_of(rows, same(10, {4}));
    const double epochs =
        static_cast<double>(sizes.refinement.steps) * sizes.refinement.batch_size / static_cast<double>(rows);
    CHECK(epochs > 4);
    CHECK(epochs < 6);
  }
  CHECK(sizes_of(40'000, same(10, {4})).refinement.steps == RefinementOptions{}.steps);
  Options options;
  options.meg.effort = "best";
  CHECK(sizes_of(500, same(10, {4}), options).refinement.steps == 20 * 16);
  options.meg.refine_steps = 700;
  CHECK(sizes_of(500, same(10, {4}), options).refinement.steps == 700);
}

TEST_CASE("efforts: the warm-up alone, a refinement, a longer fall of the rate and four times the refinement") {
  const auto of = [](const char* effort) {
    Options options;
    options.meg.effort = effort;
    return sizes_of(100'000, same(10, {4}), options);
  };
  CHECK(of("fast").refinement.steps == 0);
  CHECK(of("fast").warm_up.fall_share == of("balanced").warm_up.fall_share);
  CHECK(of("best").refinement.steps == 4 * of("balanced").refinement.steps);
  CHECK(of("best").warm_up.fall_share > of("balanced").warm_up.fall_share);
}
