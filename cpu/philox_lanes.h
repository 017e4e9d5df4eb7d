#pragma once
#include <array>
#include <cstdint>

#include "core/tensor/philox.h"
#include "cpu/lanes.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

/// Counters that are encrypted side by side.
inline constexpr std::size_t kPhiloxLanes = 64;

using Words = std::array<std::uint32_t, kPhiloxLanes>;

/// Philox::to_uniform of words side by side.
inline Lanes to_uniform(const std::uint32_t* words) {
  return (__builtin_convertvector(*reinterpret_cast<const WordLanes*>(words) >> 9, Lanes) + 0.5f) * 0x1p-23f;
}

/// Numbers of 32 bits, each with room for a product; what is above the 32 bits does not count.
inline constexpr std::size_t kWideLanes = kLanes / 2;
typedef std::uint64_t Wide __attribute__((vector_size(kWideLanes * sizeof(std::uint64_t))));
typedef std::uint32_t Narrow __attribute__((vector_size(kWideLanes * sizeof(std::uint32_t)), aligned(4), may_alias));

inline Wide product(Wide a, std::uint32_t factor) {
#if defined(__AVX512F__)
  return reinterpret_cast<Wide>(_mm512_mul_epu32(reinterpret_cast<__m512i>(a), _mm512_set1_epi64(factor)));
#elif defined(__AVX2__)
  return reinterpret_cast<Wide>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), _mm256_set1_epi64x(factor)));
#else
  return (a & 0xffffffff) * std::uint64_t{factor};
#endif
}

/// word[i][lane] = Philox(seed, stream).bits(row[lane], position[lane])[i].
template <std::size_t count>
void philox_lanes(std::uint64_t seed, Stream stream, const std::array<std::uint64_t, count>& row,
                  const std::array<std::uint32_t, count>& position,
                  std::array<std::array<std::uint32_t, count>, 4>& word) {
  static_assert(count % kWideLanes == 0);
  for (std::size_t first = 0; first < count; first += kWideLanes) {
    Wide a, b, d = Wide{} + static_cast<std::uint32_t>(stream);
    for (std::size_t l = 0; l < kWideLanes; ++l) a[l] = position[first + l], b[l] = row[first + l];
    Wide c = b >> 32;
    auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const Wide x = product(a, 0xD2511F53), y = product(c, 0xCD9E8D57);
      a = (y >> 32) ^ b ^ std::uint64_t{key0};
      c = (x >> 32) ^ d ^ std::uint64_t{key1};
      b = y, d = x;
      key0 += 0x9E3779B9;  // Weyl sequences: golden ratio and sqrt(3) - 1
      key1 += 0xBB67AE85;
    }
    const Wide out[] = {a, b, c, d};
    for (std::size_t i = 0; i < 4; ++i)
      *reinterpret_cast<Narrow*>(word[i].data() + first) = __builtin_convertvector(out[i], Narrow);
  }
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
