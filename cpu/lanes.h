#pragma once

namespace meg::cpu {

/// Floats in a register of this machine. GCC takes longer vectors too, but compares them number by number.
#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
#elif defined(__AVX__)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif

}  // namespace meg::cpu
