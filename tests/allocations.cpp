#include "tests/allocations.h"

#include <atomic>
#include <cerrno>

#include "tests/sanitized.h"

namespace {
std::atomic<std::size_t> count{0};
}

std::size_t test::allocations() { return count; }

#if defined(__GLIBC__) && !defined(MEG_ADDRESS_SANITIZER)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) { return ++count, __libc_malloc(size); }
void* calloc(std::size_t number, std::size_t size) { return ++count, __libc_calloc(number, size); }
void* realloc(void* old, std::size_t size) { return ++count, __libc_realloc(old, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return ++count, __libc_memalign(alignment, size); }
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  *out = aligned_alloc(alignment, size);
  return *out ? 0 : ENOMEM;
}
}
#endif
