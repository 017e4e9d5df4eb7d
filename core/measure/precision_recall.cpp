#include "core/measure/precision_recall.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/measure/encoded_rows.h"
#include "core/measure/nearest.h"
#include "core/measure/registry.h"

namespace meg {

namespace {

constexpr std::size_t kLevels = 30;
/// Rows of a sample, and the steps over the cells of all its pairs of rows, that take seconds.
constexpr std::size_t kNeighbourRows = 10'000;
constexpr double kNeighbourSteps = 3e9;

/// Scales numbers to [0, 1] by the real rows' range; what is constant in them is only moved.
void scale(EncodedRows& rows) {
  for (EncodedColumn& column : rows.columns) {
    if (column.is_codes()) continue;
    const auto real_end = column.numbers.begin() + static_cast<std::ptrdiff_t>(rows.real_rows);
    const auto [low, high] = std::minmax_element(column.numbers.begin(), real_end);
    const double from = *low, range = *high > *low ? *high - *low : 1;
    for (double& x : column.numbers) x = (x - from) / range;
  }
}

/// Points whose summed distance parts are half of the squared Euclidean distance: two categories that differ are
/// one-hot at a squared distance of 2.
Points half_squared(const EncodedRows& rows, std::size_t begin, std::size_t end) {
  Points out{end - begin, {}};
  for (const EncodedColumn& column : rows.columns)
    for (std::size_t r = begin; r < end; ++r)
      out.values.push_back(column.is_codes() ? static_cast<float>(column.codes[r])
                                             : static_cast<float>(column.numbers[r] / std::sqrt(2.0)));
  return out;
}

/// The mean of some rows: every coordinate, all columns in turn.
std::vector<double> centre(const EncodedRows& rows, std::size_t begin, std::size_t end) {
  std::vector<double> out(rows.width);
  std::size_t first = 0;
  for (const EncodedColumn& column : rows.columns) {
    for (std::size_t r = begin; r < end; ++r)
      if (column.is_codes())
        ++out[first + static_cast<std::size_t>(column.codes[r])];
      else
        out[first] += column.numbers[r];
    first += column.width;
  }
  for (double& x : out) x /= static_cast<double>(end - begin);
  return out;
}

/// Euclidean distances of rows to a point.
std::vector<double> distances(const EncodedRows& rows, std::size_t begin, std::size_t end,
                              const std::vector<double>& point) {
  std::vector<double> out(end - begin);
  std::size_t first = 0;
  for (const EncodedColumn& column : rows.columns) {
    double squares = 0;
    if (column.is_codes())
      for (std::size_t k = first; k < first + column.width; ++k) squares += point[k] * point[k];
    for (std::size_t r = begin; r < end; ++r) {
      // (1 - p)^2 - p^2 = 1 - 2 p at the code's coordinate
      const double d = column.is_codes() ? 0 : column.numbers[r] - point[first];
      out[r - begin] +=
          column.is_codes() ? squares + 1 - 2 * point[first + static_cast<std::size_t>(column.codes[r])] : d * d;
    }
    first += column.width;
  }
  for (double& x : out) x = std::sqrt(std::max(x, 0.0));
  return out;
}

using Levels = std::array<double, kLevels>;

double level(std::size_t k) { return static_cast<double>(k) / static_cast<double>(kLevels - 1); }

/// numpy.quantile(values, level(k)) of all k.
Levels quantiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  Levels out;
  for (std::size_t k = 0; k < kLevels; ++k) {
    const double place = level(k) * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place), above = std::min(below + 1, values.size() - 1);
    // The last level is the largest value itself, which rounding must not leave outside.
    out[k] = values[below] == values[above] ? values[below]
                                            : std::lerp(values[below], values[above], place - std::floor(place));
  }
  return out;
}

/// 1 - how far a curve is from the levels, as a share of the most that it can be.
double closeness(const Levels& curve) {
  double off = 0, all = 0;
  for (std::size_t k = 0; k < kLevels; ++k) {
    off += std::abs(level(k) - curve[k]);
    all += level(k);
  }
  return 1 - off / all;
}

