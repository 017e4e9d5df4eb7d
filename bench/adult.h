#pragma once
#include <algorithm>
#include <array>
#include <string>

#include "core/model/ensemble/masked_ensemble.h"
#include "core/tensor/philox.h"
#include "meg/table.h"

namespace meg::bench {

/// The codes of columns like those of the adult table; where negative, the last one is continuous.
inline constexpr std::array kAdultCodes{73, 9, -6, 16, 16, 7, 15, 6, 5, 2, -30, 92, 94, 42, 2};

inline ColumnsLayout adult_columns() {
  ColumnsLayout layout;
  for (const int codes : kAdultCodes) {
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
  std::vector<float> cells(static_cast<std::size_t>(rows) * 3 * n);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    for (std::size_t j = 0; j < n; ++j) {
      const auto position = static_cast<std::uint32_t>(j);
      float* cell = cells.data() + r * 3 * n + j;
      const auto codes = static_cast<std::uint32_t>(layout.columns[j].codes);
      cell[0] = static_cast<float>(philox.bits(r, position)[0] % codes);
      if (cell[0] == static_cast<float>(layout.columns[j].continuous)) cell[n] = philox.normal(r, position)[0];
      cell[2 * n] = 15.0f * philox.uniform(r, position)[1];
    }
  Memory memory = backend.allocate(cells.size());
  backend.upload(cells, memory);
  return memory;
}

/// Rows of as many different words and numbers; the continuous columns are whole numbers up to a million.
inline Table adult_table(std::size_t rows) {
  std::vector<NamedArray> columns;
  const Philox philox(1, Stream::kMeasure);
  for (std::size_t c = 0; c < kAdultCodes.size(); ++c) {
    std::vector<std::string> cells;
    for (std::size_t r = 0; r < rows; ++r) {
      const bool continuous = kAdultCodes[c] < 0, words = std::abs(kAdultCodes[c]) < 20;
      const auto different = static_cast<std::uint32_t>(continuous ? 1'000'000 : kAdultCodes[c]);
      const std::uint32_t value = philox.bits(r, static_cast<std::uint32_t>(c))[0] % different;
      cells.push_back((words && !continuous ? "A-category-" : "") + std::to_string(value));
    }
    columns.push_back({"column" + std::to_string(c), Array::texts(cells)});
  }
  return Table(std::move(columns), /*is_text=*/true);
}

/// Normal numbers.
inline Memory random(Backend& backend, std::size_t count) {
  Memory memory = backend.allocate(count);
  backend.fill_normal(1, Stream::kMeasure, 0, memory);
  return memory;
}

}  // namespace meg::bench
