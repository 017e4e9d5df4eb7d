#pragma once
#include "kernels/device.h"
#include "kernels/layer.h"
#include "kernels/mma.h"

namespace meg::MEG_KERNELS {

// A block's part of a matrix product: a tile of c += a b, sixteen numbers a thread, over panels of kDepth, [rows,
// kDepth] of a and [columns, kDepth] of b (transposed) at a time, that pass through shared memory.
inline constexpr unsigned kDepth = 32;

template <unsigned rows, unsigned columns>
struct TileShape {
  static_assert(rows * columns == 16 * kThreads);
  static constexpr unsigned kRows = rows, kColumns = columns;
};
inline constexpr unsigned kTile = 64;
using SquareTile = TileShape<kTile, kTile>;
using WideTile = TileShape<32, 128>;

/// Panels of an operand in shared memory: one is computed on, the others are on their way.
inline constexpr unsigned kStages = 3;

/// Where an operand lies: at(i, k) is the address of an element, null beyond its matrix.
template <class At>
struct Operand {
  At at;
  bool in_fours;  // every four neighbours in memory are all inside or all beyond, and aligned to 16 bytes
};
template <class At>
Operand(At, bool) -> Operand<At>;

/// Whether rows so far apart that begin at `data` can be read in fours, of so many elements.
__device__ inline bool in_fours(const float* data, std::size_t stride, std::size_t width) {
  return reinterpret_cast<std::uintptr_t>(data) % 16 == 0 && stride % 4 == 0 && width % 4 == 0;
}

/// The inputs x [rows, inputs] of a group from a row on, (row, input).
__device__ inline auto inputs_of(const LayerGroup& g, const float* x, std::size_t first_row, std::size_t rows) {
  const float* const begin = x + g.x + first_row * g.x_stride;
  const auto at = [&g, begin, left = rows - first_row](unsigned i, unsigned k) -> const float* {
    return i < left && k < g.inputs ? begin + i * g.x_stride + g.column_of(k) : nullptr;
  };
  return Operand{at, in_fours(begin, g.x_stride, g.inputs) && g.gap_in_fours()};
}
/// Gradients of its outputs y [rows, outputs], (row, output).
__device__ inline auto output_gradients_of(const LayerGroup& g, const float* dy, std::size_t first_row,
                                           std::size_t rows) {
  const float* const begin = dy + g.y + first_row * g.y_stride;
  const auto at = [&g, begin, left = rows - first_row](unsigned i, unsigned k) -> const float* {
    return i < left && k < g.outputs ? begin + i * g.y_stride + k : nullptr;
  };
  return Operand{at, in_fours(begin, g.y_stride, g.outputs)};
}
/// Its weights [inputs, outputs] from an output on, (output, input).
__device__ inline auto weights_of(const LayerGroup& g, const float* parameters, unsigned output = 0) {
  const float* const begin = parameters + g.weight + output;
  const auto at = [&g, begin, left = g.outputs - output](unsigned j, unsigned k) -> const float* {
    return k < g.inputs && j < left ? begin + std::size_t{k} * g.outputs + j : nullptr;
  };
  return Operand{at, in_fours(begin, g.outputs, g.outputs)};
}

/// kStages panels. kAlongDepth: neighbours in memory are neighbours in depth, and so they are here: the copies are free
/// of bank conflicts, and so are the reads of tensor-core fragments (a pitch of 4 or 8 banks puts 8 x 4 lanes into 32
/// banks).
template <bool kAlongDepth, unsigned kWidth = kTile>
class Panels {
  static constexpr unsigned kPitch = kAlongDepth ? kDepth + 4 : kWidth + 8;
  static constexpr unsigned kEach = kPitch * (kAlongDepth ? kWidth : kDepth);

 public:
  static constexpr unsigned kFloats = kStages * kEach;

  __device__ explicit Panels(Shared<float> panels) : panels_(panels) {}

  /// Begins to copy an operand's elements (i, first + k), i < kWidth, k < kDepth.
  template <class At>
  __device__ void fetch(unsigned stage, unsigned first, const Operand<At>& from) const {
    from.in_fours ? copy<4>(stage, first, from.at) : copy<1>(stage, first, from.at);
  }
  /// A panel, to be read as panel(i, k).
  __device__ auto operator[](unsigned stage) const {
    return [panel = panels_ + stage * kEach](unsigned i, unsigned k) -> float { return panel[place(i, k)]; };
  }

 private:
  template <unsigned count, class At>
  __device__ void copy(unsigned stage, unsigned first, const At& at) const {
    constexpr unsigned kAlong = (kAlongDepth ? kDepth : kWidth) / count;
#pragma unroll
    for (unsigned n = 0; n < kWidth * kDepth / count / kThreads; ++n) {
      const unsigned e = n * kThreads + threadIdx.x, along = e % kAlong * count, across = e / kAlong;
      const unsigned i = kAlongDepth ? across : along, k = kAlongDepth ? along : across;
      copy_async<count>(panels_, stage * kEach + place(i, k), at(i, first + k));
    }
  }
  __device__ static unsigned place(unsigned i, unsigned k) { return kAlongDepth ? i * kPitch + k : k * kPitch + i; }

  Shared<float> panels_;
};

/// A matrix of a tile's shape in shared memory: what one product leaves to the next. Its pitch is that of a panel.
template <class Shape>
class Resident {
 public:
  static constexpr unsigned kFloats = Shape::kRows * (Shape::kColumns + 4);

  __device__ explicit Resident(Shared<float> matrix) : matrix_(matrix) {}
  __device__ void put(unsigned i, unsigned k, float value) const { matrix_[place(i, k)] = value; }
  __device__ float operator()(unsigned i, unsigned k) const { return matrix_[place(i, k)]; }

