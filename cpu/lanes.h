#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

#include "cpu/level.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace meg::cpu {
inline namespace MEG_LEVEL {

/// Floats in a register of this machine. GCC takes longer vectors too, but compares them number by number.
#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
#elif defined(__AVX__)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif

/// Numbers side by side in one register; LanesAnywhere and WordLanes at any address.
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), may_alias));
typedef float LanesAnywhere __attribute__((vector_size(kLanes * sizeof(float)), may_alias, aligned(4)));
typedef std::int32_t IntLanes __attribute__((vector_size(kLanes * sizeof(std::int32_t)), may_alias));
typedef std::uint32_t WordLanes __attribute__((vector_size(kLanes * sizeof(std::uint32_t)), may_alias, aligned(4)));

/// Calls body(i) for i in [begin, end), in vectors: its operands overlap in whole or not at all. Capture them by value,
/// or every store could change them, and nothing would be vectorized.
template <class Body>
inline void for_independent(std::size_t begin, std::size_t end, const Body& body) {
#ifdef __clang__
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
  for (std::size_t i = begin; i < end; ++i) body(i);
}

inline Lanes all(float x) { return x - Lanes{}; }  // which is x, where x + 0 is not if x is -0

// Nothing is fused but what says so, for a compiler chooses as it likes: so a level with fused multiply-add has the
// same bits as another, and row i of a product the same whichever rows are beside it. x86-64-v2 has none, and rounds
// twice.
/// a * b + c.
inline float fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
inline Lanes fma(Lanes a, Lanes b, Lanes c) {
#if defined(__AVX512F__)
  return reinterpret_cast<Lanes>(_mm512_fmadd_ps(a, b, c));
#elif defined(__FMA__)
  return reinterpret_cast<Lanes>(_mm256_fmadd_ps(a, b, c));
#elif defined(__ARM_FEATURE_FMA)
  return reinterpret_cast<Lanes>(vfmaq_f32(c, a, b));
#else
  return a * b + c;
#endif
}
inline Lanes fma(Lanes a, float b, Lanes c) { return fma(a, all(b), c); }
inline Lanes fma(Lanes a, Lanes b, float c) { return fma(a, b, all(c)); }
inline Lanes fma(Lanes a, float b, float c) { return fma(a, all(b), all(c)); }

/// Exchanges rows and columns of a square: at every distance d, the lanes with bit d set of row i with those without it
/// of row i + d.
template <int distance, int... lane>
inline void exchange(Lanes (&square)[kLanes], std::integer_sequence<int, lane...>) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) {
    if (i & distance) continue;
    const Lanes a = square[i], b = square[i + distance];
    square[i] = __builtin_shufflevector(a, b, (lane & distance ? kLanes + lane - distance : lane)...);
    square[i + distance] = __builtin_shufflevector(a, b, (lane & distance ? kLanes + lane : lane + distance)...);
  }
}

inline void transpose(Lanes (&square)[kLanes]) {
  constexpr std::make_integer_sequence<int, kLanes> lanes;
  if constexpr (kLanes > 8) exchange<8>(square, lanes);
  if constexpr (kLanes > 4) exchange<4>(square, lanes);
  exchange<2>(square, lanes);
  exchange<1>(square, lanes);
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
