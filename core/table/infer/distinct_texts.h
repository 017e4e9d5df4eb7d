#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace meg {

/// Numbers texts by what they say, from 0 on in the order in which they come. The texts are not copied.
class DistinctTexts {
 public:
  DistinctTexts() : slots_(kFirstSlots) {}

  /// The number of a text.
  std::int32_t number(std::string_view text);
  /// The texts by their numbers.
  const std::vector<std::string_view>& texts() const { return texts_; }

 private:
  static constexpr std::size_t kFirstSlots = 256;
  /// Of an open-addressing table: a part of the text's hash, and its number + 1; 0 where there is none.
  struct Slot {
    std::uint32_t tag = 0, number = 0;
  };
  void grow();

  std::vector<Slot> slots_;  // a power of two, at most half of them taken
  std::vector<std::string_view> texts_;
  std::vector<std::uint64_t> hashes_;
};

}  // namespace meg
