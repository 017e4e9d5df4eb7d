#include "core/measure/association.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/fail.h"
#include "core/measure/correlation.h"
#include "core/parallel.h"

namespace meg {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
/// Matrices of more columns are a picture that nobody can read, in time and room that grow with their square.
constexpr std::size_t kAssociationColumns = 500;
/// Rows of a sample, and the steps over the cells of all its pairs of columns, that take seconds.
constexpr std::size_t kAssociationRows = 50'000;
constexpr double kAssociationSteps = 5e8;
/// Joint tables up to this many cells are counted in an array, larger ones by sorting.
constexpr std::size_t kJointCells = std::size_t{1} << 16;

void check_rows(std::size_t a, std::size_t b) {
  if (a != b) fail("association of {} and of {} rows: they must be the same", a, b);
}

/// How often each code occurs.
std::vector<double> count(std::span<const int> codes) {
  const int most = codes.empty() ? -1 : *std::max_element(codes.begin(), codes.end());
  std::vector<double> out(static_cast<std::size_t>(most + 1));
  for (const int code : codes) ++out[static_cast<std::size_t>(code)];
  return out;
}

/// sum over the cells of the joint table of count^2 / (count of a's code x count of b's code)
double squared_shares(std::span<const int> a, const std::vector<double>& a_counts, std::span<const int> b,
                      const std::vector<double>& b_counts) {
  const std::size_t width = b_counts.size();
  double sum = 0;
  const auto add = [&](std::size_t cell, double n) {
    if (n > 0) sum += n * n / (a_counts[cell / width] * b_counts[cell % width]);
  };
  const auto cell_of = [&](std::size_t r) {
    return static_cast<std::size_t>(a[r]) * width + static_cast<std::size_t>(b[r]);
  };
  if (a_counts.size() * width <= kJointCells) {
    std::vector<double> joint(a_counts.size() * width);
    for (std::size_t r = 0; r < a.size(); ++r) ++joint[cell_of(r)];
    for (std::size_t cell = 0; cell < joint.size(); ++cell) add(cell, joint[cell]);
    return sum;
  }
  std::vector<std::size_t> cells(a.size());
  for (std::size_t r = 0; r < a.size(); ++r) cells[r] = cell_of(r);
  std::sort(cells.begin(), cells.end());
  for (std::size_t begin = 0, end = 0; begin < cells.size(); begin = end) {
    while (end < cells.size() && cells[end] == cells[begin]) ++end;
    add(cells[begin], static_cast<double>(end - begin));
  }
  return sum;
}

/// Ranks from 0, ties by their mean; NaN stays NaN.
std::vector<double> ranks(std::span<const double> numbers) {
  std::vector<std::size_t> order;
  for (std::size_t r = 0; r < numbers.size(); ++r)
    if (!std::isnan(numbers[r])) order.push_back(r);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return numbers[a] < numbers[b]; });
  std::vector<double> out(numbers.size(), kNone);
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && numbers[order[end]] == numbers[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) out[order[i]] = static_cast<double>(begin + end - 1) / 2;
  }
  return out;
}

/// One table's columns as an AssociationMatrix takes them.
struct Side {
  std::vector<double> ColumnPair::*numbers;
  std::vector<int> ColumnPair::*codes;
  std::vector<std::vector<double>> ranks = {};  // of numeric columns
  std::vector<bool> complete = {};              // of numeric columns: no number is missing
};

/// The association of columns i and j, with Pearson's and with Spearman's correlation.
std::pair<double, double> associate(std::span<const ColumnPair> columns, const Side& side, std::size_t i,
                                    std::size_t j) {
  const ColumnPair &a = columns[i], &b = columns[j];
  if (a.numeric && b.numeric) {
    const double r = pearson(a.*side.numbers, b.*side.numbers);
    // The ranks of complete columns are the same beside every other column.
    return {r, side.complete[i] && side.complete[j] ? pearson(side.ranks[i], side.ranks[j])
                                                    : spearman(a.*side.numbers, b.*side.numbers)};
  }
  const double x = a.numeric   ? correlation_ratio(b.*side.codes, a.*side.numbers)
                   : b.numeric ? correlation_ratio(a.*side.codes, b.*side.numbers)
                               : cramers_v(a.*side.codes, b.*side.codes);
  return {x, x};
}

