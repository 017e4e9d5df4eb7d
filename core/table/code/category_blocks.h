#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace meg {

/// Very many categories cut into about sqrt(categories) blocks of as many places each, so that one is drawn in two
/// steps of few choices: p(category) = p(block) p(place | block) (class-based softmax; Goodman 2001).
class CategoryBlocks {
 public:
  /// `order` holds every category, below order.size(), once: the first block's, then the next one's.
  explicit CategoryBlocks(std::vector<std::uint32_t> order);

  int blocks() const { return static_cast<int>(begin_.size()) - 1; }
  int places() const { return places_; }  ///< of the largest block; others have one less at most
  std::uint32_t block(std::uint32_t category) const { return block_[category]; }
  std::uint32_t place(std::uint32_t category) const { return place_[category]; }
  /// What a block has in a place. The last place of a block that has one less stands for its first: every pair is a
  /// category. Few blocks have one less.
  std::uint32_t category(std::uint32_t block, std::uint32_t place) const {
    const std::uint32_t at = begin_[block] + place;
    return order_[at < begin_[block + 1] ? at : begin_[block]];
  }
  const std::vector<std::uint32_t>& order() const { return order_; }

 private:
  std::vector<std::uint32_t> order_, begin_;  // [categories], [blocks + 1]
  std::vector<std::uint32_t> block_, place_;  // [categories]
  int places_ = 0;
};

/// An order for CategoryBlocks in which those of a block are alike, so that the block says most of what the other
/// columns know of a category: the categories are halved along the direction in which their profiles differ most, and
/// the halves again, down to the blocks (principal direction divisive partitioning; Boley 1998). Within a block the
/// frequent come first. `profile` [categories, width] is the sum of a category's rows, `count` [categories] their
/// number.
std::vector<std::uint32_t> order_by_likeness(std::span<const float> profile, std::span<const std::uint32_t> count);

}  // namespace meg
