#include "cpu/thread_pool.h"

#include <system_error>

namespace meg::cpu {

namespace {
/// A step's operations follow one another within microseconds: a worker spins this often before it sleeps.
constexpr int kSpins = 4000;

inline void pause_core() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

std::uint64_t round_of(std::uint64_t state) { return state >> 32; }
std::uint64_t tasks_left(std::uint64_t state) { return state & 0xffffffffu; }
}  // namespace

ThreadPool::ThreadPool(int threads) {
  workers_.reserve(static_cast<std::size_t>(std::max(0, threads - 1)));
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    // The system gives no more threads. Those there are do the work: no result depends on how many.
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::start(int tasks, Call call, void* context) {
  // The round before has no task left, so nobody reads these as its own.
  call_ = call, context_ = context;
  done_ = 0;
  state_ = ((round_of(state_) + 1) << 32) + static_cast<std::uint32_t>(tasks);
  if (sleepers_ > 0) {
    // A worker about to sleep holds the mutex from its last look at state_ until it waits.
    { const std::lock_guard lock(mutex_); }
    wake_.notify_all();
  }
  take_tasks();
  for (int spin = 0; done_ < tasks; ++spin)
    if (spin < kSpins)
      pause_core();
    else
      std::this_thread::yield();
}

void ThreadPool::take_tasks() {
  for (std::uint64_t state = state_; tasks_left(state) > 0;) {
    const Call call = call_;
    void* const context = context_;
    // Success says that the round was still open, so call and context were its own.
    if (!state_.compare_exchange_weak(state, state - 1)) continue;
    call(context, static_cast<int>(tasks_left(state)) - 1);
    ++done_;
    state = state_;
  }
}

void ThreadPool::work() {
  for (std::uint64_t seen = 0;;) {
    const auto news = [&] { return round_of(state_) != seen || stop_; };
    for (int spin = 0; !news() && spin < kSpins; ++spin) pause_core();
    if (!news()) {
      std::unique_lock lock(mutex_);
      ++sleepers_;
      wake_.wait(lock, news);
      --sleepers_;
    }
    if (stop_) return;
    seen = round_of(state_);
    take_tasks();
  }
}

}  // namespace meg::cpu
