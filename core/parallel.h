#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "core/platform.h"

namespace meg {

/// As many threads as a caller asks for, but no more than cores that this process may run on, for threads that share a
/// core wait for one another; 0: one for each of these.
inline int thread_count(int asked) { return asked > 0 ? std::min(asked, usable_cores()) : usable_cores(); }

/// The same where each has memory for all of a column's cells.
inline int threads_for_columns(int asked) { return std::min(thread_count(asked), 8); }

/// Calls body(i) for i in [0, count) on `threads` threads, the caller's among them. What a body does must not depend on
/// the thread, so that results do not; nor does the exception: that of the least i is thrown when all have ended.
template <class Body>
void parallel_for(std::size_t count, int threads, const Body& body) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr error;
  std::size_t error_at = count;
  std::mutex mutex;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < error_at) error = std::current_exception(), error_at = i;
        next = count;  // those before i have begun
      }
  };
  {
    std::vector<std::jthread> workers;
    const std::size_t all = std::min(count, static_cast<std::size_t>(thread_count(threads)));
    try {
      for (std::size_t t = 1; t < all; ++t) workers.emplace_back(work);
    } catch (const std::system_error&) {
      // The system gives no more threads: those there are do the work.
    }
    work();
  }
  if (error) std::rethrow_exception(error);
}

/// Rows of a part, where a row is the work of about a microsecond.
inline constexpr std::size_t kPartRows = 1024;

/// The same with body(begin, end), for parts of [0, count) of so many each.
template <class Body>
void parallel_parts(std::size_t count, std::size_t each, int threads, const Body& body) {
  parallel_for((count + each - 1) / each, threads,
               [&](std::size_t i) { body(i * each, std::min(count, (i + 1) * each)); });
}

}  // namespace meg
