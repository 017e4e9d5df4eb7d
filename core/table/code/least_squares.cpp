#include "core/table/code/least_squares.h"

#include <Eigen/Dense>
#include <cmath>
#include <limits>

namespace meg {

namespace {

/// Share of the cells that an exact relation gives, and of those that may be lost for factors of few digits.
constexpr double kExactShare = 0.95, kRounding = 0.002;
constexpr std::size_t kFewestUncommonRows = 20;

}  // namespace

void Hits::add(double number, double predicted, double step) {
  const bool hit = std::abs(number - predicted) < 0.5 * step;
  ++all_, hits_ += hit;
  if (number != common_) ++uncommon_, uncommon_hits_ += hit;
}

bool Hits::are_enough() const {
  return share() >= kExactShare && uncommon_ >= kFewestUncommonRows &&
         static_cast<double>(uncommon_hits_) >= kExactShare * static_cast<double>(uncommon_);
}

Sum::Sum(const Target& target, Features features) : target_(&target), features_(std::move(features)) {
  const auto n = static_cast<Eigen::Index>(target.y.size()), k = static_cast<Eigen::Index>(features_.size());
  Eigen::MatrixXd x(n, k + 1);
  Eigen::VectorXd y(n), scale(k);
  for (Eigen::Index i = 0; i < n; ++i) y(i) = target.y[static_cast<std::size_t>(i)] - target.y[0];
  x.col(k).setOnes();
  for (Eigen::Index j = 0; j < k; ++j) {
    for (Eigen::Index i = 0; i < n; ++i)
      x(i, j) = features_[static_cast<std::size_t>(j)]->x[target.rows[static_cast<std::size_t>(i)]];
    x.col(j).array() -= x.col(j).mean();
    scale(j) = std::sqrt(x.col(j).squaredNorm() / static_cast<double>(n));
    x.col(j) /= scale(j);
  }
  Eigen::VectorXd factors = x.colPivHouseholderQr().solve(y);
  for (int again = 0; again < 2; ++again) {
    const Eigen::VectorXd off = (y - x * factors).cwiseAbs();
    std::vector<double> sorted(off.begin(), off.end());
    const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 3 / 4);
    std::nth_element(sorted.begin(), last, sorted.end());
    const Eigen::VectorXd weight = (off.array() <= *last).cast<double>();
    factors = (weight.asDiagonal() * x).colPivHouseholderQr().solve(weight.cwiseProduct(y));
  }
  for (Eigen::Index j = 0; j < k; ++j) factors_.push_back(factors(j) / scale(j));
  set_offset();
  count();
}

void Sum::simplify() {
  const double least = hits_.share() - kRounding;
  const auto keep_if_as_good = [&](Sum other) {
    other.count();
    if (other.hits_.share() >= least) *this = std::move(other);
  };
  for (std::size_t j = 0; j < factors_.size(); ++j)
    for (const double unit : {1e-4, 1e-2, 1.0, 0.0}) {  // 0: one by a whole number
      Sum other = *this;
      double& factor = other.factors_[j];
      factor = unit > 0 ? std::round(factor / unit) * unit : 1 / std::round(1 / factor);
      if (!std::isfinite(factor) || factor == 0) continue;
      other.set_offset();
      keep_if_as_good(std::move(other));
    }
  Sum other = *this;
  other.offset_ = 0;
  keep_if_as_good(std::move(other));
}

bool Sum::ends_in_rounding() const {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const std::size_t r : target_->rows)
    low = std::min(low, features_.back()->x[r]), high = std::max(high, features_.back()->x[r]);
  return std::abs(factors_.back()) * (high - low) < target_->step;
}

std::vector<double> Sum::rest() const {
  std::vector<double> out(target_->y);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] -= at(i);
  return out;
}

Relation Sum::relation() const {
  Relation out;
  for (std::size_t j = 0; j < factors_.size(); ++j) {
    Term& term = out.terms.emplace_back(features_[j]->term);
    term.factor = factors_[j];
    if (term.what == Combination::kDifference && term.factor < 0) std::swap(term.a, term.b), term.factor = -term.factor;
  }
  out.offset = offset_, out.step = target_->step;
  return out;
}

double Sum::at(std::size_t i) const {
  double sum = offset_;
  for (std::size_t j = 0; j < factors_.size(); ++j) sum += factors_[j] * features_[j]->x[target_->rows[i]];
  return sum;
}

void Sum::set_offset() {
  offset_ = 0;
  offset_ = median(rest());
}

void Sum::count() {
  hits_ = Hits(target_->common);
  for (std::size_t i = 0; i < target_->y.size(); ++i)
    hits_.add(target_->y[i], on_grid(at(i), target_->schema.smallest, target_->step), target_->step);
}

double explained(const Feature& feature, const Target& target, std::span<const double> left) {
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
  const auto n = static_cast<double>(left.size());
  for (std::size_t i = 0; i < left.size(); ++i) mean_x += feature.x[target.rows[i]] / n, mean_y += left[i] / n;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double x = feature.x[target.rows[i]] - mean_x;
    xx += x * x, xy += x * (left[i] - mean_y);
  }
  return xx > 0 ? xy * xy / xx : 0;
}

double square_sum(std::span<const double> numbers) {
  double mean = 0, sum = 0;
  for (const double x : numbers) mean += x / static_cast<double>(numbers.size());
  for (const double x : numbers) sum += (x - mean) * (x - mean);
  return sum;
}

}  // namespace meg
