#pragma once
#include <algorithm>
#include <cstdint>

namespace meg {

/// Where the block of `rows` rows ends that `row` lies in, or the table of `end` rows: row numbers are cut at whole
/// blocks, so that a row has the same place in a pass whichever rows are asked for.
inline std::uint64_t block_end(std::uint64_t row, std::uint64_t end, std::uint64_t rows) {
  return std::min(end, row / rows * rows + rows);
}

/// Calls pass(row, stop) for rows [first_row, end) in order, block by block.
template <class Pass>
void for_blocks(std::uint64_t first_row, std::uint64_t end, int rows, const Pass& pass) {
  for (std::uint64_t row = first_row; row < end;) {
    const std::uint64_t stop = block_end(row, end, static_cast<std::uint64_t>(rows));
    pass(row, stop);
    row = stop;
  }
}

}  // namespace meg
