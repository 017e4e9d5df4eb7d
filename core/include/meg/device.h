#pragma once
#include <cstddef>
#include <string>

namespace meg {

enum class Device : std::size_t { kCpu, kCuda };

/// Precision of the factors of matrix products on a GPU. Their sums and everything else are float32. The CPU ignores
/// it.
enum class Precision {
  kFp32,  ///< 23 bits of mantissa
  kTf32,  ///< 10, on the tensor cores
  kBf16   ///< 7, on the tensor cores
};

// What this meg and this machine have. All are thread-safe.

/// The level of the processor that meg computes with: "v2", "v3" or "v4" of x86-64, "baseline" elsewhere. It is the
/// best that the machine has, or what the environment variable MEG_CPU says. Throws Error (kDevice) where that is none.
std::string cpu_level();
/// Whether this meg was built with the GPU's backend.
bool has_cuda();
/// Why Device::kCuda cannot be used here, without a full stop; empty where it can.
std::string cuda_obstacle();

}  // namespace meg
