#include "tests/support.h"

using meg::Philox;
using meg::Stream;

TEST_CASE("Philox 4x32-10 gives the published known answer") {
  // Random123's kat_vectors: counter and key all ones.
  const r123::Philox4x32 generate;
  const auto out = generate({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, {{0xffffffff, 0xffffffff}});
  CHECK(out[0] == 0x408f276d);
  CHECK(out[1] == 0x41c83b0e);
  CHECK(out[2] == 0xa20bc7c6);
  CHECK(out[3] == 0x6d5451fd);
}

#ifdef MEG_CUDA
namespace test {
std::array<std::uint32_t, 4> curand_philox(const std::array<std::uint32_t, 4>& counter,
                                           const std::array<std::uint32_t, 2>& key);
}

TEST_CASE("cuRAND's words, which the kernels draw, are those of the host") {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{7}, ~std::uint64_t{0}, std::uint64_t{1} << 40})
    for (const std::uint64_t row : {std::uint64_t{0}, std::uint64_t{123456}, ~std::uint64_t{0}, std::uint64_t{5} << 33})
      for (const std::uint32_t position : {0u, 9u, ~0u}) {
        const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
        const auto stream = static_cast<std::uint32_t>(Stream::kDropout);
        CHECK(Philox(seed, Stream::kDropout).bits(row, position) ==
              test::curand_philox({position, low(row), low(row >> 32), stream}, {low(seed), low(seed >> 32)}));
      }
}
#endif

TEST_CASE("uniform numbers never reach 0 or 1, so their logarithm is finite") {
  CHECK(Philox::to_uniform(0) > 0.0f);
  CHECK(Philox::to_uniform(0xffffffff) < 1.0f);
}

TEST_CASE("normal numbers have mean 0, variance 1 and no correlation between rows, streams and seeds") {
  const std::size_t n = 40000;
  const Philox a(7, Stream::kNoise), b(7, Stream::kDropout), c(8, Stream::kNoise);
  double sum = 0, square = 0, rows = 0, streams = 0, seeds = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = static_cast<double>(a.normal(i, 0)[0]);
    sum += x, square += x * x;
    rows += x * static_cast<double>(a.normal(i + 1, 0)[0]);
    streams += x * static_cast<double>(b.normal(i, 0)[0]);
    seeds += x * static_cast<double>(c.normal(i, 0)[0]);
  }
  const double tolerance = 4 / std::sqrt(static_cast<double>(n));  // four standard errors
  for (const double total : {sum, rows, streams, seeds}) CHECK(std::abs(total / n) < tolerance);
  CHECK(square / n == doctest::Approx(1).epsilon(1.5 * tolerance));
}
