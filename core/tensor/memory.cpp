#include "core/tensor/memory.h"

#include "core/fail.h"

namespace meg {

float* Arena::take(std::size_t count) {
  const std::size_t need = padded(count);
  if (counts_) {
    used_ += need;
    return nullptr;
  }
  if (need > memory_.size() - used_)
    fail(ErrorCode::kDevice, "a step needs {} bytes more than the {} its arena holds: lower `batch_size` or `hidden`",
         (used_ + need - memory_.size()) * sizeof(float), memory_.size() * sizeof(float));
  float* piece = memory_.data() + used_;
  used_ += need;
  return piece;
}

}  // namespace meg
