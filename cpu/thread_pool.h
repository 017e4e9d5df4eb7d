#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace meg::cpu {

/// Runs the tasks of one operation on all threads. A task's work must not depend on which thread runs it, so results
/// are the same for any number of threads. run() allocates nothing, and may be called from any thread: one caller at a
/// time has the workers, another meanwhile does its tasks itself.
/// Every thread has the same share of the tasks each time, and takes of others' when it is through: what the first half
/// of a network's operations leaves in a core's cache is there for the next step.
class ThreadPool {
 public:
  /// Work that is done sooner than another thread would have joined in, in multiply-adds.
  static constexpr double kWorthSharing = 2e5;

  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls body(i) for i in [0, tasks), the caller taking part; returns when all are done. Bodies must not throw.
  /// `work` is about how many multiply-adds they are together: too few are not worth a second thread.
  template <class Body>
  void run(int tasks, double work, Body&& body) {
    if (tasks <= 1 || workers_.empty() || work < kWorthSharing || busy_.exchange(true)) {
      for (int i = 0; i < tasks; ++i) body(i);
      return;
    }
    start(
        tasks, [](void* context, int i) { (*static_cast<std::remove_reference_t<Body>*>(context))(i); },
        const_cast<void*>(static_cast<const void*>(&body)));
    busy_ = false;
  }

  /// Calls body(begin, end) for the blocks of `block` elements that [0, count) is cut into, whatever the number of
  /// threads. `work` as above.
  template <class Body>
  void run_blocks(std::size_t count, std::size_t block, double work, const Body& body) {
    run(static_cast<int>((count + block - 1) / block), work, [&](int task) {
      const std::size_t begin = static_cast<std::size_t>(task) * block;
      body(begin, std::min(count, begin + block));
    });
  }
  /// The same for elements of which each costs about `work_each` multiply-adds.
  template <class Body>
  void run_blocks(std::size_t count, double work_each, const Body& body) {
    constexpr std::size_t kBlock = 8192;  // a few operands of this size fit the first two caches
    run_blocks(count, kBlock, work_each * static_cast<double>(count), body);
  }

 private:
  using Call = void (*)(void*, int);
  /// A thread's share of a round, neighbouring tasks: the round in the upper half, the tasks that nobody has taken in
  /// the lower. A task is taken by counting down, which fails when the round is over. So nobody waits for a worker that
  /// comes late to a round, or not at all.
  struct alignas(64) Share {
    std::atomic<std::uint64_t> state{0};
    std::atomic<int> first{0};
  };
  void start(int tasks, Call call, void* context);
  void work(std::size_t thread);
  void take_tasks(std::size_t thread);
  void take_tasks(Share& share);

  std::vector<std::thread> workers_;
  const long process_;  // that the workers are of
  std::mutex mutex_;
  std::unique_ptr<std::condition_variable> wake_ = std::make_unique<std::condition_variable>();
  std::vector<Share> shares_;
  std::atomic<std::uint32_t> round_{0};
  std::atomic<int> done_{0}, sleepers_{0};
  std::atomic<Call> call_{nullptr};
  std::atomic<void*> context_{nullptr};
  std::atomic<bool> busy_{false}, stop_{false};
};

}  // namespace meg::cpu
