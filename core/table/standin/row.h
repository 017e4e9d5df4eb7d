#pragma once
#include <cstdint>
#include <string_view>

#include "core/tensor/keyed_permutation.h"
#include "core/tensor/philox.h"

namespace meg {

class LocaleLists;

/// The row that stand-ins are for. All that is drawn is a function of the seed, the row, `of` and what it is for, so
/// that cells of one row agree, and a row is the same in every table of the seed.
struct StandInRow {
  Philox random;  ///< of Stream::kStandIn
  std::uint64_t row = 0;
  std::uint32_t of = 0;                ///< 0 in the first column of an sdtype, 1 in the second: another person
  std::string_view locale;             ///< "en_US"
  const LocaleLists* lists = nullptr;  ///< of the locale, for the sdtypes that need them

  /// Where the random numbers of a part of the row begin, "street": FNV-1a of its name and `of`.
  std::uint32_t position(std::string_view part) const {
    std::uint32_t hash = 2166136261u;
    for (const char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return (hash ^ of) * 16777619u;
  }

  /// Four random words; `block` counts up from 0.
  std::array<std::uint32_t, 4> bits(std::string_view part, std::uint32_t block = 0) const {
    return random.bits(row, position(part) + block);
  }

  struct Ranked {
    std::uint64_t rank;   ///< below the size
    std::uint64_t round;  ///< how often all ranks have been before
  };
  /// Rows 0 ... size - 1 have each rank once, in a random order; so do the next `size` rows, in another order, ...
  Ranked ranked(std::string_view part, std::uint64_t size) const {
    const std::uint64_t round = row / size;
    return {KeyedPermutation(random, position(part), round, size)(row % size), round};
  }
};

}  // namespace meg
