#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "cpu/backend.h"

namespace meg {

namespace {

/// Cores that this process may run on: taskset and containers leave it fewer than there are, and threads that share a
/// core wait for one another.
int usable_cores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

std::unique_ptr<Backend> make_backend(Device device, int threads) {
  if (device == Device::kCuda) fail("this meg was built without CUDA: use --device cpu, or build with -DMEG_CUDA=ON");
  if (threads == 0) threads = usable_cores();
  return std::make_unique<cpu::CpuBackend>(threads);
}

namespace cpu {

Memory CpuBackend::allocate(std::size_t count) {
  const std::size_t bytes = std::max<std::size_t>(Arena::padded(count), 16) * sizeof(float);
  auto* data = static_cast<float*>(std::aligned_alloc(64, bytes));
  if (!data) fail("out of memory: {} MB were needed; lower the batch size or the hidden width", bytes >> 20);
  std::fill_n(data, bytes / sizeof(float), 0.0f);
  return Memory(data, count, Device::kCpu, [](float* p) { std::free(p); });
}

void CpuBackend::upload(std::span<const float> from, float* to) { std::copy(from.begin(), from.end(), to); }

void CpuBackend::download(const float* from, std::span<float> to) { std::copy_n(from, to.size(), to.begin()); }

void CpuBackend::fill(std::size_t count, float value, float* out) {
  pool_.run_blocks(count, 4, [=](std::size_t begin, std::size_t end) { std::fill(out + begin, out + end, value); });
}

}  // namespace cpu
}  // namespace meg
