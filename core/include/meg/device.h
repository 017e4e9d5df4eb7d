#pragma once
#include <cstddef>

namespace meg {

enum class Device : std::size_t { kCpu, kCuda };  // as wide as an extent: a view (core/tensor/view.h) has no padding

/// What a GPU rounds the factors of its products to; their sums are float32 always, and so is all else.
enum class Precision {
  kFp32,  ///< not at all
  kTf32,  ///< 10 bits behind the point: on the tensor cores
  kBf16   ///< 7 bits
};

}  // namespace meg
