#pragma once
#include "kernels/device.h"
#include "kernels/layer.h"
#include "kernels/mma.h"

namespace meg::MEG_KERNELS {

// A block's part of a matrix product: a tile of c += a b, sixteen or eight numbers a thread, over panels of kDepth,
// [rows, kDepth] of a and [columns, kDepth] of b (transposed) at a time, that pass through shared memory.
inline constexpr unsigned kDepth = 32;

template <unsigned rows, unsigned columns, bool has_copiers = false>
struct TileShape {
  static constexpr unsigned kRows = rows, kColumns = columns;
  static constexpr bool kHasCopiers = has_copiers;
  /// Tiles below one another for so many rows.
  static constexpr unsigned row_tiles(unsigned count) { return (count + kRows - 1) / kRows; }
  /// kThreads compute and copy, or as many more copy meanwhile. That takes twice as many registers, and is for blocks
  /// that are few: an SM has no other to compute while one waits.
  static constexpr unsigned kBlockThreads = has_copiers ? 2 * kThreads : kThreads;
  __device__ static bool computes() { return !has_copiers || threadIdx.x < kThreads; }
  __device__ static bool copies() { return !has_copiers || threadIdx.x >= kThreads; }

  /// A thread's numbers are of so many rows, and of four columns.
  static constexpr unsigned kTall = rows * columns / kThreads / 4;
  static_assert(kTall == 2 || kTall == 4);
};
using SquareTile = TileShape<64, 64>;
using FlatTile = TileShape<32, 64, true>;
using WideTile = TileShape<32, 128>;
using LowTile = TileShape<16, 128, true>;

/// Panels of an operand in shared memory: one is computed on, the others are on their way.
inline constexpr unsigned kStages = 3;

/// Where an operand lies: in lines of neighbours. Beyond their number and their width there are zeros.
struct Operand {
  const float* begin;  // of line 0
  std::uint32_t stride, lines, width;
  std::uint32_t gap = 0xffffffff, gap_width = 0;  // neighbours from `gap` on lie so much later

  /// Where line n of a panel begins.
  __device__ std::uint32_t offset(unsigned n) const { return n * stride; }
  __device__ bool has(unsigned n) const { return n < lines; }
  /// Leaves so many lines behind.
  __device__ void skip(unsigned count) {
    begin += std::size_t{count} * stride;
    lines = lines > count ? lines - count : 0;
  }
  __device__ unsigned place(unsigned neighbour) const { return neighbour < gap ? neighbour : neighbour + gap_width; }
  /// Whether every four neighbours from a multiple of four on are all there or all not, and aligned to 16 bytes.
  __device__ bool in_fours() const {
    return reinterpret_cast<std::uintptr_t>(begin) % 16 == 0 && stride % 4 == 0 && width % 4 == 0 &&
           (gap >= width || (gap % 4 == 0 && gap_width % 4 == 0));
  }
};

/// The inputs x [rows, inputs] of a group from a row and an input on; a line is a row.
__device__ inline Operand inputs_of(const LayerGroup& g, const float* x, unsigned first_row, unsigned rows,
                                    unsigned first_input = 0) {
  const auto stride = static_cast<std::uint32_t>(g.x_stride);
  const std::size_t column = g.column_of(first_input);
  return {x + g.x + first_row * g.x_stride + column,
          stride,
          rows - first_row,
          g.inputs - first_input,
          first_input < g.gap ? g.gap - first_input : 0xffffffff,
          g.gap_width};
}
/// Gradients of its outputs y [rows, outputs] from a row and an output on; a line is a row.
__device__ inline Operand output_gradients_of(const LayerGroup& g, const float* dy, unsigned first_row, unsigned rows,
                                              unsigned first_output = 0) {
  return {dy + g.y + first_row * g.y_stride + first_output, static_cast<std::uint32_t>(g.y_stride), rows - first_row,
          g.outputs - first_output};
}
/// Its weights [inputs, outputs] from an output on; a line is an input.
__device__ inline Operand weights_of(const LayerGroup& g, const float* parameters, unsigned first_output = 0) {
  return {parameters + g.weight + first_output, g.outputs, g.inputs, g.outputs - first_output};
}

/// A matrix in shared memory as a tile reads it, by row and depth. along_depth: neighbours in memory are neighbours in
/// depth.
template <bool along_depth, unsigned pitch>
struct Matrix {
  static constexpr bool kAlongDepth = along_depth;

  __device__ static unsigned place(unsigned i, unsigned k) { return along_depth ? i * pitch + k : k * pitch + i; }
  __device__ float operator()(unsigned i, unsigned k) const { return begin[place(i, k)]; }

  Shared<float> begin;
};

/// kStages panels. kAlongDepth: neighbours in memory are neighbours in depth, and so they are here: the copies are free
/// of bank conflicts, and so are the reads of tensor-core fragments (a pitch of 4 or 8 banks puts 8 x 4 lanes into 32
/// banks).
template <bool kAlongDepth, unsigned kWidth>
class Panels {
  static constexpr unsigned kPitch = kAlongDepth ? kDepth + 4 : kWidth + 8;
  static constexpr unsigned kEach = kPitch * (kAlongDepth ? kWidth : kDepth);

