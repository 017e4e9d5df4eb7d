#pragma once
#include <benchmark/benchmark.h>

namespace meg::bench {

/// GFLOP/s of the largest product of square matrices that Eigen does on `threads` threads side by side, measured now.
double sgemm_peak(int threads);
/// GB/s, read and written, of copies far larger than the caches on `threads` threads, measured now.
double copy_peak(int threads);

/// All cores of this machine.
int all_threads();
/// Registers a benchmark for one thread and for all: the last argument.
void one_and_all_threads(benchmark::internal::Benchmark* benchmark);

/// Reports what one iteration does, per second and as a share of the machine's peak, which is measured right behind
/// the benchmark: neighbours on a shared machine take from both.
void report_flops(benchmark::State& state, double flops, int threads);
void report_bytes(benchmark::State& state, double bytes, int threads);

}  // namespace meg::bench
