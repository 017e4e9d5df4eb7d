#include "core/measure/closest_record.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "core/measure/numbers.h"
#include "core/table/number.h"
#include "core/tensor/philox.h"

namespace meg {

namespace {

/// Real rows that are compared at once: their numbers stay in the cache while all synthetic rows pass by.
constexpr std::size_t kBlock = 512;
/// Where a missing number stands: at least 1, the longest distance of a column, from the ranks, which are in [0, 1].
constexpr float kMissingRank = 2;

/// A sample of a table's rows as points, column by column, such that a column's part of the distance of two of them is
/// min(1, |a - b|): ranks, or codes that are whole numbers.
struct Sample {
  const Table* table;
  std::string_view name;
  std::vector<std::size_t> rows;
  std::vector<float> points;  // [columns, rows]
};

/// `count` rows of a table without replacement, ascending: those with the smallest random words.
std::vector<std::size_t> choose_rows(const Table& table, std::size_t count, std::uint64_t seed,
                                     std::uint32_t position) {
  std::vector<std::size_t> rows(table.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  if (count >= rows.size()) return rows;
  const Philox philox(seed, Stream::kMeasure);
  std::vector<std::uint64_t> key;
  key.reserve(rows.size());
  for (const std::size_t r : rows) {
    const auto word = philox.bits(r, position);
    key.push_back(std::uint64_t{word[0]} << 32 | word[1]);
  }
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(rows.begin(), middle, rows.end(),
                   [&](std::size_t a, std::size_t b) { return std::pair(key[a], a) < std::pair(key[b], b); });
  rows.erase(middle, rows.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

using Samples = std::array<Sample, 3>;  // training, held-out, synthetic

void add_ranks(const ColumnSchema& column, Samples& samples) {
  std::array<std::vector<double>, 3> numbers;
  std::vector<double> pooled;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::vector<double> all = read_numbers(column, *samples[i].table, samples[i].name);
    for (const std::size_t r : samples[i].rows) numbers[i].push_back(all[r]);
    if (i == 2) break;
    const std::vector<double> present = sorted_present(numbers[i]);
    pooled.insert(pooled.end(), present.begin(), present.end());
  }
  std::sort(pooled.begin(), pooled.end());
  const auto rank = [&](double x) {
    if (std::isnan(x)) return kMissingRank;
    const auto [below, above] = std::equal_range(pooled.begin(), pooled.end(), x);
    const auto twice = (below - pooled.begin()) + (above - pooled.begin());
    return pooled.empty() ? 0.0f
                          : static_cast<float>(static_cast<double>(twice) / (2 * static_cast<double>(pooled.size())));
  };
  for (std::size_t i = 0; i < 3; ++i)
    for (const double x : numbers[i]) samples[i].points.push_back(rank(x));
}

void add_codes(const ColumnSchema& column, Samples& samples) {
  std::unordered_map<std::string_view, std::size_t> codes;
  for (Sample& sample : samples) {
    const std::size_t c = sample.table->column(column.name);
    for (const std::size_t r : sample.rows) {
      const std::string_view cell = sample.table->cell(r, c);
      const std::string_view word = is_missing(cell) ? std::string_view() : trimmed(cell);
      sample.points.push_back(static_cast<float>(codes.try_emplace(word, codes.size()).first->second));
    }
  }
}

/// Distances, summed over the columns, of one row to its nearest and second nearest; the nearest's place.
struct Nearest {
  float first = std::numeric_limits<float>::infinity(), second = std::numeric_limits<float>::infinity();
  std::size_t place = 0;

  void meet(float distance, std::size_t at) {
    if (distance >= second) return;
    second = std::max(first, distance);
    if (distance < first) first = distance, place = at;
  }
};

/// The plain loop that all the time goes to: without a branch, so that the compiler makes vectors of it.
void add_distances(float x, const float* points, std::size_t count, float* distances) {
  for (std::size_t i = 0; i < count; ++i) distances[i] += std::min(1.0f, std::abs(x - points[i]));
}

/// The nearest of `real` to every row of `synthetic`.
std::vector<Nearest> nearest(const Sample& real, const Sample& synthetic, std::size_t columns) {
  const std::size_t count = synthetic.rows.size(), real_rows = real.rows.size();
  std::vector<Nearest> out(count);
  std::array<float, kBlock> distances;
  for (std::size_t begin = 0; begin < real_rows; begin += kBlock) {
    const std::size_t size = std::min(kBlock, real_rows - begin);
    for (std::size_t s = 0; s < count; ++s) {
      distances.fill(0);
      for (std::size_t c = 0; c < columns; ++c)
        add_distances(synthetic.points[c * count + s], &real.points[c * real_rows + begin], size, distances.data());
      for (std::size_t i = 0; i < size; ++i) out[s].meet(distances[i], begin + i);
    }
  }
  return out;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return values.size() % 2 == 1 ? *middle : (*middle + *std::max_element(values.begin(), middle)) / 2;
}

Nearness nearness(const std::vector<Nearest>& nearest, std::size_t columns) {
  std::vector<double> distances, ratios;
  double identical = 0;
  for (const Nearest& n : nearest) {
    distances.push_back(static_cast<double>(n.first) / static_cast<double>(columns));
    ratios.push_back(n.second > 0 ? static_cast<double>(n.first / n.second) : 1);
    identical += n.first == 0;
  }
  return {median(distances), median(ratios), identical / static_cast<double>(nearest.size())};
}

/// The share, and what it varies by if a draw decided which `rows` of all real rows are training rows: the variance of
/// the sum of half of the numbers `wins`, how many synthetic rows each real row is the nearest to.
void count_nearer(const std::vector<Nearest>& train, const std::vector<Nearest>& held_out, std::size_t rows,
                  ClosestRecord& out) {
  std::vector<double> wins(2 * rows);
  double sum = 0;
  for (std::size_t s = 0; s < train.size(); ++s) {
    const double score = train[s].first < held_out[s].first ? 1 : train[s].first > held_out[s].first ? 0 : 0.5;
    sum += score;
    wins[train[s].place] += score, wins[rows + held_out[s].place] += 1 - score;
  }
  const auto n = static_cast<double>(train.size()), all = static_cast<double>(2 * rows);
  double squares = 0;
  for (const double w : wins) squares += (w - n / all) * (w - n / all);
  out.share = sum / n;
  out.share_error = std::sqrt(squares * all / (all - 1)) / (2 * n);
}

}  // namespace

ClosestRecord closest_record(const Table& train, const Table& held_out, const Table& synthetic, const Schema& schema,
                             const ClosestRecordOptions& options) {
  Samples samples{{{&train, "training", {}, {}}, {&held_out, "held-out", {}, {}}, {&synthetic, "synthetic", {}, {}}}};
  for (std::size_t i = 0; i < 3; ++i) {
    const Sample& sample = samples[i];
    const std::size_t least = i == 2 ? 1 : 2;
    if (sample.table->rows() < least)
      fail("the {} table has {} row{}; closest records need {} or more", sample.name, sample.table->rows(),
           sample.table->rows() == 1 ? "" : "s", least);
  }
  const std::size_t real_rows = std::min({train.rows(), held_out.rows(), options.real_rows});
  const std::size_t synthetic_rows = std::min(synthetic.rows(), options.synthetic_rows);
  for (std::uint32_t i = 0; i < 3; ++i)
    samples[i].rows = choose_rows(*samples[i].table, i == 2 ? synthetic_rows : real_rows, options.seed, i);
  std::size_t columns = 0;
  for (const ColumnSchema& column : schema) {
    if (!is_modelled(column.type)) continue;
    is_numeric(column.type) ? add_ranks(column, samples) : add_codes(column, samples);
    ++columns;
  }
  if (columns == 0) fail("no column is left to compare rows by: all are identifiers or free text");
  const std::vector<Nearest> to_train = nearest(samples[0], samples[2], columns);
  const std::vector<Nearest> to_held_out = nearest(samples[1], samples[2], columns);
  ClosestRecord out{.synthetic_rows = synthetic_rows,
                    .real_rows = real_rows,
                    .train = nearness(to_train, columns),
                    .held_out = nearness(to_held_out, columns)};
  count_nearer(to_train, to_held_out, real_rows, out);
  return out;
}

}  // namespace meg