 public:
  static constexpr unsigned kFloats = kStages * kEach;

  __device__ explicit Panels(Shared<float> panels) : panels_(panels) {}

  /// Begins to copy an operand's elements (i, first + k), i < kWidth, k < kDepth. Where its lines go along depth,
  /// `from` moves on by one panel, and `first` is not looked at: call it for one panel after the other.
  template <class From>
  __device__ void fetch(unsigned stage, unsigned first, From& from) const {
    from.in_fours() ? copy<4>(stage, first, from) : copy<1>(stage, first, from);
    if constexpr (!kAlongDepth) from.skip(kDepth);
  }
  __device__ Matrix<kAlongDepth, kPitch> operator[](unsigned stage) const { return {panels_ + stage * kEach}; }

 private:
  template <unsigned count, class From>
  __device__ void copy(unsigned stage, unsigned first, const From& from) const {
    constexpr unsigned kAlong = (kAlongDepth ? kDepth : kWidth) / count, kStep = kThreads / kAlong;
    constexpr unsigned kAcross = kAlongDepth ? kWidth : kDepth;
    const unsigned along = threadIdx.x % kAlong * count, across = threadIdx.x % kThreads / kAlong;
    const unsigned neighbour = kAlongDepth ? first + along : along;
    const bool there = neighbour < from.width;
    const unsigned place = from.place(neighbour), to = stage * kEach + across * kPitch + along;
    if (kStep > kAcross && across >= kAcross) return;
#pragma unroll
    for (unsigned n = 0; n < (kAcross + kStep - 1) / kStep; ++n) {
      const unsigned line = across + n * kStep;
      copy_async<count>(panels_, to + n * kStep * kPitch, from.begin + (from.offset(line) + place),
                        there && from.has(line));
    }
  }

  Shared<float> panels_;
};

/// A matrix of a tile's shape in shared memory: what one product leaves to the next. Its pitch is that of a panel.
template <class Shape>
class Resident {
 public:
  static constexpr unsigned kFloats = Shape::kRows * (Shape::kColumns + 4);

  __device__ explicit Resident(Shared<float> matrix) : matrix_(matrix) {}
  __device__ void put(unsigned i, unsigned k, float value) const { matrix_[AsOperand::place(i, k)] = value; }
  __device__ float operator()(unsigned i, unsigned k) const { return matrix_[AsOperand::place(i, k)]; }
  /// Its columns from k on.
  __device__ auto from(unsigned k) const { return AsOperand{matrix_ + k}; }

 private:
  using AsOperand = Matrix<true, Shape::kColumns + 4>;

  Shared<float> matrix_;
};

/// row(i, j)(j, number, read(i, j)), ... for each number of a tile, by the threads in rows, through shared memory of
/// Resident's size: what lies behind one another in memory is read and written by neighbours. A thread has numbers of a
/// row that are sixteen apart, as those of a draw of dropout are: row(i, j) makes what they share, j being their first.
/// All of a row is read before any of it is visited, so that one wait is enough.
template <class Tile, class Read, class Row>
__device__ void each_in_rows(const Tile& tile, Shared<float> memory, const Read& read, const Row& row) {
  using Shape = typename Tile::Shape;
  const Resident<Shape> numbers(memory);
  if (Shape::computes()) tile.each([&](unsigned i, unsigned j, float number) { numbers.put(i, j, number); });
  __syncthreads();
  const unsigned first = threadIdx.x % 16;
#pragma unroll 1
  for (unsigned i = threadIdx.x / 16; i < Shape::kRows; i += Shape::kBlockThreads / 16) {
    float there[Shape::kColumns / 16];
#pragma unroll
    for (unsigned n = 0; n < Shape::kColumns / 16; ++n) there[n] = read(i, first + 16 * n);
    const auto visit = row(i, first);
#pragma unroll
    for (unsigned n = 0; n < Shape::kColumns / 16; ++n) visit(first + 16 * n, numbers(i, first + 16 * n), there[n]);
  }
  __syncthreads();
}

/// A thread's numbers of a tile, by float32 multiply-adds: rows and columns are equally far apart.
template <class S>
class FmaTile {
 public:
  using Shape = S;

  template <class A, class B>
  __device__ void add(const A& a, const B& b) {
#pragma unroll 4
    for (unsigned k = 0; k < kDepth; ++k) {
      float x[kTall], y[4];
#pragma unroll
      for (unsigned n = 0; n < kTall; ++n) x[n] = a(row(n), k);
#pragma unroll
      for (unsigned n = 0; n < 4; ++n) y[n] = b(column(n), k);
#pragma unroll
      for (unsigned n = 0; n < 4 * kTall; ++n) sum_[n / 4][n % 4] += x[n / 4] * y[n % 4];
    }
  }
  /// visit(row, column, sum) for each of them.
  template <class Visit>
  __device__ void each(const Visit& visit) const {
#pragma unroll
    for (unsigned n = 0; n < 4 * kTall; ++n) visit(row(n / 4), column(n % 4), sum_[n / 4][n % 4]);
  }

