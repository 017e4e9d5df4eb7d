#include <doctest/doctest.h>
#include <simt.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "meg/error.h"

// What the emulated device must find out, and what it must compute: the other tests believe in it.

using simt::Shared;

namespace {

/// The Error of a kernel over one block of so many threads with 256 bytes of shared memory; empty where it has none.
template <class Kernel>
std::string error_of(unsigned threads, const Kernel& kernel) {
  try {
    simt::run({}, {threads, 1, 1}, 256, kernel);
  } catch (const meg::Error& error) {
    return error.what();
  }
  return {};
}

bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every thread of every block runs once, knowing where it is") {
  std::vector<int> seen(2 * 3 * 2 * 7, 0);
  simt::run({2, 3, 2}, {7, 1, 1}, 0, [&] {
    ++seen[((blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x) * blockDim.x + threadIdx.x];
  });
  CHECK(seen == std::vector<int>(seen.size(), 1));
}

TEST_CASE("threads meet at barriers, and shared memory carries what they wrote") {
  std::vector<int> out(64);
  const auto kernel = [&] {
    const Shared<int> tile(0, 64);
    const unsigned t = threadIdx.x;
    for (int round = 0; round < 3; ++round) {
      tile[t] = static_cast<int>(t) + round;
      __syncthreads();
      out[t] = tile[63 - t];
      __syncthreads();
    }
  };
  CHECK(error_of(64, kernel).empty());
  for (int t = 0; t < 64; ++t) CHECK(out[static_cast<std::size_t>(t)] == 63 - t + 2);
}

TEST_CASE("lanes exchange what they hold") {
  std::vector<int> sum(96), neighbour(96), from_three(96);
  std::vector<unsigned> odd(96);
  const auto kernel = [&] {
    const unsigned t = threadIdx.x;
    int value = static_cast<int>(t);
    for (int bit = 16; bit > 0; bit /= 2) value += __shfl_xor_sync(0xffffffff, value, bit);
    sum[t] = value;
    neighbour[t] = __shfl_down_sync(0xffffffff, static_cast<int>(t), 1);
    from_three[t] = __shfl_sync(0xffffffff, static_cast<int>(t), 3);
    odd[t] = __ballot_sync(0xffffffff, t % 2 == 1);
  };
  CHECK(error_of(96, kernel).empty());
  for (std::size_t t = 0; t < 96; ++t) {
    const int first = static_cast<int>(t / 32 * 32);
    CHECK(sum[t] == 32 * first + 31 * 16);
    CHECK(neighbour[t] == static_cast<int>(t % 32 == 31 ? t : t + 1));
    CHECK(from_three[t] == first + 3);
    CHECK(odd[t] == 0xaaaaaaaau);
  }
}

TEST_CASE("all lanes see what all lanes brought, in two gathers one after the other too") {
  std::vector<int> totals(32);
  const auto kernel = [&] {
    for (int round = 1; round <= 3; ++round) {
      const int mine = round * static_cast<int>(threadIdx.x);
      const std::byte* all = simt::gather(std::as_bytes(std::span(&mine, 1)), simt::Where::current());
      std::array<int, 32> values;
      std::memcpy(values.data(), all, sizeof values);
      totals[threadIdx.x] = std::accumulate(values.begin(), values.end(), 0);
    }
  };
  CHECK(error_of(32, kernel).empty());
  CHECK(totals == std::vector<int>(32, 3 * 31 * 16));
}

TEST_CASE("a barrier that not all threads reach is found out") {
  CHECK(says(error_of(40,
                      [] {
                        if (threadIdx.x < 39) __syncthreads();
                      }),
             "has ended"));
  const auto two_places = [] {  // outside of the macro, which is one line
    if (threadIdx.x < 20)
      __syncthreads();
    else
      __syncthreads();
  };
  CHECK(says(error_of(40, two_places), "waits at"));
  CHECK(says(error_of(32,
                      [] {
                        if (threadIdx.x != 5) __shfl_xor_sync(0xffffffff, 1, 1);
                      }),
             "has ended"));
  CHECK(says(error_of(32,
                      [] {
                        if (threadIdx.x == 5)
                          __syncthreads();
                        else
                          __syncwarp();
                      }),
             "waits at"));
  CHECK(says(error_of(32, [] { __syncwarp(0xff); }), "not in the mask"));
}

TEST_CASE("shared memory that nobody wrote, and elements that are not there, are found out") {
  const Shared<float> tile(0, 64);
  CHECK(says(error_of(1, [&] { [[maybe_unused]] const float x = tile[3]; }), "nobody wrote"));
  CHECK(says(error_of(1, [&] { tile[64] = 1; }), "element 64 of 64"));
  CHECK(says(error_of(1, [&] { (tile + 60)[4] = 1; }), "element 4 of 4"));
  CHECK(error_of(1, [&] { tile[63] = 1; }).empty());
  // What an earlier block left there is nobody's either.
  bool thrown = false;
  try {
    simt::run({2, 1, 1}, {1, 1, 1}, 256, [&] {
      if (blockIdx.x == 0) tile[0] = 1;
      if (blockIdx.x == 1) [[maybe_unused]]
        const float x = tile[0];
    });
  } catch (const meg::Error&) {
    thrown = true;
  }
  CHECK(thrown);
}

TEST_CASE("some launches run the other way round, so that what depends on an order comes out otherwise") {
  std::set<std::vector<unsigned>> orders;
  for (int launch = 0; launch < 64; ++launch) {
    std::vector<unsigned> seen;
    simt::run({2, 1, 1}, {2, 1, 1}, 0, [&] {
      seen.push_back(blockIdx.x * blockDim.x + threadIdx.x);
      __syncthreads();
      seen.push_back(10 + blockIdx.x * blockDim.x + threadIdx.x);
    });
    orders.insert(seen);
  }
  CHECK(orders == std::set<std::vector<unsigned>>{{0, 1, 10, 11, 2, 3, 12, 13}, {3, 2, 13, 12, 1, 0, 11, 10}});
}

TEST_CASE("races in shared memory are found out, and barriers of the block and of the warp end them") {
  const Shared<int> tile(0, 64);
  const auto race = [&](auto between, unsigned distance) {
    return error_of(64, [&, distance] {
      const unsigned t = threadIdx.x;
      tile[t] = 1;
      between();
      if (t >= distance) [[maybe_unused]]
        const int x = tile[t - distance];
    });
  };
  CHECK_FALSE(race([] {}, 1).empty());  // or nobody wrote it, where the reader comes first
  CHECK(race([] {}, 0).empty());
  CHECK(race([] { __syncthreads(); }, 1).empty());
  CHECK(says(race([] { __syncwarp(); }, 1), "no barrier"));  // lane 0 reads another warp's
  CHECK(error_of(64, [&] {
          const unsigned t = threadIdx.x;
          tile[t] = 1;
          __syncwarp();
          [[maybe_unused]] const int x = tile[t ^ 1];
        }).empty());
  CHECK(says(error_of(2, [&] { tile[0] = 1; }), "no barrier"));  // both write
  CHECK(says(error_of(2,
                      [&] {  // one writes what another has read
                        if (threadIdx.x == 0) tile[0] = 1;
                        __syncthreads();
                        if (threadIdx.x == 0) [[maybe_unused]]
                          const int x = tile[0];
                        if (threadIdx.x == 1) tile[0] = 2;
                      }),
             "no barrier"));
}

TEST_CASE("copies come when a thread waits for them, not before, and then in their order") {
  const std::vector<int> from{7, 8, 9};
  const Shared<int> tile(0, 64);
  std::vector<int> early, half, late;
  CHECK(error_of(1, [&] {
          const auto seen = [&] { return std::vector<int>{tile[0], tile[1], tile[2], tile[3]}; };
          for (int i = 0; i < 4; ++i) tile[i] = 1;
          tile.copy_later(0, 1, from.data());
          tile.copy_later(3, 1, nullptr);  // zero
          simt::commit_copies();
          tile.copy_later(1, 1, from.data() + 1);
          tile.copy_later(2, 1, from.data() + 2);
          simt::commit_copies();
          early = seen();
          simt::wait_for_copies(1);
          half = seen();
          simt::wait_for_copies(0);
          late = seen();
        }).empty());
  CHECK(early == std::vector<int>{1, 1, 1, 1});
  CHECK(half == std::vector<int>{7, 1, 1, 0});
  CHECK(late == std::vector<int>{7, 8, 9, 0});
  // Others see them behind a barrier behind the wait.
  const auto shared = [&](auto between) {
    return error_of(2, [&] {
      if (threadIdx.x == 0) tile.copy_later(0, 1, from.data());
      simt::commit_copies();
      between();
      if (threadIdx.x == 1) [[maybe_unused]]
        const int x = tile[0];
      simt::wait_for_copies(0);
    });
  };
  CHECK_FALSE(shared([] {}).empty());
  CHECK(says(shared([] { __syncthreads(); }), "no barrier"));  // it may still be on its way
  CHECK(shared([] {
          simt::wait_for_copies(0);
          __syncthreads();
        }).empty());
  CHECK(says(error_of(1, [&] { tile.copy_later(63, 2, from.data()); }), "element 64 of 64"));
  alignas(16) const std::array<int, 8> wide{};
  CHECK(error_of(1, [&] { tile.copy_later(4, 4, &wide[4]); }).empty());
  CHECK(says(error_of(1, [&] { tile.copy_later(6, 4, &wide[4]); }), "no multiple"));
  CHECK(says(error_of(1, [&] { tile.copy_later(4, 4, &wide[2]); }), "no multiple"));
}

TEST_CASE("lanes read four squares of shared memory at once, each row from where a lane says it is") {
  const Shared<float> matrix(0, 64);  // 16 rows of four
  std::vector<std::array<float, 4>> got(32);
  const auto read = [&](auto row_of) {
    return error_of(32, [&] {
      const unsigned l = threadIdx.x;
      matrix[2 * l] = static_cast<float>(2 * l), matrix[2 * l + 1] = static_cast<float>(2 * l + 1);
      __syncthreads();
      float squares[4];
      simt::ldmatrix(matrix, row_of(l), squares);
      std::ranges::copy(squares, got[l].begin());
    });
  };
  CHECK(read([](unsigned l) { return 4 * (15 - l / 2); }).empty());  // row r of square m: 15 - 4 m - r / 2
  for (unsigned l = 0; l < 32; ++l)
    for (unsigned m = 0; m < 4; ++m) CHECK(got[l][m] == static_cast<float>(4 * (15 - 4 * m - l / 8) + l % 4));
  CHECK(says(read([](unsigned) { return 2u; }), "no multiple"));
}

TEST_CASE("blocks that are launched together meet at barriers of the grid, and keep a shared memory of their own") {
  constexpr unsigned kBlocks = 5, kRounds = 4;
  std::vector<int> global(kBlocks, 0), sums(kBlocks * kRounds, 0);
  const auto kernel = [&] {
    const Shared<int> own(0, 1);
    if (threadIdx.x == 0) own[0] = static_cast<int>(blockIdx.x);
    for (unsigned round = 0; round < kRounds; ++round) {
      if (threadIdx.x == 33) global[blockIdx.x] += 1;
      simt::grid_barrier();
      if (threadIdx.x == 7)
        sums[round * kBlocks + blockIdx.x] = std::accumulate(global.begin(), global.end(), 0) + own[0];
      simt::grid_barrier();
    }
  };
  simt::run({kBlocks, 1, 1}, {40, 1, 1}, 256, kernel, true);
  for (unsigned round = 0; round < kRounds; ++round)
    for (unsigned b = 0; b < kBlocks; ++b)
      CHECK(sums[round * kBlocks + b] == static_cast<int>(kBlocks * (round + 1) + b));
}

TEST_CASE(
    "a barrier of the grid that not all blocks reach, or of blocks that are not launched together, is found out") {
  const auto error = [](bool together, auto arrives) {
    try {
      simt::run(
          {2, 1, 1}, {32, 1, 1}, 0,
          [&] {
            if (arrives()) simt::grid_barrier();
          },
          together);
    } catch (const meg::Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(error(true, [] { return true; }).empty());
  CHECK(says(error(true, [] { return blockIdx.x == 0; }), "has ended"));
  CHECK(says(error(true, [] { return threadIdx.x > 0; }), "has ended"));
  CHECK(says(error(false, [] { return true; }), "not launched together"));
}

TEST_CASE("a launch that no device can do is an error") {
  CHECK_THROWS_AS(simt::run({}, {1025, 1, 1}, 0, [] {}), meg::Error);
  CHECK_THROWS_AS(simt::run({}, {1, 1, 1}, 300 * 1024, [] {}), meg::Error);
  CHECK_THROWS_AS(simt::run({1, 70000, 1}, {1, 1, 1}, 0, [] {}), meg::Error);
}
