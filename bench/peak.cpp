#include "bench/peak.h"

#include <Eigen/Core>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#ifdef MEG_CUDA
#include "bench/on_gpu.h"
#endif

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

#ifdef MEG_CUDA
double gpu_copy_peak() {
  constexpr std::size_t kBytes = std::size_t{256} << 20;  // an H100's cache holds 50 MB
  constexpr int kCopies = 10;
  const auto backend = backend_on(kGpu);
  const Memory from = backend->allocate(kBytes / sizeof(float)), to = backend->allocate(kBytes / sizeof(float));
  const double seconds = fastest(1, [&](int) {
    for (int i = 0; i < kCopies; ++i)
      check(cudaMemcpyAsync(to.data(), from.data(), kBytes, cudaMemcpyDeviceToDevice) == cudaSuccess, "a copy");
    wait();
  });
  return 2e-9 * kCopies * static_cast<double>(kBytes) / seconds;
}
#else
double gpu_copy_peak() { return 0; }
#endif

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
  if (threads == kGpu) return gpu_copy_peak();
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

std::vector<std::function<void()>>& gpu_registrations() {
  static std::vector<std::function<void()>> registrations;
  return registrations;
}

void everywhere(benchmark::internal::Benchmark* benchmark) {
  one_and_all_threads(benchmark);
  gpu_registrations().push_back([benchmark] { benchmark->Arg(kGpu); });
}

std::unique_ptr<Backend> backend_on(int threads, Precision precision) {
  return threads == kGpu ? make_backend(Device::kCuda, 0, precision) : make_backend(Device::kCpu, threads);
}

void report_flops(benchmark::State& state, double flops, int threads) {
  using benchmark::Counter;
  state.counters["GFLOP/s"] = Counter(1e-9 * flops, Counter::kIsIterationInvariantRate);
  if (threads == kGpu) return;
  state.counters["of_sgemm"] = Counter(1e-9 * flops / sgemm_peak(threads), Counter::kIsIterationInvariantRate);
}

void report_bytes(benchmark::State& state, double bytes, int threads) {
  using benchmark::Counter;
  bytes *= operations(threads);
  state.counters["GB/s"] = Counter(1e-9 * bytes, Counter::kIsIterationInvariantRate);
  state.counters["of_copy"] = Counter(1e-9 * bytes / copy_peak(threads), Counter::kIsIterationInvariantRate);
}

}  // namespace meg::bench
