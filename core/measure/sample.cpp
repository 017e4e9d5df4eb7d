#include "core/measure/sample.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "core/tensor/philox.h"

namespace meg {

namespace {

/// The order of rows by their random words.
class RandomOrder {
 public:
  RandomOrder(std::size_t rows, std::uint64_t seed, std::uint32_t position) {
    const Philox philox(seed, Stream::kMeasure);
    keys_.reserve(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      const auto word = philox.bits(r, position);
      keys_.push_back(std::uint64_t{word[0]} << 32 | word[1]);
    }
  }
  bool operator()(std::size_t a, std::size_t b) const { return std::pair(keys_[a], a) < std::pair(keys_[b], b); }

 private:
  std::vector<std::uint64_t> keys_;
};

std::vector<std::size_t> all_rows(std::size_t rows) {
  std::vector<std::size_t> out(rows);
  std::iota(out.begin(), out.end(), std::size_t{0});
  return out;
}

}  // namespace

std::vector<std::size_t> shuffle_rows(std::size_t rows, std::uint64_t seed, std::uint32_t position) {
  std::vector<std::size_t> out = all_rows(rows);
  const RandomOrder order(rows, seed, position);
  std::sort(out.begin(), out.end(), std::cref(order));
  return out;
}

std::vector<std::size_t> choose_rows(std::size_t rows, std::size_t count, std::uint64_t seed, std::uint32_t position) {
  std::vector<std::size_t> chosen = all_rows(rows);
  if (count >= rows) return chosen;
  const RandomOrder order(rows, seed, position);
  const auto middle = chosen.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(chosen.begin(), middle, chosen.end(), std::cref(order));
  chosen.erase(middle, chosen.end());
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace meg
