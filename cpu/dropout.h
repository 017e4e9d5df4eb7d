#pragma once
#include "cpu/backend.h"
#include "cpu/elementary.h"
#include "cpu/philox_lanes.h"

namespace meg::cpu {

/// Elements that are drawn together: 16 counters of 8 half words, the counters side by side so that 16 neighbours are
/// the same half of 16 lanes.
inline constexpr std::size_t kDropoutBlock = 128;

/// x[r * stride + c] *= mask for r < rows, c < columns, where x is element number `first` of its operand.
inline void drop_out(const Dropout& dropout, std::size_t rows, std::size_t columns, std::size_t first,
                     std::size_t stride, float* x) {
  constexpr std::size_t kLane = kRowLanes, kBlocks = kPhiloxLanes / kLane;
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
      for (std::size_t l = 0; l < kLane; ++l)
        position[count * kLane + l] = static_cast<std::uint32_t>(block * kLane + l);
      element = (block + 1) * kDropoutBlock;
      if (element >= first + row * stride + columns) element = first + ++row * stride;
    }
    philox_lanes(dropout.seed, Stream::kDropout, step, position, word);
    for (std::size_t b = 0; b < count; ++b) {
      const std::size_t from = first + rows_of[b] * stride, to = from + columns;
      for (std::size_t part = 0; part < kDropoutBlock / kLane; ++part) {
        const std::size_t at = begin_of[b] + part * kLane;
        if (at + kLane <= from || at >= to) continue;
        // In vectors by hand: GCC unrolls a loop over sixteen lanes before it would vectorize it.
        const Word16 bits = *reinterpret_cast<const Word16*>(word[part / 2].data() + b * kLane);
        const Row16 mask = (bits >> (part % 2 * 16) & 0xffffu) < threshold ? Row16{} : all(scale);
        if (at >= from && at + kLane <= to)
          *reinterpret_cast<RowAnywhere16*>(x + (at - first)) *= mask;
        else
          for (std::size_t e = std::max(at, from); e < std::min(at + kLane, to); ++e) x[e - first] *= mask[e - at];
      }
    }
  }
}

}  // namespace meg::cpu
