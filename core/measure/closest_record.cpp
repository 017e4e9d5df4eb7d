#include "core/measure/closest_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/measure/gower.h"
#include "core/measure/nearest.h"
#include "core/measure/privacy.h"
#include "core/measure/registry.h"

namespace meg {

namespace {

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
  return {.median_distance = median(distances),
          .median_ratio = median(ratios),
          .identical = identical / static_cast<double>(nearest.size()),
          .distances = distances};
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
    wins[train[s].place] += score;
    wins[rows + held_out[s].place] += 1 - score;
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
  const GowerPoints points =
      gower_points(train, held_out, synthetic, schema, options.real_rows, options.synthetic_rows, options.seed);
  const std::size_t columns = points.parts.size(), real_rows = points.train.rows;
  const std::vector<Nearest> to_train = nearest(points.train, points.synthetic, points.parts, options.threads);
  const std::vector<Nearest> to_held_out = nearest(points.held_out, points.synthetic, points.parts, options.threads);
  ClosestRecord out{.synthetic_rows = points.synthetic.rows,
                    .real_rows = real_rows,
                    .train = nearness(to_train, columns),
                    .held_out = nearness(to_held_out, columns)};
  count_nearer(to_train, to_held_out, real_rows, out);
  return out;
}

constinit const Measure measures::closest_share{
    .key = "closest_share",
    .label = "rows nearer to training rows",
    .meaning =
        "The share of synthetic rows that are nearer to a training row than to any unseen one; 0.5 is no copying.",
    .higher_is_better = false,
    .best = "0.5",
    .needs = {.held_out = true},
    .compute = [](const MeasureContext& c) { return Measured(c.get(privacy).held_out->closest.share); },
    .of_real_rows = [](const MeasureContext&) { return std::optional<Measured>(0.5); },
    .card = OnCard{.card = Card::kPrivacy,
                   .question = "Share of rows nearer to a training row than to any unseen one; 0.5: no copying"},
    .section = MeasureSection::kPrivacy,
    .heading = "share nearer to a real than a held-out row",
    .text =
        [](const MeasureContext& c) {
          const ClosestRecord& closest = c.get(privacy).held_out->closest;
          return fmt::format("{:.3f} +- {:.3f}  (0.5: no copying)", closest.share, closest.share_error);
        }};

}  // namespace meg