AssociationMatrix matrix(std::span<const ColumnPair> columns, Side side, int threads) {
  const std::size_t n = columns.size();
  side.ranks.resize(n);
  side.complete.assign(n, false);
  parallel_for(n, threads, [&](std::size_t c) {
    if (columns[c].numeric) side.ranks[c] = ranks(columns[c].*side.numbers);
  });
  for (std::size_t c = 0; c < n; ++c)
    side.complete[c] = std::none_of(side.ranks[c].begin(), side.ranks[c].end(), [](double x) { return std::isnan(x); });
  AssociationMatrix out{std::vector<double>(n * n, 1), std::vector<double>(n * n, 1)};
  parallel_for(n, threads, [&](std::size_t i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      const auto [with_pearson, with_spearman] = associate(columns, side, i, j);
      out.pearson[i * n + j] = out.pearson[j * n + i] = with_pearson;
      out.spearman[i * n + j] = out.spearman[j * n + i] = with_spearman;
    }
  });
  return out;
}

}  // namespace

double cramers_v(std::span<const int> a, std::span<const int> b) {
  check_rows(a.size(), b.size());
  const std::vector<double> a_counts = count(a), b_counts = count(b);
  const auto occur = [](const std::vector<double>& counts) {
    return std::count_if(counts.begin(), counts.end(), [](double n) { return n > 0; });
  };
  const auto least = std::min(occur(a_counts), occur(b_counts));
  if (least < 2) return kNone;
  // chi^2 / rows = sum count^2 / (count of a's code x count of b's code) - 1
  const double share = (squared_shares(a, a_counts, b, b_counts) - 1) / static_cast<double>(least - 1);
  return std::sqrt(std::clamp(share, 0.0, 1.0));
}

double correlation_ratio(std::span<const int> codes, std::span<const double> numbers) {
  check_rows(codes.size(), numbers.size());
  double rows = 0, mean = 0, low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double x : numbers)
    if (!std::isnan(x)) {
      ++rows;
      mean += x;
      low = std::min(low, x);
      high = std::max(high, x);
    }
  if (!(low < high)) return kNone;
  mean /= rows;
  const std::size_t width = codes.empty() ? 0 : static_cast<std::size_t>(std::ranges::max(codes)) + 1;
  std::vector<double> sum(width), counted(width);
  double all = 0, between = 0;
  for (std::size_t r = 0; r < codes.size(); ++r) {
    if (std::isnan(numbers[r])) continue;
    const double x = numbers[r] - mean;
    sum[static_cast<std::size_t>(codes[r])] += x;
    ++counted[static_cast<std::size_t>(codes[r])];
    all += x * x;
  }
  std::size_t groups = 0;
  for (std::size_t k = 0; k < width; ++k)
    if (counted[k] > 0) {
      between += sum[k] * sum[k] / counted[k];
      ++groups;
    }
  return groups < 2 ? kNone : std::sqrt(std::clamp(between / all, 0.0, 1.0));
}

double spearman(std::span<const double> a, std::span<const double> b) {
  check_rows(a.size(), b.size());
  std::vector<double> x(a.begin(), a.end()), y(b.begin(), b.end());
  for (std::size_t r = 0; r < x.size(); ++r)
    if (std::isnan(x[r]) || std::isnan(y[r])) x[r] = y[r] = kNone;
  return pearson(ranks(x), ranks(y));
}

Associations associations(const std::vector<std::string>& names, std::span<const ColumnPair> columns, int threads) {
  Associations out;
  if (columns.size() > kAssociationColumns) {
    out.reason = fmt::format("the table has {} columns; associations are measured of {} at most", columns.size(),
                             kAssociationColumns);
    return out;
  }
  out.columns = names;
  for (const ColumnPair& column : columns) out.numeric.push_back(column.numeric);
  if (columns.empty()) return out;
  out.real_rows = columns[0].real_codes.size();
  out.synthetic_rows = columns[0].synthetic_codes.size();
  out.real = matrix(columns, {.numbers = &ColumnPair::real, .codes = &ColumnPair::real_codes}, threads);
  out.synthetic = matrix(columns, {.numbers = &ColumnPair::synthetic, .codes = &ColumnPair::synthetic_codes}, threads);
  return out;
}

Associations associations(const MeasureContext& context) {
  const auto columns = static_cast<double>(std::max<std::size_t>(1, context.columns()));
  const std::size_t rows = MeasureContext::rows_within(kAssociationSteps / (columns * columns), kAssociationRows);
  std::vector<std::string> names;
  std::vector<ColumnPair> pairs;
  for (const ColumnSchema& column : context.schema()) {
    if (!is_modelled(column.type)) continue;
    names.push_back(column.name);
    pairs.push_back(read_column_pair(column, context.sample_real(rows), context.sample_synthetic(rows)));
  }
  return associations(names, pairs, context.options().threads);
}

}  // namespace meg
