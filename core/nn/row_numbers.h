#pragma once
#include "core/nn/backend.h"

namespace meg {

/// Row numbers on a device, for gather_rows.
class RowNumbers {
 public:
  /// Room for so many.
  RowNumbers(Backend& backend, std::size_t most) : memory_(backend.allocate(most)) {}
  RowNumbers(Backend& backend, std::span<const std::uint32_t> numbers) : RowNumbers(backend, numbers.size()) {
    set(backend, numbers);
  }

  void set(Backend& backend, std::span<const std::uint32_t> numbers) { backend.upload(numbers, data()); }
  /// Memory is of floats.
  std::uint32_t* data() const { return reinterpret_cast<std::uint32_t*>(memory_.data()); }

 private:
  static_assert(sizeof(std::uint32_t) == sizeof(float));
  Memory memory_;
};

}  // namespace meg
