#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "kernels/layer.h"
#include "kernels/queue.h"

namespace meg::MEG_KERNELS {

/// What kernels need of layers and layouts, on the device: lists that are found by their bytes, and uploaded the first
/// time. Where they would need more than `most_bytes`, those that have not been asked for the longest go; the last
/// kKept stay, as the calls of an operation that is being put together point to them.
class DeviceLists {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{64} << 20, kKept = 64;

  explicit DeviceLists(Queue& queue, std::size_t most_bytes = kMostBytes) : queue_(queue), most_bytes_(most_bytes) {}

  template <class T>
  const T* find(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    return static_cast<const T*>(find_bytes(std::as_bytes(items)));
  }
  const LayerGroup* groups(LinearGroups layer);
  std::size_t size() const { return lists_.size(); }

 private:
  struct List {
    Block block;
    std::uint64_t asked;  // number of the find that asked for it last
  };
  const void* find_bytes(std::span<const std::byte> bytes);
  /// Frees lists until they hold half of most_bytes_, or only the last kKept are left.
  void evict();

  Queue& queue_;
  std::size_t most_bytes_, bytes_ = 0;
  std::uint64_t finds_ = 0;
  std::unordered_map<std::string, List> lists_;
  std::vector<LayerGroup> groups_;  // scratch of a call
};

}  // namespace meg::MEG_KERNELS