 private:
  static constexpr unsigned kTall = Shape::kTall;
  static constexpr unsigned kAcross = Shape::kColumns / 4, kDown = Shape::kRows / kTall;  // threads

  __device__ static unsigned row(unsigned n) { return threadIdx.x / kAcross + kDown * n; }
  __device__ static unsigned column(unsigned n) { return threadIdx.x % kAcross + kAcross * n; }

  float sum_[kTall][4] = {};
};

/// The same by tensor cores: eight warps of 32 x 16 or 16 x 16, each 2 x 2 or 1 x 2 products of 16 x 8.
template <class Format, class S>
class MmaTile {
 public:
  using Shape = S;

  template <class A, class B>
  __device__ void add(const A& a, const B& b) {
#pragma unroll
    for (unsigned k = 0; k < kDepth; k += Format::kDepth) {
      unsigned x[kHigh][4], y[2][2];
#pragma unroll
      for (unsigned n = 0; n < kHigh; ++n) Format::load_a(a, row(n), k, x[n]);
      Format::load_b(b, column(0), k, y);
#pragma unroll
      for (unsigned n = 0; n < 2 * kHigh; ++n) Format::multiply_add(sum_[n / 2][n % 2], x[n / 2], y[n % 2]);
    }
  }
  template <class Visit>
  __device__ void each(const Visit& visit) const {
#pragma unroll
    for (unsigned n = 0; n < 8 * kHigh; ++n) {
      const unsigned e = n % 4;
      visit(row(n / 8) + threadIdx.x % 32 / 4 + e / 2 * 8, column(n / 4 % 2) + threadIdx.x % 4 * 2 + e % 2,
            sum_[n / 8][n / 4 % 2][e]);
    }
  }

 private:
  static constexpr unsigned kHigh = Shape::kTall / 2;        // products
  static constexpr unsigned kAcross = Shape::kColumns / 16;  // warps

  __device__ static unsigned row(unsigned n) { return (threadIdx.x / 32 / kAcross * kHigh + n) * 16; }
  __device__ static unsigned column(unsigned n) { return threadIdx.x / 32 % kAcross * 16 + n * 8; }

  float sum_[kHigh][2][4] = {};
};

/// use(a tile of this shape that multiplies with this precision).
template <class Shape, class Use>
void with_tile(Precision precision, const Use& use) {
  switch (precision) {
    case Precision::kFp32: return use(FmaTile<Shape>());
    case Precision::kTf32: return use(MmaTile<Tf32, Shape>());
    case Precision::kBf16: return use(MmaTile<Bf16, Shape>());
  }
}

/// Runs through `depth` in panels: add(stage, first) computes on one while fetch(stage, first) has later ones on their
/// way. Each is called in one place: a kernel runs through its instructions once, and waits for them as for its data.
template <class Shape, class Fetch, class Add>
__device__ void for_panels(unsigned depth, const Fetch& fetch, const Add& add) {
  const auto next = [](unsigned stage) { return stage + 1 == kStages ? 0 : stage + 1; };
  unsigned fetched = 0, added = 0;  // stages
#pragma unroll 1
  for (unsigned k = 0; k < depth + (kStages - 1) * kDepth; k += kDepth) {
    const bool adds = k >= (kStages - 1) * kDepth;
    if (adds) {
      wait_for_copies<kStages - 2>();
      __syncthreads();  // all threads' copies are there, and all have read the panel that is overwritten next
    }
    if (k < depth && Shape::copies()) fetch(fetched, k);
    commit_copies();
    fetched = next(fetched);
    if (!adds) continue;
    if (Shape::computes()) add(added, k - (kStages - 1) * kDepth);
    added = next(added);
  }
  __syncthreads();
}

/// Adds the product over `depth` to the tile, of operands a(i, k) and b(j, k).
template <class Tile, class A, class B, class FromA, class FromB>
__device__ void add_product(Tile& tile, const A& a, const B& b, unsigned depth, FromA from_a, FromB from_b) {
  for_panels<typename Tile::Shape>(
      depth,
      [&](unsigned stage, unsigned first) {
        a.fetch(stage, first, from_a);
        b.fetch(stage, first, from_b);
      },
      [&](unsigned stage, unsigned) { tile.add(a[stage], b[stage]); });
}

/// The same of an a that is in shared memory, with zeros beyond its matrix.
template <class Tile, class Shape, class B>
__device__ void add_product(Tile& tile, const Resident<Shape>& a, const B& b, unsigned depth, Operand from_b) {
  for_panels<Shape>(
      depth, [&](unsigned stage, unsigned first) { b.fetch(stage, first, from_b); },
      [&](unsigned stage, unsigned first) { tile.add(a.from(first), b[stage]); });
}

}  // namespace meg::MEG_KERNELS