 private:
  __device__ static unsigned place(unsigned i, unsigned k) { return i * (Shape::kColumns + 4) + k; }

  Shared<float> matrix_;
};

/// A thread's sixteen numbers of a tile, by float32 multiply-adds: four rows and four columns, all equally far apart.
template <class S>
class FmaTile {
 public:
  using Shape = S;

  template <class A, class B>
  __device__ void add(const A& a, const B& b) {
#pragma unroll 4
    for (unsigned k = 0; k < kDepth; ++k) {
      float x[4], y[4];
#pragma unroll
      for (unsigned n = 0; n < 4; ++n) x[n] = a(row(n), k), y[n] = b(column(n), k);
#pragma unroll
      for (unsigned n = 0; n < 16; ++n) sum_[n / 4][n % 4] += x[n / 4] * y[n % 4];
    }
  }
  /// visit(row, column, sum) for each of them.
  template <class Visit>
  __device__ void each(const Visit& visit) const {
#pragma unroll
    for (unsigned n = 0; n < 16; ++n) visit(row(n / 4), column(n % 4), sum_[n / 4][n % 4]);
  }

 private:
  static constexpr unsigned kAcross = Shape::kColumns / 4, kDown = Shape::kRows / 4;  // threads

  __device__ static unsigned row(unsigned n) { return threadIdx.x / kAcross + kDown * n; }
  __device__ static unsigned column(unsigned n) { return threadIdx.x % kAcross + kAcross * n; }

  float sum_[4][4] = {};
};

/// The same by tensor cores: eight warps of 32 x 16, each 2 x 2 products of 16 x 8.
template <class Format, class S>
class MmaTile {
 public:
  using Shape = S;

  template <class A, class B>
  __device__ void add(const A& a, const B& b) {
#pragma unroll
    for (unsigned k = 0; k < kDepth; k += Format::kDepth) {
      unsigned x[2][4], y[2][2];
#pragma unroll
      for (unsigned n = 0; n < 2; ++n) {
        Format::load_a([&](unsigned i, unsigned j) { return a(row(n) + i, k + j); }, threadIdx.x % 32 / 4,
                       threadIdx.x % 4, x[n]);
        Format::load_b([&](unsigned i, unsigned j) { return b(column(n) + j, k + i); }, threadIdx.x % 32 / 4,
                       threadIdx.x % 4, y[n]);
      }
#pragma unroll
      for (unsigned n = 0; n < 4; ++n) Format::multiply_add(sum_[n / 2][n % 2], x[n / 2], y[n % 2]);
    }
  }
  template <class Visit>
  __device__ void each(const Visit& visit) const {
#pragma unroll
    for (unsigned n = 0; n < 16; ++n) {
      const unsigned e = n % 4;
      visit(row(n / 8) + threadIdx.x % 32 / 4 + e / 2 * 8, column(n / 4 % 2) + threadIdx.x % 4 * 2 + e % 2,
            sum_[n / 8][n / 4 % 2][e]);
    }
  }

 private:
  static constexpr unsigned kAcross = Shape::kColumns / 16;  // warps

  __device__ static unsigned row(unsigned n) { return threadIdx.x / 32 / kAcross * 32 + n * 16; }
  __device__ static unsigned column(unsigned n) { return threadIdx.x / 32 % kAcross * 16 + n * 8; }

  float sum_[2][2][4] = {};
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

/// Runs through `depth` in panels: add(stage) computes on one while fetch(stage, first) has later ones on their way.
template <class Fetch, class Add>
__device__ void for_panels(unsigned depth, const Fetch& fetch, const Add& add) {
#pragma unroll
  for (unsigned stage = 0; stage + 1 < kStages; ++stage) {
    if (stage * kDepth < depth) fetch(stage, stage * kDepth);
    commit_copies();
  }
  unsigned stage = 0;
  for (unsigned k = 0; k < depth; k += kDepth) {
    wait_for_copies<kStages - 2>();
    __syncthreads();  // all threads' copies are there, and all have read the panel that is overwritten next
    if (const unsigned later = k + (kStages - 1) * kDepth; later < depth)
      fetch(stage == 0 ? kStages - 1 : stage - 1, later);
    commit_copies();
    add(stage, k);
    stage = stage + 1 == kStages ? 0 : stage + 1;
  }
  __syncthreads();
}

/// Adds the product over `depth` to the tile, of operands a(i, k) and b(j, k).
template <class Tile, class A, class B, class AtA, class AtB>
__device__ void add_product(Tile& tile, const A& a, const B& b, unsigned depth, const Operand<AtA>& from_a,
                            const Operand<AtB>& from_b) {
  for_panels(
      depth,
      [&](unsigned stage, unsigned first) {
        a.fetch(stage, first, from_a);
        b.fetch(stage, first, from_b);
      },
      [&](unsigned stage, unsigned) { tile.add(a[stage], b[stage]); });
}

/// The same of an a that is in shared memory, with zeros beyond its matrix.
template <class Tile, class Shape, class B, class AtB>
__device__ void add_product(Tile& tile, const Resident<Shape>& a, const B& b, unsigned depth,
                            const Operand<AtB>& from_b) {
  for_panels(
      depth, [&](unsigned stage, unsigned first) { b.fetch(stage, first, from_b); },
      [&](unsigned stage, unsigned first) {
        tile.add([&](unsigned i, unsigned k) { return a(i, first + k); }, b[stage]);
      });
}

}  // namespace meg::MEG_KERNELS
