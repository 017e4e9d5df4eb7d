#include "kernels/runtime.h"

#include <cstdlib>
#include <cstring>

#include "core/error.h"

/// The handles of kernels/runtime.h on the host: device memory is the host's own.
namespace meg::MEG_KERNELS {

std::string obstacle() { return {}; }

void* allocate_bytes(std::size_t bytes) {
  void* block = std::calloc(bytes, 1);
  if (!block) fail("out of memory: {} MB were needed", bytes >> 20);
  return block;
}

void free_bytes(void* block) noexcept { std::free(block); }

Queue::Queue() = default;
Queue::~Queue() = default;

void Queue::upload(const void* from, std::size_t bytes, void* to) const {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void Queue::download(const void* from, std::size_t bytes, void* to) const {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

void Queue::synchronize() const {}

}  // namespace meg::MEG_KERNELS
