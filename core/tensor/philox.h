#pragma once
#ifdef __CUDA_ARCH__
#include <curand_philox4x32_x.h>
#else
#include <Random123/philox.h>
#endif

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/tensor/host_device.h"

namespace meg {

/// What a random number is for; numbers of different streams are independent.
enum class Stream : std::uint32_t {
  kInit,
  kShuffle,
  kNoise,
  kDropout,
  kSample,
  kMeasure,
  kMissing,
  kText,
  kCoding,
  kRefinement,
  kHide,
  kCandidate,
  kStandIn
};

/// Counter-based randomness (Philox 4x32-10, Salmon et al. 2011): a number is a function of
/// (seed, stream, row, position) and nothing else, so it is the same for every batch size, thread count and shard. Its
/// words are Random123's on the host and cuRAND's on a GPU: the same.
class Philox {
 public:
  MEG_HOST_DEVICE Philox(std::uint64_t seed, Stream stream)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        stream_(static_cast<std::uint32_t>(stream)) {}

  /// Four random words for the block `position` (each block holds four numbers) of `row`.
  MEG_HOST_DEVICE std::array<std::uint32_t, 4> bits(std::uint64_t row, std::uint32_t position) const {
    const auto low = static_cast<std::uint32_t>(row), high = static_cast<std::uint32_t>(row >> 32);
#ifdef __CUDA_ARCH__
    const uint4 out = curand_Philox4x32_10({position, low, high, stream_}, {key_[0], key_[1]});
    return {out.x, out.y, out.z, out.w};
#else
    const r123::Philox4x32 generate;
    const auto out = generate({{position, low, high, stream_}}, {{key_[0], key_[1]}});
    return {out[0], out[1], out[2], out[3]};
#endif
  }

  /// Four numbers in (0, 1), never 0 or 1.
  MEG_HOST_DEVICE std::array<float, 4> uniform(std::uint64_t row, std::uint32_t position) const {
    std::array<float, 4> u;
    const auto word = bits(row, position);
    for (std::size_t i = 0; i < 4; ++i) u[i] = to_uniform(word[i]);
    return u;
  }

  /// Four standard normal numbers (Box-Muller on pairs).
  MEG_HOST_DEVICE std::array<float, 4> normal(std::uint64_t row, std::uint32_t position) const {
    const auto u = uniform(row, position);
    std::array<float, 4> z;
    for (std::size_t i = 0; i < 4; i += 2) {
      const float radius = std::sqrt(-2.0f * std::log(u[i]));
      const float angle = 2.0f * std::numbers::pi_v<float> * u[i + 1];
      z[i] = radius * std::cos(angle);
      z[i + 1] = radius * std::sin(angle);
    }
    return z;
  }

  /// 23 high bits, centred in their cell: the smallest result is 2^-24, the largest 1 - 2^-24, exactly representable.
  MEG_HOST_DEVICE static float to_uniform(std::uint32_t word) {
    return (static_cast<float>(word >> 9) + 0.5f) * 0x1p-23f;
  }

 private:
  std::uint32_t key_[2];
  std::uint32_t stream_;
};

/// Calls use(i, number) for i in [first, end), where numbers come in blocks of four: number i is block(i / 4)[i % 4].
template <class Block, class Use>
void for_numbers(std::size_t first, std::size_t end, const Block& block, const Use& use) {
  for (std::size_t i = first; i < end;) {
    const auto numbers = block(i / 4);
    do use(i, numbers[i % 4]);
    while (++i % 4 != 0 && i < end);
  }
}

}  // namespace meg
