#pragma once
#include "core/nn/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

// One warp's tensor-core products, d [16, 8] += a [16, kDepth] b [kDepth, 8] in float32, from inputs of fewer bits. A
// lane holds the elements that the PTX manual gives it ("mma.m16n8k8", "mma.m16n8k16"): with i = lane / 4 and
// j = lane % 4, d holds (i, 2j), (i, 2j + 1), (i + 8, 2j), (i + 8, 2j + 1).

/// Inputs of 10 bits behind the point, the exponent of float32.
struct Tf32 {
  static constexpr unsigned kDepth = 8;

  /// Rounded to the nearest, ties away from zero; the 13 bits behind are left to the tensor core, which does not read
  /// them. The maximum is for a NaN as GPUs make it, 0x7fffffff: it must not become a number. One instruction on sm_90.
  __device__ static unsigned round(float x) {
    const unsigned bits = __float_as_uint(x), up = bits + 0x1000u;
    return static_cast<int>(up) > static_cast<int>(bits) ? up : bits;
  }
  /// Of the rows of a from `row` on: (i, j), (i + 8, j), (i, j + 4), (i + 8, j + 4), all from k on in depth.
  template <class Matrix>
  __device__ static void load_a(const Matrix& from, unsigned row, unsigned k, unsigned (&a)[4]) {
    const auto l = static_cast<unsigned>(lane());
    float x[4];
    if constexpr (Matrix::kAlongDepth)
      read_squares(from.begin, Matrix::place(row + l % 16, k + l / 16 * 4), x);
    else
#pragma unroll
      for (unsigned n = 0; n < 4; ++n) x[n] = from(row + l / 4 + n % 2 * 8, k + l % 4 + n / 2 * 4);
#pragma unroll
    for (unsigned n = 0; n < 4; ++n) a[n] = round(x[n]);
  }
  /// Of two b side by side, whose columns are the rows of a matrix from `row` on: (j, i), (j + 4, i).
  template <class Matrix>
  __device__ static void load_b(const Matrix& from, unsigned row, unsigned k, unsigned (&b)[2][2]) {
    const auto l = static_cast<unsigned>(lane());
    float x[4];
    if constexpr (Matrix::kAlongDepth)
      read_squares(from.begin, Matrix::place(row + l / 16 * 8 + l % 8, k + l / 8 % 2 * 4), x);
    else
#pragma unroll
      for (unsigned n = 0; n < 4; ++n) x[n] = from(row + l / 4 + n / 2 * 8, k + l % 4 + n % 2 * 4);
#pragma unroll
    for (unsigned n = 0; n < 4; ++n) b[n / 2][n % 2] = round(x[n]);
  }
  __device__ static void multiply_add(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef __CUDACC__
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
        "%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    simt::multiply_add_tf32(d, a, b);
#endif
  }
};

/// Inputs of 7 bits behind the point, the exponent of float32.
struct Bf16 {
  static constexpr unsigned kDepth = 16;

  /// Two of them in one word, the first in the low half; rounded to the nearest, ties to even.
  __device__ static unsigned round(float low, float high) {
#ifdef __CUDACC__
    unsigned bits;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
    return bits;
#else
    const auto half = [](float x) {
      const auto bits = std::bit_cast<unsigned>(x);
      return std::isnan(x) ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    };
    return half(low) | half(high) << 16;
#endif
  }
  /// (i, 2j and 2j + 1), (i + 8, the same), (i, 2j + 8 and 2j + 9), (i + 8, the same), as Tf32::load_a().
  template <class Matrix>
  __device__ static void load_a(const Matrix& from, unsigned row, unsigned k, unsigned (&a)[4]) {
#pragma unroll
    for (unsigned n = 0; n < 4; ++n) a[n] = pair(from, row + n % 2 * 8, k + n / 2 * 8);
  }
  /// (2j and 2j + 1, i), (2j + 8 and 2j + 9, i), as Tf32::load_b().
  template <class Matrix>
  __device__ static void load_b(const Matrix& from, unsigned row, unsigned k, unsigned (&b)[2][2]) {
#pragma unroll
    for (unsigned n = 0; n < 4; ++n) b[n / 2][n % 2] = pair(from, row + n / 2 * 8, k + n % 2 * 8);
  }
  __device__ static void multiply_add(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef __CUDACC__
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, "
        "%2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    simt::multiply_add_bf16(d, a, b);
#endif
  }

 private:
  /// (i, 2j and 2j + 1) from there on.
  template <class Matrix>
  __device__ static unsigned pair(const Matrix& from, unsigned row, unsigned k) {
    const auto l = static_cast<unsigned>(lane());
    return round(from(row + l / 4, k + l % 4 * 2), from(row + l / 4, k + l % 4 * 2 + 1));
  }
};

}  // namespace meg::MEG_KERNELS
