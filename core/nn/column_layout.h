#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/tensor/decoding.h"
#include "core/tensor/philox.h"
#include "core/tensor/view.h"

namespace meg {

inline constexpr int kEmbedding = 16;                  ///< numbers of a code's embedding
inline constexpr int kKnots = 16;                      ///< knots of a value's piecewise-linear encoding
inline constexpr int kFeatures = kEmbedding + kKnots;  ///< what another generator sees of a column
inline constexpr int kMixtures = 24;                   ///< Gaussians of a continuous column's head
inline constexpr int kZCells = 1024;  ///< cells of the grid that takes z to its place between the knots

// The noise of a row has 2^20 numbers for each of 2^14 columns, of which the mixture and z take the last few.
inline constexpr int kNoiseBits = 18;  ///< a column's part of a counter, which stands for four numbers
inline constexpr int kMostModelColumns = 1 << (32 - kNoiseBits);
inline constexpr int kMostCodes = (4 << kNoiseBits) - 64;  ///< of a column

/// Where one column lies in the operands of the column operations. A cell is a code and, for the continuous code, a
/// normal score z; its position is the place of its value between the column's knots, -1 where it has none.
struct ColumnLayout {
  int codes = 1;
  int continuous = -1;            // the code whose cells have a z; -1: none has
  float z_low = 0, z_high = 0;    // z is kept between them
  std::size_t embedding = 0;      // first element of [codes, kEmbedding] in the parameter block
  std::size_t head = 0;           // first of head_width() elements in a row of the heads' outputs
  std::size_t view = 0;           // first of view_width() elements in a row of the discriminator's view
  std::size_t code_position = 0;  // first of [codes] positions in the constants
  std::size_t z_position = 0;     // first of [kZCells + 1] positions in the constants, z_low to z_high

  /// Logits of the codes; for a continuous column also kMixtures weights (logits), means and log sigmas.
  int head_width() const { return codes + (continuous >= 0 ? 3 * kMixtures : 0); }
  /// One-hot code; for a continuous column also z.
  int view_width() const { return codes + (continuous >= 0 ? 1 : 0); }
};

/// All columns, in the order of their generation. Cells are [rows, 3 columns]: of every row first the codes (whole
/// numbers as floats), then the z, then the positions. Where it is said, a code of -1 is an unknown cell.
struct ColumnsLayout {
  std::vector<ColumnLayout> columns;
  std::size_t head_stride = 0, view_stride = 0;  // elements of a row

  std::size_t size() const { return columns.size(); }
  std::size_t cell_stride() const { return 3 * columns.size(); }
};

/// A column whose cells can be continuous, and the way from their z to numbers.
struct NumberColumn {
  int column = 0;      // its place among all
  int continuous = 0;  // the code of its continuous cells
  GridTables numbers;  // in memory of the backend
};

/// A column of the `classic` preset, and its place in the rows that the generators write.
struct PlacedColumn {
  ScaledColumn column;
  std::size_t place = 0;
};

/// The random numbers of generated rows: those of row r are a function of (seed, stream, first_row + r).
struct Draw {
  std::uint64_t seed = 0;
  Stream stream = Stream::kSample;
  std::uint64_t first_row = 0;
  float temperature = 1.0f;  // divides the logits and scales the sigmas' noise: below 1 likelier rows
  bool fills = false;        // whether unknown cells alone are drawn
};

/// The cells that a draw is kept to: some codes and, for the continuous code, z in [z_low, z_high]. An end of the
/// column's own range also stands for all that a free draw would cut to it.
struct Allowed {
  ConstView codes{};  // a number for each code, 0: not this one; empty: the draw is free
  float z_low = 0, z_high = 0;
  View log_mass{};  // a number for each row, which gains the log of a free draw's chance to be among them
};

}  // namespace meg
