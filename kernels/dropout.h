#pragma once
#include <array>

#include "core/nn/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

/// Elements that share sixteen counters; see Dropout.
inline constexpr std::size_t kDropoutBlock = 128;

/// What dropout multiplies with, for kernels.
struct DropoutMask {
  explicit DropoutMask(const Dropout& dropout)
      : philox(dropout.seed, Stream::kDropout),
        step(dropout.step),
        threshold(dropout.probability > 0 ? dropout.threshold() : 0),
        scale(dropout.probability > 0 ? dropout.scale() : 1.0f) {}

  /// Of element 16 half + i of a block, from the words of its counter number i.
  __device__ float of_half(const std::array<std::uint32_t, 4>& word, std::size_t half) const {
    // Not word[half / 2]: what is indexed by a variable cannot stay in registers.
    const std::uint32_t pair = half < 4 ? half < 2 ? word[0] : word[1] : half < 6 ? word[2] : word[3];
    return (pair >> (half % 2 * 16) & 0xffff) < threshold ? 0.0f : scale;
  }

  Philox philox;
  std::uint64_t step;
  std::uint32_t threshold;
  float scale;
};

/// The same for a thread that asks element by element: neighbours sixteen apart share a draw.
class DropoutDraws {
 public:
  __device__ explicit DropoutDraws(const DropoutMask& mask) : mask_(mask) {}

  /// Of element number `element` of its operand.
  __device__ float operator()(std::size_t element) {
    if (mask_.threshold == 0) return mask_.scale;
    const auto counter = static_cast<std::uint32_t>(element / kDropoutBlock * 16 + element % 16);
    if (!drawn_ || counter != counter_) word_ = mask_.philox.bits(mask_.step, counter);
    drawn_ = true, counter_ = counter;
    return mask_.of_half(word_, element % kDropoutBlock / 16);
  }

 private:
  DropoutMask mask_;
  bool drawn_ = false;
  std::uint32_t counter_ = 0;
  std::array<std::uint32_t, 4> word_;
};

/// The same of at most eight elements, each sixteen behind the one before: of one draw, or of two where a block ends
/// between them.
class DropoutRow {
 public:
  __device__ DropoutRow(const DropoutMask& mask, std::size_t first)
      : mask_(mask), block_(first / kDropoutBlock), word_{draw(first)}, next_(word_) {
    if (first % kDropoutBlock >= 16) next_ = draw(first + kDropoutBlock);
  }
  __device__ float operator()(std::size_t element) const {
    if (mask_.threshold == 0) return mask_.scale;
    const bool first = element / kDropoutBlock == block_;
    std::array<std::uint32_t, 4> word;  // not one or the other array itself, which had to have an address
    for (std::size_t n = 0; n < 4; ++n) word[n] = first ? word_[n] : next_[n];
    return mask_.of_half(word, element % kDropoutBlock / 16);
  }

 private:
  __device__ std::array<std::uint32_t, 4> draw(std::size_t element) const {
    if (mask_.threshold == 0) return {};
    return mask_.philox.bits(mask_.step, static_cast<std::uint32_t>(element / kDropoutBlock * 16 + element % 16));
  }

  DropoutMask mask_;
  std::size_t block_;
  std::array<std::uint32_t, 4> word_, next_;
};

}  // namespace meg::MEG_KERNELS
