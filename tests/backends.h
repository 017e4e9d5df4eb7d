#pragma once
#include "tests/on_device.h"

namespace meg::emulated {
std::unique_ptr<Backend> make_backend(Precision precision);
}

namespace test {

struct Cpu {
  static constexpr int kManyRows = 20000;  // for the statistics of draws
  static std::unique_ptr<meg::Backend> make(int threads = 2) { return meg::make_backend(meg::Device::kCpu, threads); }
};

/// The kernels of the GPU, run by tests/simt.
template <meg::Precision precision>
struct Emulated {
  static constexpr int kManyRows = 1000;
  static std::unique_ptr<meg::Backend> bare() { return meg::emulated::make_backend(precision); }
  static std::unique_ptr<meg::Backend> make(int = 0) { return std::make_unique<OnDevice>(bare()); }
};

/// And on a GPU: scripts/gpu_check builds the tests for one.
template <meg::Precision precision>
struct Gpu {
  static constexpr int kManyRows = 100000;
  static std::unique_ptr<meg::Backend> bare() { return meg::make_backend(meg::Device::kCuda, 0, precision); }
  static std::unique_ptr<meg::Backend> make(int = 0) { return std::make_unique<OnDevice>(bare()); }
};

}  // namespace test

/// The backends that the tests of operations run over: TEST_CASE_TEMPLATE("...", On, EVERY_BACKEND), On::make().
#define EVERY_BACKEND test::Cpu, EVERY_GPU
/// Those that are compared with the CPU's.
#define EVERY_GPU GPUS_WITH(meg::Precision::kFp32)
#ifdef MEG_GPU_TESTS
#define GPUS_WITH(precision) test::Emulated<precision>, test::Gpu<precision>
#else
#define GPUS_WITH(precision) test::Emulated<precision>
#endif
/// All of these, and the GPU's in every precision.
#define EVERY_PRECISION EVERY_BACKEND, GPUS_WITH(meg::Precision::kTf32), GPUS_WITH(meg::Precision::kBf16)
