#pragma once
#include "kernels/device.h"
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

/// A panel in shared memory, and the next one in registers, on its way there while the block computes. kAlongDepth:
/// neighbours in memory are neighbours in depth, and so they are here: both copies are free of bank conflicts, and so
/// are the reads of tensor-core fragments (a pitch of 4 or 8 banks puts 8 x 4 lanes into 32 banks).
template <bool kAlongDepth, unsigned kWidth = kTile>
class Panel {
 public:
  static constexpr unsigned kFloats = kAlongDepth ? kWidth * (kDepth + 4) : kDepth * (kWidth + 8);

  __device__ explicit Panel(Shared<float> panel) : panel_(panel) {}

  /// From element(i, k) with i < kWidth, k < kDepth.
  template <class Element>
  __device__ void fetch(const Element& element) {
#pragma unroll
    for (unsigned n = 0; n < kEach; ++n) next_[n] = element(row(n), depth(n));
  }
  __device__ void put() const {
#pragma unroll
    for (unsigned n = 0; n < kEach; ++n) panel_[place(row(n), depth(n))] = next_[n];
  }
  __device__ float operator()(unsigned i, unsigned k) const { return panel_[place(i, k)]; }

 private:
  static constexpr unsigned kEach = kWidth * kDepth / kThreads;

  __device__ static unsigned row(unsigned n) {
    const unsigned e = n * kThreads + threadIdx.x;
    return kAlongDepth ? e / kDepth : e % kWidth;
  }
  __device__ static unsigned depth(unsigned n) {
    const unsigned e = n * kThreads + threadIdx.x;
    return kAlongDepth ? e % kDepth : e / kWidth;
  }
  __device__ static unsigned place(unsigned i, unsigned k) {
    return kAlongDepth ? i * (kDepth + 4) + k : k * (kWidth + 8) + i;
  }

  Shared<float> panel_;
  float next_[kEach];
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

/// Runs through `depth` in panels: fetch(first) has the next ones on their way while add(first) computes on those that
/// put() has brought.
template <class Fetch, class Put, class Add>
__device__ void for_panels(unsigned depth, const Fetch& fetch, const Put& put, const Add& add) {
  if (depth > 0) fetch(0);
  for (unsigned k = 0; k < depth; k += kDepth) {
    put();
    __syncthreads();
    if (k + kDepth < depth) fetch(k + kDepth);
    add(k);
    __syncthreads();
  }
}

/// Adds the product over `depth` to the tile: a_element(i, k) and b_element(j, k), which are 0 beyond their matrices.
template <class Tile, class A, class B, class ElementA, class ElementB>
__device__ void add_product(Tile& tile, A& a, B& b, unsigned depth, const ElementA& a_element,
                            const ElementB& b_element) {
  for_panels(
      depth,
      [&](unsigned first) {
        a.fetch([&](unsigned i, unsigned k) { return a_element(i, first + k); });
        b.fetch([&](unsigned j, unsigned k) { return b_element(j, first + k); });
      },
      [&] { a.put(), b.put(); }, [&](unsigned) { tile.add(a, b); });
}

/// The same of an a that is in shared memory, with zeros beyond its matrix.
template <class Tile, class Shape, class B, class ElementB>
__device__ void add_product(Tile& tile, const Resident<Shape>& a, B& b, unsigned depth, const ElementB& b_element) {
  for_panels(
      depth, [&](unsigned first) { b.fetch([&](unsigned j, unsigned k) { return b_element(j, first + k); }); },
      [&] { b.put(); }, [&](unsigned first) { tile.add([&](unsigned i, unsigned k) { return a(i, first + k); }, b); });
}

}  // namespace meg::MEG_KERNELS
