#pragma once
#include "core/nn/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

/// Elements that share sixteen counters; see Dropout.
inline constexpr std::size_t kDropoutBlock = 128;

/// What dropout multiplies with, for a kernel that asks element by element.
struct DropoutMask {
  explicit DropoutMask(const Dropout& dropout)
      : philox(dropout.seed, Stream::kDropout),
        step(dropout.step),
        threshold(dropout.probability > 0 ? dropout.threshold() : 0),
        scale(dropout.probability > 0 ? dropout.scale() : 1.0f) {}

  /// Of element number `element` of its operand.
  __device__ float operator()(std::size_t element) const {
    if (threshold == 0) return scale;
    const auto counter = static_cast<std::uint32_t>(element / kDropoutBlock * 16 + element % 16);
    const std::size_t half = element % kDropoutBlock / 16;
    return of_half(philox.bits(step, counter), half);
  }
  /// Of element 16 half + i of a block, from the words of its counter number i.
  __device__ float of_half(const std::array<std::uint32_t, 4>& word, std::size_t half) const {
    return (word[half / 2] >> (half % 2 * 16) & 0xffff) < threshold ? 0.0f : scale;
  }

  Philox philox;
  std::uint64_t step;
  std::uint32_t threshold;
  float scale;
};

}  // namespace meg::MEG_KERNELS
