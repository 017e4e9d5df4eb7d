#pragma once
#include <array>
#include <cstdint>

#include "core/tensor/philox.h"

namespace meg::cpu {

/// Counters that are encrypted side by side.
inline constexpr std::size_t kPhiloxLanes = 64;

using Words = std::array<std::uint32_t, kPhiloxLanes>;

/// word[i][lane] = Philox(seed, stream).bits(row[lane], position[lane])[i], in loops that the compiler vectorizes.
inline void philox_lanes(std::uint64_t seed, Stream stream, const std::array<std::uint64_t, kPhiloxLanes>& row,
                         const Words& position, std::array<Words, 4>& word) {
  auto& [a, b, c, d] = word;
  for (std::size_t l = 0; l < kPhiloxLanes; ++l) {
    a[l] = position[l];
    b[l] = static_cast<std::uint32_t>(row[l]);
    c[l] = static_cast<std::uint32_t>(row[l] >> 32);
    d[l] = static_cast<std::uint32_t>(stream);
  }
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (std::size_t l = 0; l < kPhiloxLanes; ++l) {
      const std::uint64_t x = std::uint64_t{0xD2511F53} * a[l], y = std::uint64_t{0xCD9E8D57} * c[l];
      const std::uint32_t b_l = b[l], d_l = d[l];
      a[l] = static_cast<std::uint32_t>(y >> 32) ^ b_l ^ key0;
      b[l] = static_cast<std::uint32_t>(y);
      c[l] = static_cast<std::uint32_t>(x >> 32) ^ d_l ^ key1;
      d[l] = static_cast<std::uint32_t>(x);
    }
    key0 += 0x9E3779B9;  // Weyl sequences: golden ratio and sqrt(3) - 1
    key1 += 0xBB67AE85;
  }
}

}  // namespace meg::cpu
