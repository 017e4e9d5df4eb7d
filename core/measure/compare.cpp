#include "core/measure/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/measure/chi_square.h"
#include "core/measure/kolmogorov_smirnov.h"
#include "core/measure/numbers.h"
#include "core/measure/total_variation.h"
#include "core/measure/wasserstein.h"

namespace meg {

namespace {

/// Mean of what is not NaN.
template <class Items, class Value>
double mean_of(const Items& items, Value value) {
  double sum = 0, counted = 0;
  for (const auto& item : items)
    if (!std::isnan(value(item))) sum += value(item), ++counted;
  return counted > 0 ? sum / counted : std::numeric_limits<double>::quiet_NaN();
}

/// Brings samples to mean 0 and deviation 1 of the real one, which keeps their order.
void standardize(std::vector<double>& real, std::vector<double>& synthetic) {
  if (real.empty()) return;
  const double mean = mean_of(real, [](double x) { return x; });
  const double variance = mean_of(real, [&](double x) { return (x - mean) * (x - mean); });
  const double scale = real.front() < real.back() ? std::sqrt(variance) : 1;
  for (std::vector<double>* sample : {&real, &synthetic})
    for (double& x : *sample) x = (x - mean) / scale;
}

struct Counts {
  std::vector<double> real, synthetic;
};

/// How often each number occurs.
Counts count_numbers(const std::vector<double>& real, const std::vector<double>& synthetic) {
  std::vector<double> values = sorted_present(real);
  const std::vector<double> more = sorted_present(synthetic);
  values.insert(values.end(), more.begin(), more.end());
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  const auto count = [&](const std::vector<double>& numbers) {
    std::vector<double> out(values.size());
    for (const double x : numbers)
      if (!std::isnan(x))
        ++out[static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), x) - values.begin())];
    return out;
  };
  return {count(real), count(synthetic)};
}

Counts count_codes(const ColumnPair& pair, std::size_t synthetic_rows) {
  Counts out{std::vector<double>(static_cast<std::size_t>(pair.codes)),
             std::vector<double>(static_cast<std::size_t>(pair.codes))};
  for (const int code : pair.real_codes) ++out.real[static_cast<std::size_t>(code)];
  for (std::size_t r = 0; r < synthetic_rows; ++r) ++out.synthetic[static_cast<std::size_t>(pair.synthetic_codes[r])];
  return out;
}

/// Counts over the first `synthetic_rows` rows of the synthetic table.
Counts count(const ColumnPair& pair, std::size_t synthetic_rows) {
  if (!pair.numeric) return count_codes(pair, synthetic_rows);
  return count_numbers(pair.real,
                       std::vector<double>(pair.synthetic.begin(),
                                           pair.synthetic.begin() + static_cast<std::ptrdiff_t>(synthetic_rows)));
}

ColumnComparison compare_column(const ColumnSchema& column, const ColumnPair& pair) {
  ColumnComparison out;
  out.name = column.name;
  out.type = column.type;
  std::vector<double> real = sorted_present(pair.real), synthetic = sorted_present(pair.synthetic);
  out.ks = kolmogorov_smirnov(real, synthetic);
  standardize(real, synthetic);
  out.wasserstein = wasserstein(real, synthetic);
  if (!pair.numeric || column.distinct <= 2) {
    const std::size_t rows = pair.synthetic.size(), first_rows = std::min(pair.real.size(), rows);
    const Counts all = count(pair, rows), first = count(pair, first_rows);
    out.total_variation = total_variation(all.real, all.synthetic);
    // The test tells ever smaller differences from chance as rows are added: it is asked about tables of one size.
    out.chi_square_p = chi_square_p(first.real, first.synthetic);
  }
  out.shape = 1 - (pair.numeric ? out.ks : *out.total_variation);
  return out;
}

}  // namespace

Comparison compare(const Table& real, const Table& synthetic, const Schema& schema) {
  if (real.rows() == 0 || synthetic.rows() == 0)
    fail("the {} table has no rows to compare", real.rows() == 0 ? "real" : "synthetic");
  Comparison out;
  std::vector<ColumnPair> pairs;
  for (const ColumnSchema& column : schema) {
    const auto& names = synthetic.names();
    if (std::find(names.begin(), names.end(), column.name) == names.end())
      fail("the synthetic table has no column '{}', which the real table has", column.name);
    if (!is_categorical(column.type) && !is_numeric(column.type)) {
      out.skipped.push_back(column.name);
      continue;
    }
    pairs.push_back(read_column_pair(column, real, synthetic));
    out.columns.push_back(compare_column(column, pairs.back()));
  }
  out.trends = trends(pairs);
  out.mean_wasserstein = mean_of(out.columns, [](const ColumnComparison& c) { return c.wasserstein; });
  out.mean_ks = mean_of(out.columns, [](const ColumnComparison& c) { return c.ks; });
  out.mean_shape = mean_of(out.columns, [](const ColumnComparison& c) { return c.shape; });
  out.mean_trend = mean_of(out.trends, [](const Trend& t) { return t.score; });
  return out;
}

}  // namespace meg
