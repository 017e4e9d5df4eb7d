#pragma once
#include <benchmark/benchmark.h>

#include <functional>
#include <memory>
#include <vector>

#include "core/nn/backend.h"

namespace meg::bench {

/// GFLOP/s of the largest product of square matrices that Eigen does on `threads` threads side by side, measured now.
double sgemm_peak(int threads);
/// GB/s, read and written, of copies far larger than the caches on `threads` threads, or in the GPU's memory, measured
/// now.
double copy_peak(int threads);

/// All cores of this machine.
int all_threads();
/// Registers a benchmark for one thread and for all: the last argument.
void one_and_all_threads(benchmark::internal::Benchmark* benchmark);

/// The number of threads that stands for the GPU.
inline constexpr int kGpu = 0;
/// What main() calls where there is one: benchmarks are registered before CUDA knows the kernels, so before it can
/// tell.
std::vector<std::function<void()>>& gpu_registrations();
/// Registers a benchmark for one thread, for all, and for the GPU where there is one.
void everywhere(benchmark::internal::Benchmark* benchmark);
std::unique_ptr<Backend> backend_on(int threads, Precision precision = Precision::kFp32);
/// Operations of one iteration of measure(): a GPU, which is asked whether it is done, gets many at once.
inline int operations(int threads) { return threads == kGpu ? 100 : 1; }

/// Times operation(), of the backend of state.range(0).
template <class Operation>
void measure(benchmark::State& state, Backend& backend, const Operation& operation) {
  const int count = operations(static_cast<int>(state.range(0)));
  const Memory one = backend.allocate(1);
  float there = 0;
  operation();  // what is uploaded once is there
  backend.download(one, {&there, 1});
  for (auto _ : state) {
    backend.begin_step();
    for (int i = 0; i < count; ++i) operation();
    backend.end_step();
    backend.download(one, {&there, 1});
  }
}

/// Reports what one operation does, per second and as a share of the machine's peak, which is measured right behind
/// the benchmark: neighbours on a shared machine take from both. Of a GPU's products the ladders of meg_gpu_bench tell
/// more.
void report_flops(benchmark::State& state, double flops, int threads);
void report_bytes(benchmark::State& state, double bytes, int threads);

}  // namespace meg::bench
