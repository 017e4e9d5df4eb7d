#include "core/table/code/line_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/tensor/decoding.h"
#include "core/tensor/philox.h"

namespace meg {

namespace {

constexpr double kFewestPoints = 15;
/// How often a line has points, as a multiple of what chance does, and of what lines of an offset nearby have.
constexpr double kBeyondChance = 3, kBeyondNearby = 2;
/// Steps of the grid that offsets are nearby.
constexpr double kNearSteps = 4;
/// Different xs of a line's points, as their effective number: else the line is one through two heaps.
constexpr double kFewestXs = 8;
/// Points on each side, in the order of x, that say what chance does.
constexpr std::size_t kNearPoints = 20;
/// Pairs of points that are looked at.
constexpr std::size_t kPairs = 6000;

double rounded_to(double number, int digits) {
  const double unit = std::pow(10.0, digits - 1 - std::floor(std::log10(std::abs(number))));
  return std::round(number * unit) / unit;
}

/// The most frequent of the numbers that so many are.
std::vector<double> most_frequent_of(std::vector<double> numbers, std::size_t most, double least) {
  std::sort(numbers.begin(), numbers.end());
  std::vector<std::pair<double, double>> found;  // minus the count, the number
  for (auto begin = numbers.begin(); begin != numbers.end();) {
    const auto end = std::upper_bound(begin, numbers.end(), *begin);
    if (const auto count = static_cast<double>(end - begin); count >= least) found.emplace_back(-count, *begin);
    begin = end;
  }
  std::sort(found.begin(), found.end());
  std::vector<double> out;
  for (std::size_t i = 0; i < std::min(most, found.size()); ++i) out.push_back(found[i].second);
  return out;
}

void add_new(const std::vector<double>& some, std::vector<double>& out) {
  for (const double x : some)
    if (std::find(out.begin(), out.end(), x) == out.end()) out.push_back(x);
}

}  // namespace

LineSearch::LineSearch(std::vector<double> xs, std::vector<double> ys, std::size_t all, double low, double step)
    : x_(std::move(xs)),
      y_(std::move(ys)),
      low_(low),
      step_(step),
      least_(std::max(kFewestShare * static_cast<double>(all), kFewestPoints)) {}

double LineSearch::excess(Line line) const {
  std::vector<double> on_line(x_.size());
  double hits = 0, hits_of_x = 0, squares = 0, nearby = 0;
  for (std::size_t i = 0; i < x_.size(); ++i) {
    on_line[i] = on_grid(line.factor * x_[i] + line.offset, low_, step_);
    if (i > 0 && x_[i] != x_[i - 1]) hits_of_x = 0;
    const double steps = std::abs(std::round((y_[i] - on_line[i]) / step_));
    nearby += steps > 0 && steps <= kNearSteps;
    if (steps > 0) continue;
    ++hits;
    squares += 2 * hits_of_x++ + 1;
  }
  if (hits < least_ || hits * hits < kFewestXs * squares) return 0;
  const double around = nearby / (2 * kNearSteps);
  if (hits < kBeyondNearby * around) return 0;
  const double chance = by_chance(on_line), out = hits - chance - around;
  return hits >= kBeyondChance * chance && out >= least_ && out >= 4 * std::sqrt(chance + 1) ? out : 0;
}

double LineSearch::by_chance(std::span<const double> on_line) const {
  double out = 0;
  for (std::size_t begin = 0, end = 0; begin < x_.size(); begin = end) {
    while (end < x_.size() && x_[end] == x_[begin]) ++end;
    const std::size_t first = begin - std::min(begin, kNearPoints), last = std::min(end + kNearPoints, x_.size());
    double same = 0;
    for (std::size_t j = first; j < last; ++j)
      same += (j < begin || j >= end) && std::abs(y_[j] - on_line[begin]) < 0.5 * step_;
    const auto around = static_cast<double>(begin - first + last - end);
    if (around > 0) out += same * static_cast<double>(end - begin) / around;
  }
  return out;
}

std::vector<double> LineSearch::offsets(double factor, std::size_t most) const {
  std::vector<double> steps(x_.size());
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = std::round((y_[i] - factor * x_[i]) / step_);
  std::vector<double> out = most_frequent_of(std::move(steps), most, least_);
  for (double& offset : out) offset *= step_;
  return out;
}

std::vector<double> LineSearch::factors() const {
  std::vector<double> out;
  const std::size_t n = x_.size();
  if (n == 0) return out;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < n; ++i)
    if (x_[i] != 0 && y_[i] != 0) ratios.push_back(rounded_to(y_[i] / x_[i], 3));
  add_new(most_frequent_of(std::move(ratios), 2, least_), out);
  const double far = 0.1 * (x_[n * 9 / 10] - x_[n / 10]);
  const Philox philox(0, Stream::kCoding);
  std::array<std::vector<double>, 2> slopes;  // of two digits and of three
  for (std::size_t i = 0; i < kPairs; ++i) {
    const auto u = philox.bits(i, 0);
    const std::size_t a = u[0] % n, b = u[1] % n;
    const double dx = x_[a] - x_[b], dy = y_[a] - y_[b];
    if (dx == 0 || dy == 0 || std::abs(dx) < far) continue;
    slopes[0].push_back(rounded_to(dy / dx, 2));
    slopes[1].push_back(rounded_to(dy / dx, 3));
  }
  for (std::vector<double>& of_digits : slopes)
    add_new(most_frequent_of(std::move(of_digits), 3, kFewestShare * kFewestShare * kPairs), out);
  return out;
}

}  // namespace meg
