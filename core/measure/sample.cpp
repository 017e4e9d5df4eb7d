#include "core/measure/sample.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/tensor/philox.h"

namespace meg {

std::vector<std::size_t> choose_rows(std::size_t rows, std::size_t count, std::uint64_t seed, std::uint32_t position) {
  std::vector<std::size_t> chosen(rows);
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  if (count >= rows) return chosen;
  const Philox philox(seed, Stream::kMeasure);
  std::vector<std::uint64_t> key;
  key.reserve(rows);
  for (const std::size_t r : chosen) {
    const auto word = philox.bits(r, position);
    key.push_back(std::uint64_t{word[0]} << 32 | word[1]);
  }
  const auto middle = chosen.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(chosen.begin(), middle, chosen.end(),
                   [&](std::size_t a, std::size_t b) { return std::pair(key[a], a) < std::pair(key[b], b); });
  chosen.erase(middle, chosen.end());
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace meg
