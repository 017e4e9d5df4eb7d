#pragma once
#include <algorithm>
#include <cstddef>
#include <utility>

#include "cpu/lanes.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

/// One operand of a product, read in place: element (i, j) is data[i * row + j * column]. A transposed matrix is the
/// same data with the two strides exchanged.
struct Operand {
  const float* data;
  std::size_t row, column;
};

// A register tile of c is kTileRows x kPanel numbers: on AVX-512 16 of the 32 registers, on AVX 12 of 16, so that as
// many independent sums hide the latency of the multiply-add units and every panel load is used for each row of the
// tile.
inline constexpr int kTileRows = kLanes == 16 ? 8 : 6;
inline constexpr int kPanel = 2 * kLanes;  // columns of a packed panel of b
inline constexpr int kPanels = 4;          // panels that are packed together
inline constexpr int kDepth = 256;         // rows of a panel: 32 KB, it stays in the first-level cache

inline constexpr int kFewRows = 2 * kTileRows;

inline constexpr std::size_t kFarApart = 512;  // floats between the rows of a wide matrix: half a page

/// Whether a product is added to what c holds, or written over it.
enum class Into { kAdd, kAssign };

/// kPanel columns of b: row k is data + k * row.
struct Panel {
  const float* data;
  std::size_t row;
};

/// c [Rows, columns] = or += a panel, where only `columns` of the tile's Vectors * kLanes are there.
template <int Rows, int Vectors>
inline void multiply_tile(int depth, Operand a, Panel panel, int columns, Into into, float* c, std::size_t c_row) {
  Lanes sum[Rows][Vectors] = {};
  for (int k = 0; k < depth; ++k) {
    const float* b = panel.data + static_cast<std::size_t>(k) * panel.row;
    const float* x = a.data + static_cast<std::size_t>(k) * a.column;
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r)
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v)
        sum[r][v] = fma(all(x[r * a.row]), *reinterpret_cast<const LanesAnywhere*>(b + v * kLanes), sum[r][v]);
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Rows; ++r) {
    float* out = c + r * c_row;
    if (columns == Vectors * kLanes) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) {
        LanesAnywhere& lanes = *reinterpret_cast<LanesAnywhere*>(out + v * kLanes);  // `auto` would lose the alignment
        lanes = into == Into::kAdd ? lanes + sum[r][v] : sum[r][v];
      }
    } else {
      alignas(64) float edge[Vectors * kLanes];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) *reinterpret_cast<Lanes*>(edge + v * kLanes) = sum[r][v];
      for (int j = 0; j < columns; ++j) out[j] = into == Into::kAdd ? out[j] + edge[j] : edge[j];
    }
  }
}

/// The tile of `rows` <= Rows rows: one instance for every height.
template <int Rows, int Vectors>
inline void multiply_tile(int rows, int depth, Operand a, Panel panel, int columns, Into into, float* c,
                          std::size_t c_row) {
  if constexpr (Rows > 1)
    if (rows < Rows) return multiply_tile<Rows - 1, Vectors>(rows, depth, a, panel, columns, into, c, c_row);
  multiply_tile<Rows, Vectors>(depth, a, panel, columns, into, c, c_row);
}

/// panel[k, 0..kPanel] = b[k, 0..columns], then zeros.
inline void pack_panel(int depth, Operand b, int columns, float* panel) {
  const auto width = static_cast<std::size_t>(columns), rows = static_cast<std::size_t>(depth);
  if (width < kPanel) std::fill_n(panel, rows * kPanel, 0.0f);
  std::size_t k = 0;
  if (b.row == 1 && width == kPanel)
    for (; k + kLanes <= rows; k += kLanes)
      for (std::size_t j = 0; j < kPanel; j += kLanes) {
        Lanes square[kLanes];
        for (std::size_t l = 0; l < kLanes; ++l)
          square[l] = *reinterpret_cast<const LanesAnywhere*>(b.data + k + (j + l) * b.column);
        transpose(square);
        for (std::size_t l = 0; l < kLanes; ++l) *reinterpret_cast<Lanes*>(panel + (k + l) * kPanel + j) = square[l];
      }
  for (; k < rows; ++k) {
    const float* row = b.data + k * b.row;
    if (b.column == 1 && width == kPanel)
      for (std::size_t j = 0; j < kPanel; ++j) panel[k * kPanel + j] = row[j];
    else
      for (std::size_t j = 0; j < width; ++j) panel[k * kPanel + j] = row[j * b.column];
  }
}

