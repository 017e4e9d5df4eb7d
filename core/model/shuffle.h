#pragma once
#include <span>
#include <utility>

#include "core/tensor/philox.h"

namespace meg {

/// Shuffles row numbers by Fisher-Yates on counters: a function of (seed, epoch).
inline void shuffle_rows(std::uint64_t seed, std::uint64_t epoch, std::span<std::uint32_t> order) {
  const Philox philox(seed, Stream::kShuffle);
  for (std::size_t i = order.size(); i-- > 1;) {
    const std::uint64_t word = philox.bits(epoch, static_cast<std::uint32_t>(i))[0];
    std::swap(order[i], order[word * (i + 1) >> 32]);
  }
}

}  // namespace meg
