#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "kernels/layer.h"
#include "kernels/queue.h"

namespace meg::MEG_KERNELS {

/// What kernels need of layers and layouts, on the device: lists that are found by their bytes, and uploaded the first
/// time. They stay.
class DeviceLists {
 public:
  explicit DeviceLists(Queue& queue) : queue_(queue) {}

  template <class T>
  const T* find(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    return static_cast<const T*>(find_bytes(std::as_bytes(items)));
  }
  const LayerGroup* groups(LinearGroups layer);

 private:
  const void* find_bytes(std::span<const std::byte> bytes);

  Queue& queue_;
  std::unordered_map<std::string, Block> lists_;
  std::vector<LayerGroup> groups_;  // scratch of a call
};

}  // namespace meg::MEG_KERNELS
