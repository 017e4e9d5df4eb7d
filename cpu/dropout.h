#pragma once
#include "cpu/backend.h"
#include "cpu/elementary.h"
#include "cpu/philox_lanes.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

/// Elements that are drawn together: 16 counters of 8 half words, the counters side by side so that 16 neighbours are
/// the same half of 16 lanes.
inline constexpr std::size_t kDropoutBlock = 128;

/// x[r * stride + c] *= mask for r < rows, c < columns, where x is element number `first` of its operand.
inline void drop_out(const Dropout& dropout, std::size_t rows, std::size_t columns, std::size_t first,
                     std::size_t stride, float* x) {
  constexpr std::size_t kCounters = 16, kBlocks = kPhiloxLanes / kCounters;
  if (rows == 0 || columns == 0) return;
  const std::uint32_t threshold = dropout.threshold();
  const float scale = dropout.scale();
  std::array<std::uint64_t, kPhiloxLanes> step;
  step.fill(dropout.step);
  Words position;
  std::array<Words, 4> word;
  std::size_t row = 0, element = first;  // of the next block
  while (row < rows) {
    std::array<std::size_t, kBlocks> rows_of, begin_of;  // the row and the first element of each block
    std::size_t count = 0;
    for (; count < kBlocks && row < rows; ++count) {
      const std::size_t block = element / kDropoutBlock;
      rows_of[count] = row, begin_of[count] = block * kDropoutBlock;
      for (std::size_t l = 0; l < kCounters; ++l)
        position[count * kCounters + l] = static_cast<std::uint32_t>(block * kCounters + l);
      element = (block + 1) * kDropoutBlock;
      if (element >= first + row * stride + columns) element = first + ++row * stride;
    }
    philox_lanes(dropout.seed, Stream::kDropout, step, position, word);
    for (std::size_t b = 0; b < count; ++b) {
      const std::size_t from = first + rows_of[b] * stride, to = from + columns;
      for (std::size_t i = 0; i < kDropoutBlock; i += kRowLanes) {
        const std::size_t at = begin_of[b] + i, part = i / kCounters;
        if (at + kRowLanes <= from || at >= to) continue;
        // In vectors by hand: GCC unrolls a short loop over the lanes before it would vectorize it.
        const WordLanes bits =
            *reinterpret_cast<const WordLanes*>(word[part / 2].data() + b * kCounters + i % kCounters);
        const Lanes mask = (bits >> (part % 2 * 16) & 0xffffu) < threshold ? Lanes{} : all(scale);
        if (at >= from && at + kRowLanes <= to)
          *reinterpret_cast<LanesAnywhere*>(x + (at - first)) *= mask;
        else
          for (std::size_t e = std::max(at, from); e < std::min(at + kRowLanes, to); ++e) x[e - first] *= mask[e - at];
      }
    }
  }
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
