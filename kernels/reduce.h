#pragma once
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

/// The sum of value over a warp, in every lane: a tree of a fixed shape.
template <class T>
__device__ T warp_sum(T value) {
  for (int bit = 16; bit > 0; bit /= 2) value += __shfl_xor_sync(0xffffffff, value, bit);
  return value;
}

/// A quad is four lanes, side by side: the number of a lane in it.
__device__ inline unsigned quad_lane() { return threadIdx.x % 4; }

/// visit(i, write) of each i < count, by a quad of the block. Warps stay whole: what is left of the last one visits the
/// last i once more, and is told to write nothing.
template <class Visit>
__device__ void each_by_quad(unsigned count, const Visit& visit) {
  for (unsigned begin = threadIdx.x / 32 * 8; begin < count; begin += blockDim.x / 32 * 8) {
    const unsigned i = begin + threadIdx.x % 32 / 4;
    visit(i < count ? i : count - 1, i < count);
  }
}

/// The sum of value over a quad, in every lane.
template <class T>
__device__ T quad_sum(T value) {
  for (int bit = 2; bit > 0; bit /= 2) value += __shfl_xor_sync(0xffffffff, value, bit);
  return value;
}

/// The largest value of a warp, in every lane.
template <class T>
__device__ T warp_max(T value) {
  for (int bit = 16; bit > 0; bit /= 2) {
    const T other = __shfl_xor_sync(0xffffffff, value, bit);
    value = other > value ? other : value;
  }
  return value;
}

/// Where the largest value of a warp is, in every lane, if each lane brings its own largest and the place of that; the
/// first place where it is twice.
template <class T>
__device__ int warp_argmax(T value, int place) {
  for (int bit = 16; bit > 0; bit /= 2) {
    const T other = __shfl_xor_sync(0xffffffff, value, bit);
    const int there = __shfl_xor_sync(0xffffffff, place, bit);
    if (other > value || (other == value && there < place)) value = other, place = there;
  }
  return place;
}

/// What block_sum takes of the block's shared memory.
template <class T>
constexpr std::size_t block_sum_bytes() {
  return SharedMemory::bytes<T>(32);
}

/// The sum of value over a block of whole warps, in every thread. `part` is [32]; it may be used again at once.
template <class T>
__device__ T block_sum(T value, Shared<T> part) {
  const unsigned lane = threadIdx.x % 32, warps = blockDim.x / 32;
  value = warp_sum(value);
  if (lane == 0) part[threadIdx.x / 32] = value;
  __syncthreads();
  value = warp_sum(lane < warps ? static_cast<T>(part[lane]) : T{});
  __syncthreads();
  return value;
}

}  // namespace meg::MEG_KERNELS
