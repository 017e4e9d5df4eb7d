#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace meg {

/// All of `rows` rows in a random order: by their random words of (seed, position).
std::vector<std::size_t> shuffle_rows(std::size_t rows, std::uint64_t seed, std::uint32_t position);

/// `count` of `rows` rows without replacement, ascending: those with the smallest random words of (seed, position). All
/// where there are no more.
std::vector<std::size_t> choose_rows(std::size_t rows, std::size_t count, std::uint64_t seed, std::uint32_t position);

}  // namespace meg
