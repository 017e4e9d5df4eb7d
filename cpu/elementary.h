#pragma once
#include <cstddef>
#include <cstdint>

#include "cpu/lanes.h"

namespace meg::cpu {

/// Rows side by side, as many as a register holds: what the column operations compute with.
inline constexpr std::size_t kRowLanes = kLanes;

inline Lanes all(float x) { return Lanes{} + x; }
inline Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }
inline Lanes smaller(Lanes a, Lanes b) { return a < b ? a : b; }

/// exp to 2e-7 relative: 2^n e^r with |r| <= ln 2 / 2 and Cephes' polynomial of degree 6; x is kept in [-87, 88].
inline Lanes fast_exp(Lanes x) {
  x = smaller(larger(x, all(-87.0f)), all(88.0f));
  const Lanes magic = all(12582912.0f);  // 1.5 * 2^23: adding it rounds to a whole number
  const Lanes shifted = x * 1.44269504f + magic, n = shifted - magic;
  const Lanes r = x - n * 0.693359375f + n * 2.12194440e-4f;
  Lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const IntLanes exponent = (reinterpret_cast<const IntLanes&>(shifted) - 0x4B400000 + 127) << 23;
  return p * reinterpret_cast<const Lanes&>(exponent);
}

/// log of positive normal numbers to 2e-7: Cephes' polynomial of degree 9 on the mantissa in [sqrt 1/2, sqrt 2).
inline Lanes fast_log(Lanes x) {
  const IntLanes bits = reinterpret_cast<const IntLanes&>(x);
  const IntLanes half = 0x3F3504F3 - IntLanes{};  // sqrt 1/2
  const IntLanes exponent = (bits - half) >> 23;
  const IntLanes mantissa = bits - (exponent << 23);
  const Lanes r = reinterpret_cast<const Lanes&>(mantissa) - 1.0f, e = __builtin_convertvector(exponent, Lanes);
  Lanes p = r * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  const Lanes square = r * r;
  return r + (p * r * square - e * 2.12194440e-4f - 0.5f * square) + e * 0.693359375f;
}

}  // namespace meg::cpu
