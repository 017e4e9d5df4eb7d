#pragma once
#include "kernels/device.h"
#include "kernels/mma.h"

namespace meg::MEG_KERNELS {

// A block's part of a matrix product: kTile x kTile numbers of c += a b, over panels of kDepth, [kTile, kDepth] of a
// and of b (transposed) at a time, that pass through shared memory.
inline constexpr unsigned kTile = 64, kDepth = 32;

/// A panel in shared memory, and the next one in registers, on its way there while the block computes. kAlongDepth:
/// neighbours in memory are neighbours in depth, and so they are here: both copies are free of bank conflicts, and so
/// are the reads of tensor-core fragments (a pitch of 4 or 8 banks puts 8 x 4 lanes into 32 banks).
template <bool kAlongDepth>
class Panel {
 public:
  static constexpr unsigned kFloats = kAlongDepth ? kTile * (kDepth + 4) : kDepth * (kTile + 8);

  __device__ explicit Panel(Shared<float> panel) : panel_(panel) {}

  /// From element(i, k) with i < kTile, k < kDepth.
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
  static constexpr unsigned kEach = kTile * kDepth / kThreads;

  __device__ static unsigned row(unsigned n) {
    const unsigned e = n * kThreads + threadIdx.x;
    return kAlongDepth ? e / kDepth : e % kTile;
  }
  __device__ static unsigned depth(unsigned n) {
    const unsigned e = n * kThreads + threadIdx.x;
    return kAlongDepth ? e % kDepth : e / kTile;
  }
  __device__ static unsigned place(unsigned i, unsigned k) {
    return kAlongDepth ? i * (kDepth + 4) + k : k * (kTile + 8) + i;
  }

  Shared<float> panel_;
  float next_[kEach];
};

/// A thread's sixteen numbers of a tile, by float32 multiply-adds: every fourth row and every sixteenth column.
class FmaTile {
 public:
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
  __device__ static unsigned row(unsigned n) { return threadIdx.x / 16 + 16 * n; }
  __device__ static unsigned column(unsigned n) { return threadIdx.x % 16 + 16 * n; }

  float sum_[4][4] = {};
};

/// The same by tensor cores: eight warps of 32 x 16, each 2 x 2 products of 16 x 8.
template <class Format>
class MmaTile {
 public:
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
  __device__ static unsigned row(unsigned n) { return threadIdx.x / 128 * 32 + n * 16; }
  __device__ static unsigned column(unsigned n) { return threadIdx.x / 32 % 4 * 16 + n * 8; }

  float sum_[2][2][4] = {};
};

/// Adds the product over `depth` to the tile: a_element(i, k) and b_element(j, k), which are 0 beyond their matrices.
template <class Tile, class A, class B, class ElementA, class ElementB>
__device__ void add_product(Tile& tile, A& a, B& b, unsigned depth, const ElementA& a_element,
                            const ElementB& b_element) {
  const auto fetch = [&](unsigned first) {
    a.fetch([&](unsigned i, unsigned k) { return a_element(i, first + k); });
    b.fetch([&](unsigned j, unsigned k) { return b_element(j, first + k); });
  };
  if (depth > 0) fetch(0);
  for (unsigned k = 0; k < depth; k += kDepth) {
    a.put();
    b.put();
    __syncthreads();
    if (k + kDepth < depth) fetch(k + kDepth);
    tile.add(a, b);
    __syncthreads();
  }
}

}  // namespace meg::MEG_KERNELS
