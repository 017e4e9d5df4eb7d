#include <algorithm>

#include "kernels/device_lists.h"

namespace meg::MEG_KERNELS {

const void* DeviceLists::find_bytes(std::span<const std::byte> bytes) {
  ++finds_;
  std::string key(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto found = lists_.find(key);
  if (found == lists_.end()) {
    queue_.flush();  // before what may throw: a step's calls must not outlive what they point to
    if (bytes_ + bytes.size() > most_bytes_) evict();
    Block block = queue_.allocate(bytes.size());
    queue_.upload(bytes.data(), bytes.size(), block.as<void>());
    found = lists_.emplace(std::move(key), List{std::move(block), 0}).first;
    bytes_ += bytes.size();
  }
  found->second.asked = finds_;
  return found->second.block.as<void>();
}

void DeviceLists::evict() {
  using Entry = decltype(lists_)::iterator;
  std::vector<Entry> entries;
  for (Entry entry = lists_.begin(); entry != lists_.end(); ++entry)
    if (entry->second.asked + kKept < finds_) entries.push_back(entry);
  std::ranges::sort(entries, {}, [](const Entry& entry) { return entry->second.asked; });
  for (const Entry& entry : entries) {
    if (bytes_ <= most_bytes_ / 2) return;
    bytes_ -= entry->first.size();
    lists_.erase(entry);
  }
}

const LayerGroup* DeviceLists::groups(LinearGroups layer) {
  groups_.clear();
  for (const LinearGroup& g : layer) groups_.push_back(layer_group(g));
  return find(std::span<const LayerGroup>(groups_));
}

}  // namespace meg::MEG_KERNELS
