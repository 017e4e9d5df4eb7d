#include "core/measure/trend.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "core/measure/compare.h"
#include "core/measure/correlation.h"
#include "core/measure/registry.h"
#include "core/parallel.h"

namespace meg {

namespace {

/// Joint tables up to this many cells are counted in an array that stays in the cache, larger ones code by code.
constexpr std::size_t kDenseCells = std::size_t{1} << 15;

/// What a correlation with another column needs of this one, so that the inner loop is one product.
struct Moments {
  double norm = 0;       // of the centred numbers; NaN where they are constant
  bool complete = true;  // no number is missing
};

Moments centre(std::vector<double>& numbers) {
  Moments out;
  double sum = 0, present = 0, low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double x : numbers) {
    if (std::isnan(x)) {
      out.complete = false;
      continue;
    }
    sum += x;
    ++present;
    low = std::min(low, x);
    high = std::max(high, x);
  }
  const double mean = present > 0 ? sum / present : 0;
  for (double& x : numbers) x -= mean;
  out.norm = low < high && out.complete
                 ? std::sqrt(std::transform_reduce(numbers.begin(), numbers.end(), numbers.begin(), 0.0))
                 : std::numeric_limits<double>::quiet_NaN();
  return out;
}

double correlation(const std::vector<double>& a, const Moments& a_moments, const std::vector<double>& b,
                   const Moments& b_moments) {
  if (!a_moments.complete || !b_moments.complete) return pearson(a, b);
  // std::clamp keeps NaN.
  return std::clamp(std::transform_reduce(a.begin(), a.end(), b.begin(), 0.0) / (a_moments.norm * b_moments.norm), -1.0,
                    1.0);
}

/// Total variation distances of joint codes. They are counted in whole numbers: with real rows of weight n_synthetic
/// and synthetic ones of weight -n_real, the distance is the sum of what is left, without sign, over 2 n_real
/// n_synthetic; equal tables have exactly none.
class JointDistance {
 public:
  /// Of pairs with this first column.
  explicit JointDistance(const ColumnPair& first)
      : first_(first),
        real_rows_(static_cast<std::int64_t>(first.real_codes.size())),
        synthetic_rows_(static_cast<std::int64_t>(first.synthetic_codes.size())) {}

  double operator()(const ColumnPair& second) {
    const std::size_t cells = static_cast<std::size_t>(first_.codes) * static_cast<std::size_t>(second.codes);
    const std::int64_t sum = cells <= kDenseCells ? dense(second, cells) : sparse(second);
    return static_cast<double>(sum) / (2.0 * static_cast<double>(real_rows_) * static_cast<double>(synthetic_rows_));
  }

 private:
  std::int64_t dense(const ColumnPair& second, std::size_t cells) {
    const auto width = static_cast<std::size_t>(second.codes);
    left_.assign(cells, 0);
    const auto add = [&](const std::vector<int>& a, const std::vector<int>& b, std::int64_t weight) {
      for (std::size_t r = 0; r < a.size(); ++r)
        left_[static_cast<std::size_t>(a[r]) * width + static_cast<std::size_t>(b[r])] += weight;
    };
    add(first_.real_codes, second.real_codes, synthetic_rows_);
    add(first_.synthetic_codes, second.synthetic_codes, -real_rows_);
    return std::transform_reduce(left_.begin(), left_.end(), std::int64_t{0}, std::plus<>(),
                                 [](std::int64_t x) { return std::abs(x); });
  }

  /// One code of the first column at a time, so that the room is the second column's codes and the time the rows.
  std::int64_t sparse(const ColumnPair& second) {
    if (real_order_.empty()) {
      real_order_ = rows_by_code(first_.real_codes);
      synthetic_order_ = rows_by_code(first_.synthetic_codes);
    }
    left_.assign(static_cast<std::size_t>(second.codes), 0);
    std::int64_t sum = 0;
    std::size_t real_end = 0, synthetic_end = 0;
    for (int code = 0; code < first_.codes; ++code) {
      const std::size_t real_begin = real_end, synthetic_begin = synthetic_end;
      for (; real_end < real_order_.size() && first_.real_codes[real_order_[real_end]] == code; ++real_end)
        left(second.real_codes, real_order_[real_end]) += synthetic_rows_;
      for (; synthetic_end < synthetic_order_.size() && first_.synthetic_codes[synthetic_order_[synthetic_end]] == code;
           ++synthetic_end)
        left(second.synthetic_codes, synthetic_order_[synthetic_end]) -= real_rows_;
      for (std::size_t i = real_begin; i < real_end; ++i) sum += take(left(second.real_codes, real_order_[i]));
      for (std::size_t i = synthetic_begin; i < synthetic_end; ++i)
        sum += take(left(second.synthetic_codes, synthetic_order_[i]));
    }
    return sum;
  }

