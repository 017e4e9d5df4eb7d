#include "core/table/code/category_blocks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/fail.h"
#include "core/permutation.h"

namespace meg {

namespace {

/// About the square root: of the numbers near it the one that leaves the fewest places empty in blocks of one size.
std::size_t block_count(std::size_t categories) {
  const auto root = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(categories))));
  const auto empty = [&](std::size_t blocks) { return (blocks - categories % blocks) % blocks; };
  std::size_t best = root;
  for (std::size_t away = 1; away <= root / 3; ++away)
    for (const std::size_t blocks : {root - away, root + away})
      if (empty(blocks) < empty(best)) best = blocks;
  return best;
}

/// The first category of a block, as even as can be.
std::size_t begin_of(std::size_t block, std::size_t blocks, std::size_t categories) {
  return categories * block / blocks;
}

/// Rows of a mean profile that a category with no rows stands for: what few rows say is drawn towards that.
constexpr float kShrinking = 5.0f;

/// Turns of the power iteration. It need not converge: any direction in which profiles differ much will do.
constexpr int kTurns = 12;

class Halving {
 public:
  Halving(std::span<const float> profile, std::span<const std::uint32_t> count)
      : width_(profile.size() / count.size()), count_(count), profile_(profile.begin(), profile.end()) {
    std::vector<float> mean(width_);
    float rows = 0;
    for (std::size_t c = 0; c < count.size(); ++c) {
      rows += static_cast<float>(count[c]);
      for (std::size_t i = 0; i < width_; ++i) mean[i] += of(c)[i];
    }
    for (float& m : mean) m /= std::max(rows, 1.0f);
    for (std::size_t c = 0; c < count.size(); ++c)
      for (std::size_t i = 0; i < width_; ++i)
        of(c)[i] = (of(c)[i] - static_cast<float>(count[c]) * mean[i]) / (static_cast<float>(count[c]) + kShrinking);
  }

  /// Orders a part of all categories, which becomes the blocks first ... first + blocks - 1 of `all`.
  void halve(std::span<std::uint32_t> order, std::size_t first, std::size_t blocks, std::size_t all) {
    if (blocks == 1) return sort_by(order, [&](std::uint32_t c) { return -static_cast<float>(count_[c]); });
    const std::vector<float> direction = principal_direction(order);
    sort_by(order,
            [&](std::uint32_t c) { return std::inner_product(direction.begin(), direction.end(), of(c), 0.0f); });
    const std::size_t left = blocks / 2, categories = count_.size();
    const std::size_t cut = begin_of(first + left, all, categories) - begin_of(first, all, categories);
    halve(order.first(cut), first, left, all);
    halve(order.subspan(cut), first + left, blocks - left, all);
  }

 private:
  template <class Key>
  static void sort_by(std::span<std::uint32_t> order, const Key& key) {
    std::vector<std::pair<float, std::uint32_t>> keyed;
    for (const std::uint32_t c : order) keyed.emplace_back(key(c), c);
    std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::transform(keyed.begin(), keyed.end(), order.begin(), [](const auto& k) { return k.second; });
  }

  float* of(std::size_t category) { return profile_.data() + category * width_; }

  /// The eigenvector of the largest eigenvalue of the profiles' covariance; a category counts by its rows.
  std::vector<float> principal_direction(std::span<const std::uint32_t> order) {
    std::vector<float> mean(width_);
    float rows = 0;
    for (const std::uint32_t c : order) {
      const auto weight = static_cast<float>(count_[c]);
      rows += weight;
      for (std::size_t i = 0; i < width_; ++i) mean[i] += weight * of(c)[i];
    }
    for (float& m : mean) m /= std::max(rows, 1.0f);
    std::vector<float> direction(width_), next(width_);
    for (std::size_t i = 0; i < width_; ++i) direction[i] = 1.0f + 0.1f * static_cast<float>(i % 7);
    for (int turn = 0; turn < kTurns; ++turn) {
      std::fill(next.begin(), next.end(), 0.0f);
      const float shift = std::inner_product(mean.begin(), mean.end(), direction.begin(), 0.0f);
      for (const std::uint32_t c : order) {
        const float* p = of(c);
        const float along = std::inner_product(direction.begin(), direction.end(), p, -shift);
        const float weight = static_cast<float>(count_[c]) * along;
        for (std::size_t i = 0; i < width_; ++i) next[i] += weight * (p[i] - mean[i]);
      }
      const float length = std::sqrt(std::inner_product(next.begin(), next.end(), next.begin(), 0.0f));
      if (!(length > 0)) break;  // all are alike
      std::transform(next.begin(), next.end(), direction.begin(), [&](float x) { return x / length; });
    }
    return direction;
  }

  std::size_t width_;
  std::span<const std::uint32_t> count_;
  std::vector<float> profile_;  // [categories, width], means, less the mean of all rows
};

}  // namespace

CategoryBlocks::CategoryBlocks(std::vector<std::uint32_t> order)
    : order_(std::move(order)), block_(order_.size()), place_(order_.size()) {
  if (!is_permutation(order_)) fail("the order of a column's categories does not name each of them once");
  const std::size_t categories = order_.size(), blocks = block_count(categories);
  for (std::size_t b = 0; b <= blocks; ++b)
    begin_.push_back(static_cast<std::uint32_t>(begin_of(b, blocks, categories)));
  for (std::size_t b = 0; b < blocks; ++b) {
    places_ = std::max(places_, static_cast<int>(begin_[b + 1] - begin_[b]));
    for (std::uint32_t i = begin_[b]; i < begin_[b + 1]; ++i)
      block_[order_[i]] = static_cast<std::uint32_t>(b), place_[order_[i]] = i - begin_[b];
  }
}

std::vector<std::uint32_t> order_by_likeness(std::span<const float> profile, std::span<const std::uint32_t> count) {
  std::vector<std::uint32_t> order(count.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return count[a] > count[b]; });
  const std::size_t blocks = block_count(count.size());
  Halving(profile, count).halve(order, 0, blocks, blocks);
  return order;
}

}  // namespace meg
