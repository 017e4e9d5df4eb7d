#include "core/nn/checks.h"
#include "core/tensor/keyed_permutation.h"
#include "cpu/backend.h"
#include "cpu/elementary.h"
#include "cpu/philox_lanes.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

namespace {

using Numbers = std::array<float, kPhiloxLanes>;

/// Philox::normal of kPhiloxLanes counters: z[i] holds the i-th number of every block.
void normal(const std::array<Words, 4>& word, std::array<Numbers, 4>& z) {
  for (std::size_t i = 0; i < 4; i += 2)
    for (std::size_t l = 0; l < kPhiloxLanes; l += kRowLanes) {
      const Turn pair = normal_pair(to_uniform(word[i].data() + l), to_uniform(word[i + 1].data() + l));
      *reinterpret_cast<LanesAnywhere*>(z[i].data() + l) = pair.cos;
      *reinterpret_cast<LanesAnywhere*>(z[i + 1].data() + l) = pair.sin;
    }
}

}  // namespace

void CpuBackend::fill_normal(std::uint64_t seed, Stream stream, std::uint64_t first_row, View numbers) {
  check_alike(Device::kCpu, numbers);
  // Blocks of four numbers, counted through all rows: every lane is busy, however narrow a row is. All numbers go
  // through the same vector instructions, so they do not depend on the lane.
  float* const out = numbers.data();
  const std::size_t width = numbers.columns(), row_blocks = (width + 3) / 4, blocks = numbers.rows() * row_blocks;
  constexpr std::size_t kTask = 4 * kPhiloxLanes;
  constexpr double kWork = 200;  // of one block, in multiply-adds
  pool_.run_blocks(blocks, kTask, kWork * static_cast<double>(blocks), [&](std::size_t begin, std::size_t end) {
    std::array<std::uint64_t, kPhiloxLanes> row;
    Words position;
    std::array<Words, 4> word;
    std::array<Numbers, 4> z;
    std::size_t r = begin / row_blocks, block = begin % row_blocks;
    for (std::size_t first = begin; first < end; first += kPhiloxLanes) {
      std::size_t lane_row = r, lane_block = block;
      for (std::size_t l = 0; l < kPhiloxLanes; ++l) {
        row[l] = first_row + lane_row;
        position[l] = static_cast<std::uint32_t>(lane_block);
        if (++lane_block == row_blocks) ++lane_row, lane_block = 0;
      }
      philox_lanes(seed, stream, row, position, word);
      normal(word, z);
      const std::size_t lanes = std::min(kPhiloxLanes, end - first);
      for (std::size_t l = 0; l < lanes; ++l) {
        float* to = out + r * width + 4 * block;
        for (std::size_t i = 0, n = std::min<std::size_t>(4, width - 4 * block); i < n; ++i) to[i] = z[i][l];
        if (++block == row_blocks) ++r, block = 0;
      }
    }
  });
}

void CpuBackend::shuffle_rows(std::uint64_t seed, std::uint64_t epoch, RowList rows, IndexView out) {
  check_count(Device::kCpu, out, rows.count);
  const KeyedPermutation place(Philox(seed, Stream::kShuffle), 0, epoch, rows.count);
  constexpr double kWork = 200;  // of a row, in multiply-adds
  pool_.run_blocks(rows.count, kWork, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] = rows[place(i)];
  });
}

void CpuBackend::draw_rows(std::uint64_t seed, Stream stream, std::uint64_t number, RowList from, IndexView out) {
  check_alike(Device::kCpu, out);
  const Philox philox(seed, stream);
  for (std::uint32_t i = 0; i < out.size(); ++i) out[i] = from[philox.bits(number, i)[0] * from.count >> 32];
}

void CpuBackend::gather_rows(ConstView from, ConstIndexView index, View to) {
  check_count(Device::kCpu, index, to.rows());
  check_alike(Device::kCpu, to);
  check_alike(Device::kCpu, from);
  const float* const table = from.data();
  float* const out = to.data();
  const std::size_t width = to.columns(), count = to.rows();
  constexpr std::size_t kRows = 64;  // of one task
  pool_.run_blocks(count, kRows, static_cast<double>(count * width), [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) std::copy_n(table + index[r] * width, width, out + r * width);
  });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