PrecisionRecall measure_points(EncodedRows rows, int threads) {
  const auto none = [](const char* why) { return PrecisionRecall{Measured::none(why), Measured::none(why)}; };
  if (rows.real_rows < 2) return none("precision and recall need two real rows or more");
  if (rows.rows == rows.real_rows) return none("the synthetic table has no rows");
  if (rows.columns.empty()) return none("no column is left to compare rows by");
  scale(rows);
  const std::size_t n = rows.real_rows, all = rows.rows;

  const Levels radii = quantiles(distances(rows, 0, n, centre(rows, 0, n)));
  if (radii.back() == 0) return none("the real rows are all alike");
  const std::vector<double> to_centre = distances(rows, n, all, centre(rows, 0, n));

  std::vector<DistancePart> parts;
  for (const EncodedColumn& column : rows.columns)
    parts.push_back(column.is_codes() ? DistancePart::kCapped : DistancePart::kSquared);
  const Points real_points = half_squared(rows, 0, n), synthetic_points = half_squared(rows, n, all);
  const std::vector<Nearest> among_synthetic = nearest(synthetic_points, real_points, parts, threads);
  // A row's nearest real row is the row itself, the second nearest another one.
  const std::vector<Nearest> among_real = nearest(real_points, real_points, parts, threads);
  const std::vector<double> to_synthetic_centre = distances(rows, n, all, centre(rows, n, all));
  std::vector<double> closest(n);
  for (std::size_t r = 0; r < n; ++r) closest[r] = to_synthetic_centre[among_synthetic[r].place];
  const Levels closest_radii = quantiles(closest);

  Levels precision{}, recall{};
  for (std::size_t k = 0; k < kLevels; ++k) {
    for (const double d : to_centre) precision[k] += d <= radii[k];
    for (std::size_t r = 0; r < n; ++r)
      recall[k] += among_synthetic[r].first <= among_real[r].second && closest[r] <= closest_radii[k];
    precision[k] /= static_cast<double>(all - n);
    recall[k] /= static_cast<double>(n);
  }
  return {closeness(precision), closeness(recall)};
}

std::string neighbour_note(const MeasureContext& context) {
  const std::size_t rows = precision_recall_rows(context);
  return rows < std::max(context.real().rows(), context.synthetic().rows())
             ? fmt::format("a sample of {} rows of each table", rows)
             : "";
}

}  // namespace

PrecisionRecall precision_recall(const Table& real, const Table& synthetic, const Schema& schema, int threads) {
  return measure_points(encode_rows(real, synthetic, schema), threads);
}

PrecisionRecall precision_recall(const MeasureContext& context) {
  return measure_points(context.encoded(precision_recall_rows(context)), context.options().threads);
}

std::size_t precision_recall_rows(const MeasureContext& context) {
  const auto columns = static_cast<double>(std::max<std::size_t>(1, context.columns()));
  // As many rows of both: of more synthetic rows one is nearer by chance.
  return std::min({MeasureContext::rows_within(std::sqrt(kNeighbourSteps / columns), kNeighbourRows),
                   context.real().rows(), context.synthetic().rows()});
}

constinit const Measure measures::alpha_precision{
    .key = "alpha_precision",
    .label = "rows lie where real ones do",
    .meaning = "Whether synthetic rows lie where real ones are dense.",
    .needs = {.thorough = true},
    .compute = [](const MeasureContext& c) { return c.get(precision_recall).alpha_precision; },
    .gap = Gap{.good = 0.1},
    .advice =
        "Synthetic rows lie less where real ones are dense than real rows do (alpha_precision {value:.3f}, real "
        "rows {real:.3f}): look at the components; more rows to learn from, or --effort best, help.",
    .note = neighbour_note};

constinit const Measure measures::beta_recall{
    .key = "beta_recall",
    .label = "real rows are covered",
    .meaning = "Whether synthetic rows lie near all of the real ones.",
    .needs = {.thorough = true},
    .compute = [](const MeasureContext& c) { return c.get(precision_recall).beta_recall; },
    .gap = Gap{.good = 0.1},
    .advice =
        "Synthetic rows cover the real ones less than real rows do (beta_recall {value:.3f}, real rows "
        "{real:.3f}): look at the components; more rows to learn from, or --effort best, help.",
    .note = neighbour_note};

}  // namespace meg
