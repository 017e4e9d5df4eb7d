#pragma once
#include "core/model/ensemble/masked_ensemble.h"
#include "tests/support.h"

namespace test {

/// Columns with these codes; where `continuous`, the last code has a z in [-3, 3].
struct Column {
  int codes;
  bool continuous = false;
};

inline meg::ColumnsLayout layout_of(const std::vector<Column>& columns) {
  meg::ColumnsLayout layout;
  for (const Column& column : columns) {
    meg::ColumnLayout& out = layout.columns.emplace_back();
    out.codes = column.codes;
    if (column.continuous) out.continuous = column.codes - 1, out.z_low = -3, out.z_high = 3;
  }
  return layout;
}

/// Of one, two and five columns: all sizes around the sixteen elements that the operations turn at once.
inline std::vector<std::vector<Column>> odd_columns() {
  return {{{1}}, {{33, true}}, {{2}, {1, true}}, {{3, true}, {16}, {17}, {33}, {100, true}}};
}

/// Rows around the sixteen that lie side by side and the 64 of a task.
inline constexpr int kOddRows[] = {0, 1, 7, 16, 17, 65, 130};

/// Every column's codes, the continuous one in half of the rows; z of the continuous; positions in [-1, 15].
inline Floats random_cells(const meg::ColumnsLayout& layout, int rows, std::uint64_t seed) {
  const std::size_t n = layout.size();
  const meg::Philox philox(seed, meg::Stream::kMeasure);
  Floats cells(static_cast<std::size_t>(rows) * 3 * n, 0.0f);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    for (std::size_t j = 0; j < n; ++j) {
      const auto word = philox.bits(r, static_cast<std::uint32_t>(j));
      const meg::ColumnLayout& column = layout.columns[j];
      const bool has_z = column.continuous >= 0 && word[1] % 2 == 0;
      float* cell = &cells[r * 3 * n + j];
      cell[0] = has_z ? static_cast<float>(column.continuous)
                      : static_cast<float>(word[0] % static_cast<std::uint32_t>(column.codes));
      if (cell[0] == static_cast<float>(column.continuous))
        cell[n] = philox.normal(r, static_cast<std::uint32_t>(n + j))[0];
      cell[2 * n] = word[2] % 3 == 0 ? -1.0f : 15.0f * meg::Philox::to_uniform(word[3]);
    }
  return cells;
}

/// Normal numbers, the logits of the codes twice as large. Of a mixture's log sigmas some lie beyond both clamps.
inline Floats random_heads(const meg::ColumnsLayout& layout, int rows, std::uint64_t seed) {
  Floats heads = random(static_cast<std::size_t>(rows) * layout.head_stride, seed);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    for (const meg::ColumnLayout& column : layout.columns) {
      float* head = &heads[r * layout.head_stride + column.head];
      for (int c = 0; c < column.codes; ++c) head[c] *= 2;
      float* log_sigma = head + column.codes + 2 * meg::kMixtures;
      for (int i = 0; i < meg::kMixtures && column.continuous >= 0; ++i)
        log_sigma[i] = i % 6 == 0 ? 2.5f : i % 6 == 1 ? -7.5f : 0.5f * log_sigma[i];
    }
  return heads;
}

/// The part of a row of [rows, stride] that belongs to one column.
inline reference::Doubles part(const Floats& rows, std::size_t stride, std::size_t row, std::size_t first, int width) {
  const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(row * stride + first);
  return {begin, begin + width};
}

}  // namespace test
