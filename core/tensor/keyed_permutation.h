#pragma once
#include <array>
#include <bit>
#include <cstdint>

#include "core/tensor/philox.h"

namespace meg {

/// A permutation of [0, size), size at least 1, one for each number below 2^63: a Feistel network of six rounds over as
/// few pairs of bits as hold `size`, walked until it is back below `size` (Black & Rogaway 2002). A round mixes half of
/// the bits and its key as MurmurHash3 ends. The keys are the blocks position and position + 1 of rows from 2^63 on,
/// which no table has.
class KeyedPermutation {
 public:
  KeyedPermutation(const Philox& random, std::uint32_t position, std::uint64_t number, std::uint64_t size)
      : size_(size), half_(size > 2 ? (static_cast<std::uint64_t>(std::bit_width(size - 1)) + 1) / 2 : 1) {
    const auto first = random.bits(1ull << 63 | number, position),
               second = random.bits(1ull << 63 | number, position + 1);
    keys_ = {first[0], first[1], first[2], first[3], second[0], second[1]};
  }

  MEG_HOST_DEVICE std::uint64_t operator()(std::uint64_t i) const {
    do i = step(i);
    while (i >= size_);
    return i;
  }

 private:
  MEG_HOST_DEVICE std::uint64_t step(std::uint64_t i) const {
    const std::uint64_t mask = (1ull << half_) - 1;
    std::uint64_t left = i >> half_, right = i & mask;
    for (const std::uint32_t key : keys_) {
      const std::uint64_t mixed = left ^ (mix(static_cast<std::uint32_t>(right) ^ key) & mask);
      left = right, right = mixed;
    }
    return left << half_ | right;
  }
  MEG_HOST_DEVICE static std::uint32_t mix(std::uint32_t x) {
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return x ^ x >> 16;
  }

  std::uint64_t size_;
  std::uint64_t half_;  // of the bits
  std::array<std::uint32_t, 6> keys_;
};

}  // namespace meg
