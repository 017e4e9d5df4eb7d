#pragma once
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace meg {

/// Log of the weight of a particle that cannot be.
inline constexpr double kImpossible = -std::numeric_limits<double>::infinity();

/// The weighted particles of a group of rows, of which it keeps as many as it may: those with the largest weight /
/// uniform number, and so that no sum is biased (priority sampling; Duffield, Lund & Thorup 2007).
class ParticlePool {
 public:
  /// Keeps at most so many, each of so many numbers.
  ParticlePool(std::size_t most, std::size_t width) : most_(most), width_(width) {}

  /// Particles [count, width] that were drawn together, their log weights, the place (below count) of the particle that
  /// each descends from, and a number in (0, 1) each.
  void add(std::span<const float> cells, std::span<const double> log_weights, std::span<const std::size_t> origins,
           std::span<const float> uniform);

  /// How many have been added.
  std::size_t seen() const { return seen_; }
  /// Whether one of them has a weight.
  bool has_any() const { return !kept_.empty(); }
  /// How many of equal weights would be as good: (sum of w)^2 / sum of w^2 over the particles that they descend from
  /// (Lee & Whiteley 2018), so copies count once.
  double effective_size() const { return has_any() ? sum_ * sum_ / squares_ : 0; }

  /// `count` of them in proportion to their weights, by systematic resampling (Kitagawa 1996), to `out` [count, width].
  void choose(std::size_t count, double uniform, std::span<float> out) const;

 private:
  struct Kept {
    double priority, log_weight;  // log of weight / uniform number
    std::size_t place;            // in cells_
  };
  void count(std::span<const double> log_weights, std::span<const std::size_t> origins);
  void keep(std::span<const float> cell, double log_weight, double priority);

  std::size_t most_, width_, seen_ = 0;
  double top_ = 0, sum_ = 0, squares_ = 0;  // of weights / exp(top_)
  std::vector<Kept> kept_;                  // a heap, the lowest priority on top
  double log_threshold_ = 0;                // the highest priority that was left out, where one was
  bool is_full_ = false;
  std::vector<float> cells_;  // [kept_, width_]
};

/// `count` places below weights.size(), ascending, in proportion to the weights, by systematic resampling.
void choose_systematically(std::span<const double> weights, double uniform, std::span<std::size_t> chosen);

}  // namespace meg
