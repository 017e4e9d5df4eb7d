#include "core/model/ensemble/particle_pool.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace meg {

void choose_systematically(std::span<const double> weights, double uniform, std::span<std::size_t> chosen) {
  const double step = std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(chosen.size());
  double below = 0;
  std::size_t i = 0, last = 0;
  for (std::size_t c = 0; c < chosen.size(); ++c) {
    const double at = (static_cast<double>(c) + uniform) * step;
    for (; i < weights.size() && below + weights[i] <= at; ++i) {
      below += weights[i];
      if (weights[i] > 0) last = i;  // where rounding leaves nothing behind it
    }
    chosen[c] = i < weights.size() ? i : last;
  }
}

void ParticlePool::add(std::span<const float> cells, std::span<const double> log_weights,
                       std::span<const std::size_t> origins, std::span<const float> uniform) {
  count(log_weights, origins);
  for (std::size_t i = 0; i < log_weights.size(); ++i)
    if (log_weights[i] != kImpossible)
      keep(cells.subspan(i * width_, width_), log_weights[i],
           log_weights[i] - std::log(static_cast<double>(uniform[i])));
}

void ParticlePool::count(std::span<const double> log_weights, std::span<const std::size_t> origins) {
  seen_ += log_weights.size();
  const double top = *std::ranges::max_element(log_weights);
  if (top == kImpossible) return;
  if (sum_ == 0) top_ = top;
  if (top > top_) {
    const double scale = std::exp(top_ - top);
    sum_ *= scale, squares_ *= scale * scale;
    top_ = top;
  }
  std::vector<double> of_origin(log_weights.size());
  for (std::size_t i = 0; i < log_weights.size(); ++i) of_origin[origins[i]] += std::exp(log_weights[i] - top_);
  for (const double weight : of_origin) sum_ += weight, squares_ += weight * weight;
}

void ParticlePool::keep(std::span<const float> cell, double log_weight, double priority) {
  std::size_t place = kept_.size();
  if (kept_.size() == most_) {
    const double least = kept_.front().priority;
    log_threshold_ = std::max(is_full_ ? log_threshold_ : kImpossible, std::min(priority, least));
    is_full_ = true;
    if (priority <= least) return;
    std::ranges::pop_heap(kept_, std::greater(), &Kept::priority);
    place = kept_.back().place;
    kept_.pop_back();
  } else {
    cells_.resize(cells_.size() + width_);
  }
  kept_.push_back({priority, log_weight, place});
  std::ranges::push_heap(kept_, std::greater(), &Kept::priority);
  std::ranges::copy(cell, cells_.begin() + static_cast<std::ptrdiff_t>(place * width_));
}

void ParticlePool::choose(std::size_t rows, double uniform, std::span<float> out) const {
  std::vector<double> weights(kept_.size());  // [places]
  for (const Kept& kept : kept_) {
    const double log_weight = is_full_ ? std::max(kept.log_weight, log_threshold_) : kept.log_weight;
    weights[kept.place] = std::exp(log_weight - top_);
  }
  std::vector<std::size_t> chosen(rows);
  choose_systematically(weights, uniform, chosen);
  for (std::size_t r = 0; r < rows; ++r)
    std::ranges::copy(std::span(cells_).subspan(chosen[r] * width_, width_),
                      out.begin() + static_cast<std::ptrdiff_t>(r * width_));
}

}  // namespace meg