  static std::vector<std::uint32_t> rows_by_code(const std::vector<int>& codes) {
    std::vector<std::uint32_t> out(codes.size());
    std::iota(out.begin(), out.end(), 0u);
    std::stable_sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) { return codes[a] < codes[b]; });
    return out;
  }

  std::int64_t& left(const std::vector<int>& codes, std::uint32_t row) {
    return left_[static_cast<std::size_t>(codes[row])];
  }
  static std::int64_t take(std::int64_t& x) { return std::abs(std::exchange(x, 0)); }

  const ColumnPair& first_;
  std::int64_t real_rows_, synthetic_rows_;
  std::vector<std::uint32_t> real_order_, synthetic_order_;  // rows by the first column's code, made when needed
  std::vector<std::int64_t> left_;                           // weights by joint code, or by the second column's
};

/// The pairs of columns that a mean is over.
enum class Pairs { kAll, kNumeric, kOthers };

Measured trend_mean(const Comparison& comparison, Pairs pairs) {
  const auto is_meant = [&](const Trend& t) {
    const auto is_number = [&](std::size_t c) { return is_numeric(comparison.columns[c].type); };
    return pairs == Pairs::kAll || (is_number(t.first) && is_number(t.second)) == (pairs == Pairs::kNumeric);
  };
  const double mean = mean_of(comparison.trends, [&](const Trend& t) {
    return is_meant(t) ? t.score : std::numeric_limits<double>::quiet_NaN();
  });
  return number_or(mean, "no pair of columns of this kind has a trend");
}

}  // namespace

std::vector<Trend> trends(std::span<ColumnPair> columns, int threads) {
  std::vector<Moments> real(columns.size()), synthetic(columns.size());
  parallel_for(columns.size(), threads, [&](std::size_t c) {
    if (!columns[c].numeric) return;
    real[c] = centre(columns[c].real);
    synthetic[c] = centre(columns[c].synthetic);
  });
  std::vector<std::vector<Trend>> of_first(columns.size());
  parallel_for(columns.size(), threads, [&](std::size_t i) {
    JointDistance joint_distance(columns[i]);
    for (std::size_t j = i + 1; j < columns.size(); ++j) {
      const ColumnPair &a = columns[i], &b = columns[j];
      if (!a.numeric || !b.numeric) {
        of_first[i].push_back({i, j, 1 - joint_distance(b)});
        continue;
      }
      const double r = correlation(a.real, real[i], b.real, real[j]);
      if (std::isnan(r)) continue;
      const double s = correlation(a.synthetic, synthetic[i], b.synthetic, synthetic[j]);
      of_first[i].push_back({i, j, 1 - std::abs(r - (std::isnan(s) ? 0 : s)) / 2});
    }
  });
  std::vector<Trend> out;
  for (const std::vector<Trend>& part : of_first) out.insert(out.end(), part.begin(), part.end());
  return out;
}

constinit const Measure measures::trend{
    .key = "trend",
    .label = "pairs of columns",
    .meaning =
        "Whether two columns depend on each other as in the real table: the mean over all pairs of "
        "correlation_similarity (two numbers) or contingency_similarity (all others).",
    .compute = [](const MeasureContext& c) { return trend_mean(c.get(compare), Pairs::kAll); },
    .gap = Gap{0.02, 0.07},
    .card = OnCard{.card = Card::kPairs,
                   .question = "Do two columns depend on each other as in the real table? 1: the same"}};

constinit const Measure measures::correlation_similarity{
    .key = "correlation_similarity",
    .label = "pairs of numbers",
    .meaning = "1 - half the difference of Pearson's correlations in both tables, mean over the pairs of numbers.",
    .compute = [](const MeasureContext& c) { return trend_mean(c.get(compare), Pairs::kNumeric); }};

constinit const Measure measures::contingency_similarity{
    .key = "contingency_similarity",
    .label = "pairs with a category",
    .meaning =
        "1 - total variation of the two columns' joint table, numbers cut into 10 bins of the real range, mean "
        "over the pairs with a category.",
    .compute = [](const MeasureContext& c) { return trend_mean(c.get(compare), Pairs::kOthers); }};

}  // namespace meg
