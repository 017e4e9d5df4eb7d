#include "core/measure/nearest.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/parallel.h"

namespace meg {

namespace {

/// Rows that are compared at once: their numbers stay in the cache while all asked rows pass by.
constexpr std::size_t kBlock = 512;
/// Asked rows that a thread takes at once.
constexpr std::size_t kTask = 256;

/// The plain loops that all the time goes to: without a branch, so that the compiler makes vectors of them.
void add_capped(float x, const float* points, std::size_t count, float* distances) {
  for (std::size_t i = 0; i < count; ++i) distances[i] += std::min(1.0f, std::abs(x - points[i]));
}
void add_squared(float x, const float* points, std::size_t count, float* distances) {
  for (std::size_t i = 0; i < count; ++i) distances[i] += (x - points[i]) * (x - points[i]);
}

void meet(float distance, std::size_t at, Nearest& nearest) {
  if (distance >= nearest.second) return;
  nearest.second = std::max(nearest.first, distance);
  if (distance < nearest.first) {
    nearest.first = distance;
    nearest.place = at;
  }
}

}  // namespace

std::vector<Nearest> nearest(const Points& among, const Points& asked, std::span<const DistancePart> parts,
                             int threads) {
  std::vector<Nearest> out(asked.rows);
  parallel_parts(asked.rows, kTask, threads, [&](std::size_t first, std::size_t last) {
    std::array<float, kBlock> distances;
    for (std::size_t begin = 0; begin < among.rows; begin += kBlock) {
      const std::size_t size = std::min(kBlock, among.rows - begin);
      for (std::size_t r = first; r < last; ++r) {
        distances.fill(0);
        for (std::size_t c = 0; c < parts.size(); ++c) {
          const float x = asked.values[c * asked.rows + r];
          const float* points = &among.values[c * among.rows + begin];
          if (parts[c] == DistancePart::kCapped)
            add_capped(x, points, size, distances.data());
          else
            add_squared(x, points, size, distances.data());
        }
        for (std::size_t i = 0; i < size; ++i) meet(distances[i], begin + i, out[r]);
      }
    }
  });
  return out;
}

}  // namespace meg
