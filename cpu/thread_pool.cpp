#include "cpu/thread_pool.h"

#include <unistd.h>

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

std::uint64_t tasks_left(std::uint64_t state) { return state & 0xffffffffu; }
}  // namespace

ThreadPool::ThreadPool(int threads) : process_(::getpid()), shares_(static_cast<std::size_t>(std::max(1, threads))) {
  workers_.reserve(static_cast<std::size_t>(std::max(0, threads - 1)));
  try {
    for (std::size_t i = 1; i < shares_.size(); ++i) workers_.emplace_back([this, i] { work(i); });
  } catch (const std::system_error&) {
    // The system gives no more threads. Those there are do the work: no result depends on how many.
  }
}

ThreadPool::~ThreadPool() {
  if (::getpid() != process_) {
    // A child of fork() has none of the threads. Nobody can wait for them, detach them or end what they waited for.
    new auto(std::move(workers_));
    static_cast<void>(wake_.release());
    return;
  }
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_->notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::start(int tasks, Call call, void* context) {
  // The round before has no task left, so nobody reads these as its own.
  call_ = call, context_ = context;
  done_ = 0;
  const std::uint32_t round = round_ + 1;
  const auto count = static_cast<std::size_t>(tasks);
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    const std::size_t first = count * i / shares_.size(), end = count * (i + 1) / shares_.size();
    shares_[i].first = static_cast<int>(first);
    shares_[i].state = (static_cast<std::uint64_t>(round) << 32) + (end - first);
  }
  round_ = round;
  if (sleepers_ > 0) {
    // A worker about to sleep holds the mutex from its last look at state_ until it waits.
    { const std::lock_guard lock(mutex_); }
    wake_->notify_all();
  }
  take_tasks(0);
  for (int spin = 0; done_ < tasks; ++spin)
    if (spin < kSpins)
      pause_core();
    else
      std::this_thread::yield();
}

void ThreadPool::take_tasks(std::size_t thread) {
  for (std::size_t i = 0; i < shares_.size(); ++i) take_tasks(shares_[(thread + i) % shares_.size()]);
}

void ThreadPool::take_tasks(Share& share) {
  for (std::uint64_t state = share.state; tasks_left(state) > 0;) {
    const Call call = call_;
    void* const context = context_;
    const int first = share.first;
    // Success says that the round was still open, so what was read was its own.
    if (!share.state.compare_exchange_weak(state, state - 1)) continue;
    call(context, first + static_cast<int>(tasks_left(state)) - 1);
    ++done_;
    state = share.state;
  }
}

void ThreadPool::work(std::size_t thread) {
  for (std::uint32_t seen = 0;;) {
    const auto news = [&] { return round_ != seen || stop_; };
    for (int spin = 0; !news() && spin < kSpins; ++spin) pause_core();
    if (!news()) {
      std::unique_lock lock(mutex_);
      ++sleepers_;
      wake_->wait(lock, news);
      --sleepers_;
    }
    if (stop_) return;
    seen = round_;
    take_tasks(thread);
  }
}

}  // namespace meg::cpu
