#pragma once
#include <bit>
#include <cstdint>

#include "core/tensor/philox.h"

namespace meg {

/// A permutation of [0, size), one for each number below 2^30: a Feistel network of six rounds over as few pairs of
/// bits as hold `size`, walked until it is back below `size` (Black & Rogaway 2002). Its rounds draw the blocks
/// position to position + 5 of rows from 2^63 on, which no table has.
class KeyedPermutation {
 public:
  KeyedPermutation(const Philox& random, std::uint32_t position, std::uint64_t number, std::uint64_t size)
      : random_(random), position_(position), rows_(1ull << 63 | number << 32), size_(size) {
    if (size > 2) half_ = (static_cast<int>(std::bit_width(size - 1)) + 1) / 2;
  }

  std::uint64_t operator()(std::uint64_t i) const {
    do i = step(i);
    while (i >= size_);
    return i;
  }

 private:
  static constexpr std::uint32_t kRounds = 6;

  std::uint64_t step(std::uint64_t i) const {
    const std::uint64_t mask = (1ull << half_) - 1;
    std::uint64_t left = i >> half_, right = i & mask;
    for (std::uint32_t round = 0; round < kRounds; ++round) {
      const std::uint64_t mixed = left ^ (random_.bits(rows_ | right, position_ + round)[0] & mask);
      left = right, right = mixed;
    }
    return left << half_ | right;
  }

  const Philox& random_;
  std::uint32_t position_;
  std::uint64_t rows_, size_;
  int half_ = 1;  // of the bits
};

}  // namespace meg
