#include "kernels/device_lists.h"

namespace meg::MEG_KERNELS {

const void* DeviceLists::find_bytes(std::span<const std::byte> bytes) {
  std::string key(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto found = lists_.find(key);
  if (found == lists_.end()) {
    queue_.flush();  // before what may throw: a step's calls must not outlive what they point to
    Block block(bytes.size());
    queue_.upload(bytes.data(), bytes.size(), block.as<void>());
    found = lists_.emplace(std::move(key), std::move(block)).first;
  }
  return found->second.as<void>();
}

const LayerGroup* DeviceLists::groups(LinearGroups layer) {
  groups_.clear();
  for (const LinearGroup& g : layer) groups_.push_back(layer_group(g));
  return find(std::span<const LayerGroup>(groups_));
}

}  // namespace meg::MEG_KERNELS
