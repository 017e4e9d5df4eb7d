#include "bench/generation.h"

// Generated rows a second of a GPU: into its memory, to the host, and as CSV text made by all of the host's threads.

using namespace meg;

namespace {

void gpu_generation(benchmark::State& state, bench::Upto upto, Precision precision) {
  constexpr std::size_t kRows = std::size_t{1} << 20;
  const auto backend = make_backend(Device::kCuda, 0, precision);
  bench::generation(state, *backend, upto, kRows, 0);
}

#define MEG_GENERATION(precision)                                                                                   \
  BENCHMARK_CAPTURE(gpu_generation, device_##precision, bench::Upto::kDevice, Precision::precision)->UseRealTime(); \
  BENCHMARK_CAPTURE(gpu_generation, host_##precision, bench::Upto::kHost, Precision::precision)->UseRealTime();     \
  BENCHMARK_CAPTURE(gpu_generation, text_##precision, bench::Upto::kText, Precision::precision)->UseRealTime()

MEG_GENERATION(kFp32);
MEG_GENERATION(kTf32);
MEG_GENERATION(kBf16);

}  // namespace
