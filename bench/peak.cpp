#include "bench/peak.h"

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

namespace meg::bench {

namespace {

/// Seconds of the fastest of several rounds of body(thread) on `threads` threads.
template <class Body>
double fastest(int threads, const Body& body) {
  using Clock = std::chrono::steady_clock;
  double best = 1e30;
  for (int round = 0; round < 8; ++round) {
    const auto start = Clock::now();
    std::vector<std::thread> others;
    for (int t = 1; t < threads; ++t) others.emplace_back([&body, t] { body(t); });
    body(0);
    for (std::thread& thread : others) thread.join();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace

double sgemm_peak(int threads) {
  const auto count = static_cast<std::size_t>(threads);
  double best = 0;
  for (const int n : {256, 512, 1024}) {
    const Eigen::MatrixXf a = Eigen::MatrixXf::Random(n, n), b = Eigen::MatrixXf::Random(n, n);
    std::vector<Eigen::MatrixXf> c(count, Eigen::MatrixXf::Zero(n, n));
    const int repeats = 1024 / n;  // a round must outlast the start of its threads
    const double seconds = fastest(threads, [&](int t) {
      for (int i = 0; i < repeats; ++i) c[static_cast<std::size_t>(t)].noalias() = a * b;
    });
    best = std::max(best, 2e-9 * threads * repeats * n * n * n / seconds);
  }
  return best;
}

double copy_peak(int threads) {
  constexpr std::size_t kBytes = std::size_t{32} << 20;
  const auto count = static_cast<std::size_t>(threads);
  const std::vector<char> from(kBytes * count, 1);
  std::vector<char> to(kBytes * count);
  const double seconds = fastest(threads, [&](int t) {
    const std::size_t at = kBytes * static_cast<std::size_t>(t);
    std::memcpy(to.data() + at, from.data() + at, kBytes);
  });
  return 2e-9 * static_cast<double>(kBytes * count) / seconds;
}

int all_threads() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

void one_and_all_threads(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("threads")->Arg(1)->UseRealTime();
  if (all_threads() > 1) benchmark->Arg(all_threads());
}

void report_flops(benchmark::State& state, double flops, int threads) {
  using benchmark::Counter;
  state.counters["GFLOP/s"] = Counter(1e-9 * flops, Counter::kIsIterationInvariantRate);
  state.counters["of_sgemm"] = Counter(1e-9 * flops / sgemm_peak(threads), Counter::kIsIterationInvariantRate);
}

void report_bytes(benchmark::State& state, double bytes, int threads) {
  using benchmark::Counter;
  state.counters["GB/s"] = Counter(1e-9 * bytes, Counter::kIsIterationInvariantRate);
  state.counters["of_copy"] = Counter(1e-9 * bytes / copy_peak(threads), Counter::kIsIterationInvariantRate);
}

}  // namespace meg::bench
