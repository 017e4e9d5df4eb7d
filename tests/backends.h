#pragma once
#include <memory>

#include "core/nn/backend.h"

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
  static std::unique_ptr<meg::Backend> make(int = 0) { return meg::emulated::make_backend(precision); }
};
using EmulatedGpu = Emulated<meg::Precision::kFp32>;
using EmulatedTf32 = Emulated<meg::Precision::kTf32>;
using EmulatedBf16 = Emulated<meg::Precision::kBf16>;

}  // namespace test

/// The backends that the tests of operations run over: TEST_CASE_TEMPLATE("...", On, EVERY_BACKEND), On::make().
#define EVERY_BACKEND test::Cpu, EVERY_GPU
/// Those that are compared with the CPU's.
#define EVERY_GPU test::EmulatedGpu
