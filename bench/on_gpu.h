#pragma once
#include <benchmark/benchmark.h>
#include <cuda_runtime.h>

#include <cmath>
#include <vector>

#include "core/fail.h"
#include "core/nn/backend.h"

namespace meg::bench {

inline void check(bool good, const char* what) {
  if (!good) fail("{} failed: {}", what, cudaGetErrorString(cudaGetLastError()));
}
inline void wait() { check(cudaDeviceSynchronize() == cudaSuccess, "waiting for the GPU"); }

/// Normal numbers on the device.
inline Memory random(Backend& backend, std::size_t count, std::uint64_t seed = 1) {
  Memory memory = backend.allocate(count);
  backend.fill_normal(seed, Stream::kMeasure, 0, memory);
  return memory;
}

inline std::vector<float> contents(Backend& backend, const Memory& memory) {
  wait();
  std::vector<float> out(memory.size());
  backend.download(memory, out);
  return out;
}

/// How far a rung may be from the naive one: what rounding factors to 24, 11 or 8 bits does, through three layers.
inline double tolerance(Precision precision) {
  return precision == Precision::kFp32 ? 1e-5 : precision == Precision::kTf32 ? 5e-3 : 3e-2;
}
/// Whether |got - expected| <= tolerance |expected|, as vectors.
inline bool close(const std::vector<float>& got, const std::vector<float>& expected, double tolerance) {
  double distance = 0, norm = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto e = static_cast<double>(expected[i]);
    distance += std::pow(static_cast<double>(got[i]) - e, 2), norm += e * e;
  }
  return std::isfinite(norm) && norm > 0 && distance <= tolerance * tolerance * norm;  // not where it is not a number
}

/// Times run(), which puts work of `flops` into a queue. The device is asked once behind many of them. `peak` in
/// GFLOP/s.
template <class Run>
void time(benchmark::State& state, double flops, double peak, const Run& run) {
  constexpr int kOperations = 100;
  run();
  wait();
  for (auto _ : state) {
    for (int i = 0; i < kOperations; ++i) run();
    wait();
  }
  const auto operations = static_cast<double>(state.iterations()) * kOperations;
  state.counters["GFLOP/s"] = benchmark::Counter(1e-9 * flops * operations, benchmark::Counter::kIsRate);
  state.counters["of_gemm"] = benchmark::Counter(1e-9 * flops * operations / peak, benchmark::Counter::kIsRate);
  state.counters["us"] =
      benchmark::Counter(1e-6 * operations, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Of y = x w, all in all.
inline double flops(LinearGroups layer, std::size_t rows) {
  double sum = 0;
  for (const LinearGroup& g : layer) sum += 2.0 * g.inputs * g.outputs * static_cast<double>(rows);
  return sum;
}

}  // namespace meg::bench
