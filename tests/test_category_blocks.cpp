#include <algorithm>
#include <numeric>
#include <set>

#include "core/table/code/category_blocks.h"
#include "tests/support.h"

using namespace meg;

namespace {

/// A permutation of 0 ... count - 1 that is not its own inverse.
std::vector<std::uint32_t> shuffled(std::uint32_t count) {
  const test::Floats z = test::random(count, 4);
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return z[a] < z[b]; });
  return order;
}

}  // namespace

TEST_CASE("every category has a pair of its own, every pair is a category, and blocks are about as many as places") {
  for (const std::uint32_t count : {1u, 2u, 3u, 7u, 16u, 97u, 1000u, 1009u, 10007u, 50000u}) {
    CAPTURE(count);
    const CategoryBlocks blocks(shuffled(count));
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (std::uint32_t c = 0; c < count; ++c) {
      const std::uint32_t block = blocks.block(c), place = blocks.place(c);
      REQUIRE(static_cast<int>(block) < blocks.blocks());
      REQUIRE(static_cast<int>(place) < blocks.places());
      REQUIRE(blocks.category(block, place) == c);
      pairs.emplace(block, place);
    }
    CHECK(pairs.size() == count);
    const auto all = static_cast<std::size_t>(blocks.blocks()) * static_cast<std::size_t>(blocks.places());
    CHECK(all - count <= 2 + count / 100);
    CHECK(blocks.blocks() <= 2 * blocks.places() + 1);
    CHECK(blocks.places() <= 2 * blocks.blocks() + 1);
    for (std::uint32_t b = 0; static_cast<int>(b) < blocks.blocks(); ++b)
      CHECK(blocks.block(blocks.category(b, static_cast<std::uint32_t>(blocks.places()) - 1)) == b);
  }
}

TEST_CASE("alike categories share a block, the frequent come first in it") {
  constexpr std::size_t kCategories = 64, kWidth = 3;  // of four kinds, eight blocks
  const test::Floats noise = test::random(kCategories * kWidth, 1),
                     kind{0, 0, 5, 3, 0, 5,
                          0, 1, 5, 3, 1, 5};  // they differ most in the first number, then in the second
  std::vector<std::uint32_t> count(kCategories);
  std::vector<float> profile(kCategories * kWidth);
  for (std::size_t c = 0; c < kCategories; ++c) {
    count[c] = static_cast<std::uint32_t>(20 + c * 37 % 50);
    for (std::size_t i = 0; i < kWidth; ++i)
      profile[c * kWidth + i] =
          static_cast<float>(count[c]) * (kind[c % 4 * kWidth + i] + 0.05f * noise[c * kWidth + i]);
  }
  const std::vector<std::uint32_t> order = order_by_likeness(profile, count);
  CHECK(std::set<std::uint32_t>(order.begin(), order.end()).size() == kCategories);
  const CategoryBlocks blocks(order);
  REQUIRE(blocks.blocks() == 8);
  for (std::uint32_t b = 0; b < 8; ++b)
    for (std::uint32_t p = 1; p < 8; ++p) {
      CHECK(blocks.category(b, p) % 4 == blocks.category(b, 0) % 4);
      CHECK(count[blocks.category(b, p)] <= count[blocks.category(b, p - 1)]);
    }
}

TEST_CASE("where no other column says anything, the frequent categories share blocks") {
  std::vector<std::uint32_t> count(100);
  for (std::size_t c = 0; c < count.size(); ++c) count[c] = static_cast<std::uint32_t>(c * 29 % 100);
  for (const std::size_t width : {0u, 3u}) {
    const std::vector<std::uint32_t> order = order_by_likeness(std::vector<float>(100 * width, 0.0f), count);
    for (std::size_t i = 1; i < order.size(); ++i) CHECK(count[order[i]] <= count[order[i - 1]]);
  }
}
