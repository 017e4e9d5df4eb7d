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

  /// Rounded to the nearest, ties away from zero.
  __device__ static unsigned round(float x) {
#ifdef __CUDACC__
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
    return bits;
#else
    return (std::bit_cast<unsigned>(x) + 0x1000u) & 0xffffe000u;
#endif
  }
  /// a holds (i, j), (i + 8, j), (i, j + 4), (i + 8, j + 4); b holds (j, i), (j + 4, i). at(row, k), at(k, column).
  template <class At>
  __device__ static void load_a(const At& at, unsigned i, unsigned j, unsigned (&a)[4]) {
    a[0] = round(at(i, j)), a[1] = round(at(i + 8, j)), a[2] = round(at(i, j + 4)), a[3] = round(at(i + 8, j + 4));
  }
  template <class At>
  __device__ static void load_b(const At& at, unsigned i, unsigned j, unsigned (&b)[2]) {
    b[0] = round(at(j, i)), b[1] = round(at(j + 4, i));
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
      return (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    };
    return half(low) | half(high) << 16;
#endif
  }
  /// a holds (i, 2j and 2j + 1), (i + 8, the same), (i, 2j + 8 and 2j + 9), (i + 8, the same); b (2j and 2j + 1, i),
  /// (2j + 8 and 2j + 9, i).
  template <class At>
  __device__ static void load_a(const At& at, unsigned i, unsigned j, unsigned (&a)[4]) {
    for (unsigned part = 0; part < 4; ++part) {
      const unsigned row = i + part % 2 * 8, k = 2 * j + part / 2 * 8;
      a[part] = round(at(row, k), at(row, k + 1));
    }
  }
  template <class At>
  __device__ static void load_b(const At& at, unsigned i, unsigned j, unsigned (&b)[2]) {
    for (unsigned part = 0; part < 2; ++part) b[part] = round(at(2 * j + 8 * part, i), at(2 * j + 8 * part + 1, i));
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
};

}  // namespace meg::MEG_KERNELS
