#include <sched.h>

#include <algorithm>
#include <thread>

#include "cpu/backend.h"
#ifdef MEG_CUDA
#include "kernels/make_backend.h"
#endif

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

#ifdef MEG_CUDA
bool has_cuda() { return true; }
std::string cuda_obstacle() { return cuda::obstacle(); }
#else
bool has_cuda() { return false; }
std::string cuda_obstacle() { return "this meg was built without CUDA (-DMEG_CUDA=ON builds it in)"; }
#endif

std::unique_ptr<Backend> make_backend(Device device, int threads, [[maybe_unused]] Precision precision) {
  if (device == Device::kCpu) return std::make_unique<cpu::CpuBackend>(threads == 0 ? usable_cores() : threads);
  if (const std::string why = cuda_obstacle(); !why.empty()) fail("{}: use --device cpu", why);
#ifdef MEG_CUDA
  return cuda::make_backend(precision);
#else
  return nullptr;
#endif
}

}  // namespace meg
