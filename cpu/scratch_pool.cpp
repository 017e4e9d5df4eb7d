#include "cpu/scratch_pool.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>

#include "core/fail.h"

namespace meg::cpu {

namespace {

/// Blocks have few sizes, so that most requests find one: powers of two, and three quarters of them.
std::size_t block_bytes(std::size_t count) {
  constexpr std::size_t kLeast = 4096;
  const std::size_t bytes = std::max(Arena::padded(count) * sizeof(float), kLeast);
  const std::size_t power = std::bit_ceil(bytes);
  return bytes <= power / 4 * 3 ? power / 4 * 3 : power;
}

}  // namespace

ScratchPool::~ScratchPool() {
  for (const Block& block : kept_) std::free(block.data);
}

float* ScratchPool::allocate(std::size_t bytes) {
  auto* const data = static_cast<float*>(std::aligned_alloc(64, bytes));
  if (!data) fail(ErrorCode::kDevice, "out of memory: {} MB were needed; lower `batch_size` or `hidden`", bytes >> 20);
  return data;
}

Memory ScratchPool::take(std::size_t count) {
  const std::size_t bytes = block_bytes(count);
  float* data = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(kept_.rbegin(), kept_.rend(), [&](const Block& b) { return b.bytes == bytes; });
    if (found != kept_.rend()) {
      data = found->data;
      kept_.erase(std::next(found).base());
      kept_bytes_ -= bytes;
    } else {
      kept_.reserve(kept_.size() + out_ + 1);  // so that giving back allocates nothing
    }
    ++out_;
  }
  if (!data) try {
      data = allocate(bytes);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      --out_;
      throw;
    }
#ifndef NDEBUG  // what reads contents that nobody wrote shall be seen
  std::fill_n(data, bytes / sizeof(float), std::numeric_limits<float>::signaling_NaN());
#endif
  return Memory(data, count, Device::kCpu, [this, bytes](float* p) { give_back(p, bytes); });
}

void ScratchPool::give_back(float* data, std::size_t bytes) noexcept {
  {
    const std::lock_guard lock(mutex_);
    --out_;
    if (kept_bytes_ + bytes <= kMostKept && kept_.size() < kept_.capacity()) {
      kept_.push_back({data, bytes});
      kept_bytes_ += bytes;
      return;
    }
  }
  std::free(data);
}

}  // namespace meg::cpu
