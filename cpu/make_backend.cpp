#include "core/fail.h"
#include "core/platform.h"
#include "cpu/levels.h"
#ifdef MEG_CUDA
#include "kernels/make_backend.h"
#endif

namespace meg {

#ifdef MEG_CUDA
bool has_cuda() { return true; }
std::string cuda_obstacle() { return cuda::obstacle(); }
#else
bool has_cuda() { return false; }
std::string cuda_obstacle() { return "this meg was built without CUDA (-DMEG_CUDA=ON builds it in)"; }
#endif

std::string cpu_level() { return cpu::level().name; }

std::unique_ptr<Backend> make_backend(Device device, int threads, [[maybe_unused]] Precision precision) {
  if (device == Device::kCpu) return cpu::level().make(threads > 0 ? threads : usable_cores());
  if (const std::string why = cuda_obstacle(); !why.empty()) fail(ErrorCode::kDevice, "{}: use `device=cpu`", why);
#ifdef MEG_CUDA
  return cuda::make_backend(precision);
#else
  return nullptr;
#endif
}

}  // namespace meg
