#pragma once
#include <cstddef>

namespace meg {

enum class Device : std::size_t { kCpu, kCuda };

/// Precision of the factors of matrix products on a GPU. Their sums and everything else are float32. The CPU ignores
/// it.
enum class Precision {
  kFp32,  ///< 23 bits of mantissa
  kTf32,  ///< 10, on the tensor cores
  kBf16   ///< 7, on the tensor cores
};

}  // namespace meg
