#pragma once
#include "core/nn/backend.h"

namespace meg {

/// Row numbers on a device, and their memory.
class RowNumbers {
 public:
  RowNumbers() = default;
  /// Room for so many.
  RowNumbers(Backend& backend, std::size_t count) : memory_(backend.allocate(count)), count_(count) {}
  RowNumbers(Backend& backend, std::span<const std::uint32_t> numbers) : RowNumbers(backend, numbers.size()) {
    backend.upload(numbers, view());
  }

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  IndexView view() const { return memory_.view_as<std::uint32_t>(1, count_); }
  operator RowList() const { return {view().data(), count_}; }

 private:
  static_assert(sizeof(std::uint32_t) == sizeof(float));
  Memory memory_;
  std::size_t count_ = 0;
};

}  // namespace meg
