#include "bench/peak.h"

int main(int count, char** arguments) {
  if (meg::cuda_obstacle().empty())
    for (const auto& add : meg::bench::gpu_registrations()) add();
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
  if (benchmark::RunSpecifiedBenchmarks() == 0) return 1;  // a filter that nothing matches
  benchmark::Shutdown();
}
