#include "core/measure/compare.h"

#include <algorithm>
#include <cmath>

#include "core/fail.h"
#include "core/measure/chi_square.h"
#include "core/measure/diagnostic.h"
#include "core/measure/jensen_shannon.h"
#include "core/measure/kolmogorov_smirnov.h"
#include "core/measure/numbers.h"
#include "core/measure/total_variation.h"
#include "core/measure/wasserstein.h"
#include "core/parallel.h"

namespace meg {

namespace {

/// Brings samples to mean 0 and deviation 1 of the real one, which keeps their order.
void standardize(std::vector<double>& real, std::vector<double>& synthetic) {
  if (real.empty()) return;
  const auto [mean, deviation] = spread(real);
  const double scale = deviation > 0 ? deviation : 1;
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

/// Counts of a categorical column without its missing cells.
Counts present(Counts counts, const ColumnPair& pair) {
  if (pair.missing_code >= 0)
    counts.real[static_cast<std::size_t>(pair.missing_code)] =
        counts.synthetic[static_cast<std::size_t>(pair.missing_code)] = 0;
  return counts;
}

/// Counts of a numeric column's bins, and of its missing cells.
Counts count_bins(const ColumnPair& pair) {
  const auto bins = static_cast<std::size_t>(pair.codes);
  Counts out{std::vector<double>(bins + 1), std::vector<double>(bins + 1)};
  const auto add = [&](const std::vector<double>& numbers, const std::vector<int>& codes, std::vector<double>& to) {
    for (std::size_t r = 0; r < codes.size(); ++r)
      ++to[std::isnan(numbers[r]) ? bins : static_cast<std::size_t>(codes[r])];
  };
  add(pair.real, pair.real_codes, out.real);
  add(pair.synthetic, pair.synthetic_codes, out.synthetic);
  return out;
}

double missing_share(const std::vector<double>& numbers, const std::vector<int>& codes, const ColumnPair& pair) {
  const auto missing = pair.numeric
                           ? std::count_if(numbers.begin(), numbers.end(), [](double x) { return std::isnan(x); })
                           : std::count(codes.begin(), codes.end(), pair.missing_code);
  return static_cast<double>(missing) / static_cast<double>(codes.size());
}

/// p of the statistic of `real` and of as many synthetic numbers, at most. Both are sorted; `d` is theirs.
double ks_p(double d, const std::vector<double>& real, const std::vector<double>& synthetic, const ColumnPair& pair) {
  const std::size_t rows = pair.real.size();
  if (pair.synthetic.size() <= rows) return kolmogorov_smirnov_p(d, real.size(), synthetic.size());
  const std::vector<double> first =
      sorted_present({pair.synthetic.begin(), pair.synthetic.begin() + static_cast<std::ptrdiff_t>(rows)});
  return kolmogorov_smirnov_p(kolmogorov_smirnov(real, first), real.size(), first.size());
}

ColumnComparison compare_column(const ColumnSchema& column, const ColumnPair& pair) {
  ColumnComparison out;
  out.name = column.name;
  out.type = column.type;
  out.missing_real = missing_share(pair.real, pair.real_codes, pair);
  out.missing_synthetic = missing_share(pair.synthetic, pair.synthetic_codes, pair);
  out.missing_similarity = missing_similarity(out.missing_real, out.missing_synthetic);
  std::vector<double> real = sorted_present(pair.real), synthetic = sorted_present(pair.synthetic);
  out.ks = kolmogorov_smirnov(real, synthetic);
  out.ks_p = ks_p(out.ks, real, synthetic, pair);
  if (pair.numeric) {
    const Counts bins = count_bins(pair);
    out.jensen_shannon = jensen_shannon(bins.real, bins.synthetic);
    out.coverage = range_coverage(real, synthetic);
    const std::size_t missing = pair.synthetic.size() - synthetic.size();
    out.adherence = boundary_adherence(real, synthetic, out.missing_real > 0 ? 0 : missing);
  }
  standardize(real, synthetic);
  out.wasserstein = wasserstein(real, synthetic);
  if (!pair.numeric || column.distinct <= 2) {
    // The test tells ever smaller differences from chance as rows are added: it is asked about tables of one size.
    const std::size_t rows = pair.synthetic.size(), first_rows = std::min(pair.real.size(), rows);
    const Counts all = count(pair, rows), first = first_rows < rows ? count(pair, first_rows) : all;
    out.total_variation = total_variation(all.real, all.synthetic);
    out.chi_square_p = chi_square_p(first.real, first.synthetic);
    if (!pair.numeric) {
      out.jensen_shannon = jensen_shannon(all.real, all.synthetic);
      const Counts some = present(all, pair);
      out.coverage = category_coverage(some.real, some.synthetic);
      out.adherence = category_adherence(all.real, all.synthetic);
    }
  }
  out.shape = 1 - (pair.numeric ? out.ks : *out.total_variation);
  return out;
}

}  // namespace

Comparison compare(const Table& real, const Table& synthetic, const Schema& schema, int threads) {
  if (real.rows() == 0 || synthetic.rows() == 0)
    fail("the {} table has no rows to compare", real.rows() == 0 ? "real" : "synthetic");
  Comparison out;
  std::vector<const ColumnSchema*> compared, texts;
  for (const ColumnSchema& column : schema) {
    const auto& names = synthetic.names();
    if (std::find(names.begin(), names.end(), column.name) == names.end())
      fail("the synthetic table has no column '{}', which the real table has", column.name);
    (is_modelled(column.type) ? compared : texts).push_back(&column);
  }
  std::vector<ColumnPair> pairs(compared.size());
  out.columns.resize(compared.size());
  parallel_for(compared.size(), threads, [&](std::size_t c) {
    pairs[c] = read_column_pair(*compared[c], real, synthetic);
    out.columns[c] = compare_column(*compared[c], pairs[c]);
  });
  out.texts.resize(texts.size());
  parallel_for(texts.size(), threads, [&](std::size_t c) { out.texts[c] = compare_texts(*texts[c], real, synthetic); });
  out.trends = trends(pairs, threads);
  return out;
}

Comparison compare(const MeasureContext& context) {
  return compare(context.real(), context.synthetic(), context.schema(), context.options().threads);
}

std::vector<ColumnComparison> compare_columns(const Table& real, const Table& synthetic, const Schema& schema,
                                              int threads) {
  std::vector<const ColumnSchema*> compared;
  for (const ColumnSchema& column : schema)
    if (is_modelled(column.type)) compared.push_back(&column);
  std::vector<ColumnComparison> out(compared.size());
  parallel_for(out.size(), threads, [&](std::size_t c) {
    out[c] = compare_column(*compared[c], read_column_pair(*compared[c], real, synthetic));
  });
  return out;
}

}  // namespace meg
