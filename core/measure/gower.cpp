#include "core/measure/gower.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "core/fail.h"
#include "core/measure/numbers.h"
#include "core/measure/sample.h"
#include "core/table/infer/number.h"
#include "core/table/infer/read_table.h"

namespace meg {

namespace {

/// Where a missing number stands: at least 1, the longest distance of a column, from the ranks, which are in [0, 1].
constexpr float kMissingRank = 2;

struct Sample {
  std::string_view name;
  Table table;
  std::vector<float> values;
};

using Samples = std::array<Sample, 3>;  // training, held-out, synthetic

void add_ranks(const ColumnSchema& column, Samples& samples) {
  std::array<std::vector<double>, 3> numbers;
  std::vector<double> pooled;
  for (std::size_t i = 0; i < 3; ++i) {
    numbers[i] = read_numbers(column, samples[i].table, samples[i].name);
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
    for (const double x : numbers[i]) samples[i].values.push_back(rank(x));
}

void add_codes(const ColumnSchema& column, Samples& samples) {
  std::unordered_map<std::string, std::size_t> codes;
  for (Sample& sample : samples) {
    const Array cells = read_column(column, sample.table[column.name], sample.table.is_text());
    for (std::size_t r = 0; r < cells.size(); ++r) {
      const std::string word(trimmed(cells.text(r)));  // "" where it is missing
      sample.values.push_back(static_cast<float>(codes.try_emplace(word, codes.size()).first->second));
    }
  }
}

}  // namespace

GowerPoints gower_points(const Table& train, const Table& held_out, const Table& synthetic, const Schema& schema,
                         std::size_t real_rows, std::size_t synthetic_rows, std::uint64_t seed) {
  const std::array<const Table*, 3> tables{&train, &held_out, &synthetic};
  Samples samples{{{"training", {}, {}}, {"held-out", {}, {}}, {"synthetic", {}, {}}}};
  real_rows = std::min({train.rows(), held_out.rows(), real_rows});
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::size_t rows = tables[i]->rows(), least = i == 2 ? 1 : 2;
    if (rows < least)
      fail("the {} table has {} row{}; closest records need {} or more", samples[i].name, rows, rows == 1 ? "" : "s",
           least);
    samples[i].table = tables[i]->take(choose_rows(rows, i == 2 ? synthetic_rows : real_rows, seed, i));
  }
  GowerPoints out;
  for (const ColumnSchema& column : schema) {
    if (!is_modelled(column.type)) continue;
    if (is_numeric(column.type))
      add_ranks(column, samples);
    else
      add_codes(column, samples);
    out.parts.push_back(DistancePart::kCapped);
  }
  if (out.parts.empty()) fail("no column is left to compare rows by: all are identifiers or free text");
  const auto points = [](Sample& sample) { return Points{sample.table.rows(), std::move(sample.values)}; };
  out.train = points(samples[0]);
  out.held_out = points(samples[1]);
  out.synthetic = points(samples[2]);
  return out;
}

}  // namespace meg
