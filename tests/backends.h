#pragma once
#include "tests/on_device.h"

namespace meg::emulated {
std::unique_ptr<Backend> make_backend(Precision precision);
}

namespace test {

struct Cpu {
  static std::unique_ptr<meg::Backend> make(int threads = 2) { return meg::make_backend(meg::Device::kCpu, threads); }
};

/// The kernels of the GPU, run by tests/simt.
template <meg::Precision precision>
struct Emulated {
  static std::unique_ptr<meg::Backend> make(int = 0) {
    return std::make_unique<OnDevice>(meg::emulated::make_backend(precision));
  }
};

/// And on a GPU: scripts/gpu_check builds the tests for one.
template <meg::Precision precision>
struct Gpu {
  static std::unique_ptr<meg::Backend> make(int = 0) {
    return std::make_unique<OnDevice>(meg::make_backend(meg::Device::kCuda, 0, precision));
  }
};

}  // namespace test

/// The backends that the tests of operations run over: TEST_CASE_TEMPLATE("...", On, EVERY_BACKEND), On::make().
#ifdef MEG_GPU_TESTS
#define EVERY_GPU(precision) test::Emulated<precision>, test::Gpu<precision>
#else
#define EVERY_GPU(precision) test::Emulated<precision>
#endif
#define EVERY_BACKEND test::Cpu, EVERY_GPU(meg::Precision::kFp32)
