#pragma once
/// What every kernel is written with: CUDA under nvcc; in the tests a host that plays the device (tests/simt/simt.h).
#ifdef __CUDACC__
#include <cooperative_groups.h>
#include <cuda_runtime.h>
#else
#include <simt.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include "kernels/queue.h"

namespace meg::MEG_KERNELS {

/// Threads of a block, where nothing says otherwise.
inline constexpr unsigned kThreads = 256;
/// Multiprocessors of an H200 or an H100 SXM: fewer blocks than these leave some without work.
inline constexpr unsigned kSms = 132;

/// The shape of a launch, and the line that asks for it.
struct Launch {
  dim3 blocks;
  unsigned threads = kThreads;
  std::size_t shared_bytes = 0;
  bool together = false;  // all blocks run side by side, and may meet in grid_barrier(); see blocks_together()
  std::source_location where = std::source_location::current();
};

/// Enough blocks for a thread per element, up to a number that fills every device; the threads stride over the rest.
inline dim3 blocks_for(std::size_t count, unsigned threads = kThreads) {
  constexpr std::size_t kMost = 2048;
  const std::size_t blocks = (count + threads - 1) / threads;
  return {static_cast<unsigned>(blocks < kMost ? blocks : kMost), 1, 1};
}

/// The same for a warp per item.
inline dim3 blocks_for_warps(std::size_t count) { return blocks_for(count * 32); }

/// Runs kernel(arguments...) on the queue, see Queue. No blocks: nothing happens.
template <class... Parameters, class... Arguments>
void launch(Queue& queue, const Launch& shape, void (*kernel)(Parameters...), const Arguments&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...));
  if (shape.blocks.x == 0 || shape.blocks.y == 0 || shape.blocks.z == 0) return;
  std::tuple<Parameters...> values{static_cast<Parameters>(arguments)...};
  const auto places = std::apply([](auto&... value) { return std::array<void*, sizeof...(value)>{&value...}; }, values);
  static constexpr std::array<std::size_t, sizeof...(Parameters)> sizes{sizeof(Parameters)...};
  Call call{.kernel = reinterpret_cast<const void*>(kernel),
            .run = nullptr,
            .blocks = {shape.blocks.x, shape.blocks.y, shape.blocks.z},
            .threads = shape.threads,
            .shared_bytes = shape.shared_bytes,
            .together = shape.together,
            .arguments = places,
            .argument_sizes = sizes,
            .where = shape.where};
#ifndef __CUDACC__
  call.run = [](const Call& c) {
    const auto run = reinterpret_cast<void (*)(Parameters...)>(const_cast<void*>(c.kernel));
    const auto with = [&]<std::size_t... i>(std::index_sequence<i...>) {
      simt::run(
          {c.blocks[0], c.blocks[1], c.blocks[2]}, {c.threads, 1, 1}, c.shared_bytes,
          [&] { run(*static_cast<Parameters*>(c.arguments[i])...); }, c.together);
    };
    with(std::index_sequence_for<Parameters...>());
  };
#endif
  queue.run(call);
}

#ifdef __CUDACC__
template <class T>
using Shared = T*;
#else
using simt::Shared;
#endif

/// Four floats that are read at once.
struct alignas(16) Four {
  float of[4];
};
/// x[at] ... x[at + 3] of a piece of shared memory; `at` is a multiple of four.
__device__ inline Four read_four(Shared<float> x, std::size_t at) {
#ifdef __CUDACC__
  return *reinterpret_cast<const Four*>(x + at);
#else
  x.check_aligned(at, 4);
  return {x[at], x[at + 1], x[at + 2], x[at + 3]};
#endif
}

/// The block's shared memory, handed out from its start; all threads take the same pieces in the same order. What is
/// taken must fit the launch's shared_bytes. An element is read into a variable of its type, never into `auto`.
class SharedMemory {
 public:
  /// What take<T>(count) uses up.
  template <class T>
  __host__ __device__ static constexpr std::size_t bytes(std::size_t count) {
    return (count * sizeof(T) + 15) / 16 * 16;
  }
  template <class T>
  __device__ Shared<T> take(std::size_t count) {
    const std::size_t begin = used_;
    used_ += bytes<T>(count);
#ifdef __CUDACC__
    extern __shared__ float4 meg_shared_memory[];
    return reinterpret_cast<T*>(reinterpret_cast<char*>(meg_shared_memory) + begin);
#else
    if (used_ > simt::shared_size()) simt::out_of_bounds(used_, simt::shared_size(), std::source_location::current());
    return {begin, count};
#endif
  }

 private:
  std::size_t used_ = 0;
};

/// Four squares of 8 x 4 floats of a piece of shared memory, read by a warp: lane 8 m + r brings where row r of square
/// m is, a multiple of four, and lane 4 r + c gets element (r, c) of each ("ldmatrix" in the PTX manual).
__device__ inline void read_squares(Shared<float> x, unsigned at, float (&squares)[4]) {
#ifdef __CUDACC__
  const auto place = static_cast<unsigned>(__cvta_generic_to_shared(x + at));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=f"(squares[0]), "=f"(squares[1]), "=f"(squares[2]), "=f"(squares[3])
               : "r"(place)
               : "memory");
#else
  simt::ldmatrix(x, at, squares);
#endif
}

/// Begins to copy `count` floats of global memory to to[at], to[at + 1], ..., or zeros where `from` is not there; one
/// of them, or four whose places are both aligned to four. The thread sees them behind wait_for_copies(), others behind
/// a barrier.
template <unsigned count>
__device__ void copy_async(Shared<float> to, unsigned at, const float* from, bool there) {
  static_assert(count == 1 || count == 4);
#ifdef __CUDACC__
  const auto place = static_cast<unsigned>(__cvta_generic_to_shared(to + at));
  const int bytes = there ? static_cast<int>(count * sizeof(float)) : 0;  // what is not read is zero
  if constexpr (count == 4)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(place), "l"(from), "r"(bytes) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(place), "l"(from), "r"(bytes) : "memory");
#else
  to.copy_later(at, count, there ? from : nullptr);
#endif
}
/// The copies begun since the last call are a group.
__device__ inline void commit_copies() {
#ifdef __CUDACC__
  asm volatile("cp.async.commit_group;" ::: "memory");
#else
  simt::commit_copies();
#endif
}
/// Waits until all but the last `groups` groups of this thread's copies are there.
template <unsigned groups>
__device__ void wait_for_copies() {
#ifdef __CUDACC__
  asm volatile("cp.async.wait_group %0;" ::"n"(groups) : "memory");
#else
  simt::wait_for_copies(groups);
#endif
}

/// Waits for all threads of the grid, of blocks launched together; then they see what all wrote before it.
#ifdef __CUDACC__
__device__ inline void grid_barrier() { cooperative_groups::this_grid().sync(); }
#else
using simt::grid_barrier;
#endif

/// This thread's number in a grid of one dimension, and how many there are.
__device__ inline std::size_t grid_thread() { return static_cast<std::size_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ inline std::size_t grid_threads() { return static_cast<std::size_t>(gridDim.x) * blockDim.x; }
/// The same of its warp, in blocks of whole warps; and its number there.
__device__ inline std::size_t grid_warp() { return grid_thread() / 32; }
__device__ inline std::size_t grid_warps() { return grid_threads() / 32; }
__device__ inline int lane() { return static_cast<int>(threadIdx.x % 32); }

}  // namespace meg::MEG_KERNELS
