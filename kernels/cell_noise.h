#pragma once
#include "core/nn/column_layout.h"
#include "kernels/device.h"
#include "kernels/reduce.h"

namespace meg::MEG_KERNELS {

/// The noise of one cell, element by element; see core/nn/head_draw.h for what is where. Four elements are of one
/// counter, which each of four lanes encrypts: that takes a warp no longer than if one did it for them.
class CellNoise {
 public:
  __device__ CellNoise(const Draw& draw, std::size_t column, std::size_t row)
      : philox_(draw.seed, draw.stream),
        row_(draw.first_row + row),
        first_(static_cast<std::uint32_t>(column << kNoiseBits)) {}

  /// In (0, 1).
  __device__ float uniform(int element) const {
    const auto word = philox_.bits(row_, position(element));
    const int i = element % 4;  // chosen, not indexed: an index would put the words into memory
    return Philox::to_uniform(i < 2 ? (i == 0 ? word[0] : word[1]) : (i == 2 ? word[2] : word[3]));
  }
  /// Added to logits, of which the largest is then drawn as often as their softmax says.
  template <class T>
  __device__ T gumbel(int element) const {
    return -std::log(-std::log(static_cast<T>(uniform(element))));
  }
  /// From two elements, from a whole four on.
  __device__ float normal(int element) const { return philox_.normal(row_, position(element))[0]; }

 private:
  __device__ std::uint32_t position(int element) const { return first_ + static_cast<std::uint32_t>(element) / 4; }

  Philox philox_;
  std::uint64_t row_;
  std::uint32_t first_;
};

/// The place of the largest score(i) + Gumbel noise, i < count, in every lane of the warp: i is drawn in proportion to
/// exp(score(i)), and not where that is minus infinity. Lane l asks for the scores of i = l + 32 k.
template <class Score>
__device__ int pick(const CellNoise& noise, int first, int count, const Score& score) {
  using T = decltype(score(0));
  constexpr T kNever = -std::numeric_limits<T>::infinity();
  T most = kNever;
  int best = 0;
  for (int i = lane(); i < count; i += 32) {
    const T s = score(i);
    if (s == kNever) continue;
    if (const T noisy = s + noise.gumbel<T>(first + i); noisy > most) most = noisy, best = i;
  }
  return warp_argmax(most, best);
}

}  // namespace meg::MEG_KERNELS
