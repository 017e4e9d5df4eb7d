#pragma once
#include <algorithm>

#include "core/model/masked_ensemble.h"
#include "core/tensor/philox.h"

namespace meg::bench {

/// Columns like those of the adult table, two of them with a continuous code.
inline ColumnsLayout adult_columns() {
  ColumnsLayout layout;
  for (const int codes : {73, 9, -6, 16, 16, 7, 15, 6, 5, 2, -30, 92, 94, 42, 2}) {
    ColumnLayout& column = layout.columns.emplace_back();
    column.codes = std::abs(codes);
    if (codes < 0) column.continuous = column.codes - 1, column.z_low = -4, column.z_high = 4;
  }
  return layout;
}

/// Cells of all codes, z normal, positions between the knots: [rows, 3 columns].
inline Memory adult_cells(Backend& backend, const ColumnsLayout& layout, int rows) {
  const std::size_t n = layout.size();
  const Philox philox(1, Stream::kMeasure);
  Memory cells = backend.allocate(static_cast<std::size_t>(rows) * 3 * n);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    for (std::size_t j = 0; j < n; ++j) {
      const auto position = static_cast<std::uint32_t>(j);
      float* cell = cells.data() + r * 3 * n + j;
      const auto codes = static_cast<std::uint32_t>(layout.columns[j].codes);
      cell[0] = static_cast<float>(philox.bits(r, position)[0] % codes);
      if (cell[0] == static_cast<float>(layout.columns[j].continuous)) cell[n] = philox.normal(r, position)[0];
      cell[2 * n] = 15.0f * philox.uniform(r, position)[1];
    }
  return cells;
}

/// Normal numbers.
inline Memory random(Backend& backend, std::size_t count) {
  Memory memory = backend.allocate(count);
  backend.fill_normal(1, Stream::kMeasure, 0, 1, static_cast<int>(count), memory.data());
  return memory;
}

}  // namespace meg::bench
