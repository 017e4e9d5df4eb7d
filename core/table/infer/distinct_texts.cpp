#include "core/table/infer/distinct_texts.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace meg {

namespace {

std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

}  // namespace

std::int32_t DistinctTexts::number(std::string_view text) {
  const std::uint64_t hash = XXH3_64bits(text.data(), text.size());
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.number != 0) {
      if (slot.tag == tag_of(hash) && texts_[slot.number - 1] == text)
        return static_cast<std::int32_t>(slot.number - 1);
      continue;
    }
    texts_.push_back(text);
    hashes_.push_back(hash);
    slot = {tag_of(hash), static_cast<std::uint32_t>(texts_.size())};
    if (2 * texts_.size() > slots_.size()) grow();
    return static_cast<std::int32_t>(texts_.size() - 1);
  }
}

void DistinctTexts::grow() {
  slots_.assign(4 * slots_.size(), {});
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    std::size_t at = hashes_[i] & mask;
    while (slots_[at].number != 0) at = (at + 1) & mask;
    slots_[at] = {tag_of(hashes_[i]), static_cast<std::uint32_t>(i + 1)};
  }
}

}  // namespace meg