/// The same numbers side by side, [k, kTileRows], where `a` is transposed: in place its columns are a row of a wide
/// matrix apart, each on another page, and few of them fit the cache together.
inline Operand pack_tile(int rows, int depth, Operand a, float* tile) {
  for (std::size_t k = 0; k < static_cast<std::size_t>(depth); ++k)
    if (rows == kTileRows)
      for (std::size_t r = 0; r < kTileRows; ++r) tile[k * kTileRows + r] = a.data[k * a.column + r];
    else
      std::copy_n(a.data + k * a.column, rows, tile + k * kTileRows);
  return {tile, 1, kTileRows};
}

/// c [m, n] = or += a [m, k] b [k, n], k > 0; c is row-major with row stride c_row. Every number of c is one sum in
/// the order of k (cut at kDepth), wherever it lies in c. One thread; the pool cuts the work above.
inline void multiply(int m, int n, int k, Operand a, Operand b, Into into, float* c, std::size_t c_row) {
  alignas(64) float panels[kPanels * kDepth * kPanel], packed[kDepth * kTileRows];
  for (int k0 = 0; k0 < k; k0 += kDepth)
    for (int n0 = 0; n0 < n; n0 += kPanels * kPanel) {
      const int depth = std::min(kDepth, k - k0), width = std::min(kPanels * kPanel, n - n0);
      const auto first_k = static_cast<std::size_t>(k0), first_n = static_cast<std::size_t>(n0);
      const Into write = k0 > 0 ? Into::kAdd : into;
      const float* corner = b.data + first_k * b.row + first_n * b.column;
      Panel panel[kPanels];
      for (int j = 0, p = 0; j < width; j += kPanel, ++p) {
        const float* const from = corner + static_cast<std::size_t>(j) * b.column;
        panel[p] = {from, b.row};
        if (m <= kFewRows && b.column == 1 && width - j >= kPanel) continue;  // read once or twice: not worth a copy
        panel[p] = {panels + j * kDepth, kPanel};
        pack_panel(depth, {from, b.row, b.column}, std::min(kPanel, width - j), panels + j * kDepth);
      }
      // A tile of a stays in the first-level cache for all panels, which come from the second.
      for (int i = 0; i < m; i += kTileRows) {
        const auto first_i = static_cast<std::size_t>(i);
        const int rows = std::min(kTileRows, m - i);
        Operand tile{a.data + first_i * a.row + first_k * a.column, a.row, a.column};
        if (a.row == 1 && a.column > kFarApart) tile = pack_tile(rows, depth, tile, packed);
        for (int j = 0, p = 0; j < width; j += kPanel, ++p) {
          const int columns = std::min(kPanel, width - j);
          float* out = c + first_i * c_row + first_n + static_cast<std::size_t>(j);
          if (columns > kLanes)
            multiply_tile<kTileRows, 2>(rows, depth, tile, panel[p], columns, write, out, c_row);
          else
            multiply_tile<kTileRows, 1>(rows, depth, tile, panel[p], columns, write, out, c_row);
        }
      }
    }
}

/// Sum of x[i] * w[i]: kSums partial sums, added in a fixed order.
inline float dot(std::size_t count, const float* x, const float* w) {
  constexpr std::size_t kSums = 16, kVectors = kSums / kLanes;
  Lanes sum[kVectors] = {};
  std::size_t i = 0;
  for (; i + kSums <= count; i += kSums)
    for (std::size_t v = 0; v < kVectors; ++v)
      sum[v] = fma(*reinterpret_cast<const LanesAnywhere*>(x + i + v * kLanes),
                   *reinterpret_cast<const LanesAnywhere*>(w + i + v * kLanes), sum[v]);
  alignas(64) float part[kSums];
  for (std::size_t v = 0; v < kVectors; ++v) *reinterpret_cast<Lanes*>(part + v * kLanes) = sum[v];
  for (std::size_t half = kSums / 2; half > 0; half /= 2)
    for (std::size_t l = 0; l < half; ++l) part[l] += part[l + half];
  float rest = 0;
  for (; i < count; ++i) rest = fma(x[i], w[i], rest);
  return part[0] + rest;
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
