#pragma once
#include <cstddef>
#include <mutex>
#include <vector>

#include "core/tensor/memory.h"

namespace meg::cpu {

/// Blocks of memory that are used again: a request for rows works in some megabytes, and the system takes longer to
/// give these than the rows take to compute. Any number of threads may take blocks at once.
class ScratchPool {
 public:
  ScratchPool() = default;
  ~ScratchPool();
  ScratchPool(const ScratchPool&) = delete;
  ScratchPool& operator=(const ScratchPool&) = delete;

  /// `count` floats on a cache line, contents undefined; goes back when it is freed, which is before the pool is.
  /// Throws Error where there is no memory left.
  Memory take(std::size_t count);

  /// A new block of so many bytes, a multiple of 64. Throws Error where there is no memory left.
  static float* allocate(std::size_t bytes);

 private:
  /// What is kept for later: enough for the requests that some threads make at a time.
  static constexpr std::size_t kMostKept = std::size_t{64} << 20;

  struct Block {
    float* data;
    std::size_t bytes;
  };
  void give_back(float* data, std::size_t bytes) noexcept;

  std::mutex mutex_;
  std::vector<Block> kept_;
  std::size_t kept_bytes_ = 0, out_ = 0;  // and how many blocks are out
};

}  // namespace meg::cpu
