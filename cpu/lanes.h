#pragma once
#include <cstdint>
#include <utility>

// Before a loop whose operands overlap in whole or not at all.
#ifdef __clang__
#define MEG_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define MEG_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace meg::cpu {

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

}  // namespace meg::cpu
