#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "cpu/lanes.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

/// Rows side by side, as many as a register holds: what the column operations compute with.
inline constexpr std::size_t kRowLanes = kLanes;

inline Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }
inline Lanes smaller(Lanes a, Lanes b) { return a < b ? a : b; }

inline Lanes absolute(Lanes x) { return x < 0 ? -x : x; }

/// exp to 2e-7 relative: 2^n e^r with |r| <= ln 2 / 2 and Cephes' polynomial of degree 6; x is kept in [-87, 88].
inline Lanes fast_exp(Lanes x) {
  x = smaller(larger(x, all(-87.0f)), all(88.0f));
  const Lanes magic = all(12582912.0f);  // 1.5 * 2^23: adding it rounds to a whole number
  const Lanes shifted = fma(x, 1.44269504f, magic), n = shifted - magic;
  const Lanes r = fma(n, 2.12194440e-4f, fma(n, -0.693359375f, x));
  Lanes p = fma(r, 1.9875691500e-4f, 1.3981999507e-3f);
  p = fma(p, r, 8.3334519073e-3f);
  p = fma(p, r, 4.1665795894e-2f);
  p = fma(p, r, 1.6666665459e-1f);
  p = fma(p, r, 5.0000001201e-1f);
  p = fma(p * r, r, r) + 1.0f;
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
  Lanes p = fma(r, 7.0376836292e-2f, -1.1514610310e-1f);
  p = fma(p, r, 1.1676998740e-1f);
  p = fma(p, r, -1.2420140846e-1f);
  p = fma(p, r, 1.4249322787e-1f);
  p = fma(p, r, -1.6668057665e-1f);
  p = fma(p, r, 2.0000714765e-1f);
  p = fma(p, r, -2.4999993993e-1f);
  p = fma(p, r, 3.3333331174e-1f);
  const Lanes square = r * r;
  const Lanes low = fma(square, -0.5f, fma(e, -2.12194440e-4f, p * r * square));
  return fma(e, 0.693359375f, r + low);
}

/// sqrt.
inline Lanes root(Lanes x) {
#if defined(__AVX512F__)
  return reinterpret_cast<Lanes>(_mm512_sqrt_ps(x));
#elif defined(__AVX__)
  return reinterpret_cast<Lanes>(_mm256_sqrt_ps(x));
#elif defined(__x86_64__)
  return reinterpret_cast<Lanes>(_mm_sqrt_ps(x));
#elif defined(__ARM_NEON)
  return reinterpret_cast<Lanes>(vsqrtq_f32(x));
#else
  for (int l = 0; l < kLanes; ++l) x[l] = std::sqrt(x[l]);
  return x;
#endif
}

/// cos and sin of 2 pi x for x in [0, 1], to 2e-7 absolute: Cephes' polynomials within an eighth of a turn of the
/// nearest quarter.
struct Turn {
  Lanes cos, sin;
};
inline Turn turn(Lanes x) {
  const IntLanes quarter = __builtin_convertvector(x * 4.0f + 0.5f, IntLanes);
  const Lanes angle = (x - 0.25f * __builtin_convertvector(quarter, Lanes)) * 6.28318531f, square = angle * angle;
  Lanes s = fma(square, -1.9515295891e-4f, 8.3321608736e-3f);
  s = fma(s, square, -1.6666654611e-1f);
  s = fma(s * square, angle, angle);
  Lanes c = fma(square, 2.443315711809948e-5f, -1.388731625493765e-3f);
  c = fma(c, square, 4.166664568298827e-2f);
  c = fma(c * square, square, fma(square, -0.5f, 1.0f));
  const auto odd = (quarter & 1) != 0, back = (quarter & 2) != 0, down = ((quarter + 1) & 2) != 0;
  const Lanes cosine = odd ? s : c, sine = odd ? c : s;
  return {down ? -cosine : cosine, back ? -sine : sine};
}

/// Two standard normal numbers from two uniform ones in (0, 1): Philox::normal (Box-Muller).
inline Turn normal_pair(Lanes u, Lanes v) {
  const Lanes radius = root(-2.0f * fast_log(u));
  const Turn at = turn(v);
  return {radius * at.cos, radius * at.sin};
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
