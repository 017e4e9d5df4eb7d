#include "core/measure/pca.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/measure/encoded_rows.h"
#include "core/measure/numbers.h"

namespace meg {

namespace {

constexpr std::size_t kMostCoordinates = 1024;

/// One coordinate of the points: a column's numbers, or whether it has a code.
struct Coordinate {
  const EncodedColumn* column;
  int code = 0;
  double mean = 0, scale = 1, variance = 0;  // the variance is that after scaling

  double at(std::size_t row) const {
    const double x = column->is_codes() ? (column->codes[row] == code ? 1 : 0) : column->numbers[row];
    return (x - mean) * scale;
  }
};

/// All coordinates, centred by the real rows, the numbers brought to variance 1. Not what says that one is missing:
/// where that is rare, its deviation is so small that one row would lie as far away as all others together.
std::vector<Coordinate> coordinates(const EncodedRows& rows) {
  const auto n = static_cast<double>(rows.real_rows);
  std::vector<Coordinate> out;
  for (const EncodedColumn& column : rows.columns) {
    if (column.is_codes()) {
      std::vector<double> share(column.width);
      for (std::size_t r = 0; r < rows.real_rows; ++r) share[static_cast<std::size_t>(column.codes[r])] += 1 / n;
      for (std::size_t k = 0; k < column.width; ++k)
        out.push_back(
            {.column = &column, .code = static_cast<int>(k), .mean = share[k], .variance = share[k] * (1 - share[k])});
      continue;
    }
    Coordinate one{&column};
    const auto [mean, deviation] = spread(std::span(column.numbers).first(rows.real_rows));
    one.mean = mean;
    if (column.is_missing) one.variance = deviation * deviation;
    if (!column.is_missing && deviation > 0) {
      one.scale = 1 / deviation;
      one.variance = 1;
    }
    out.push_back(one);
  }
  return out;
}

using PcaMatrix = Eigen::MatrixXd;

/// Rows x coordinates.
PcaMatrix points(const std::vector<Coordinate>& coordinates, const std::vector<std::size_t>& rows) {
  PcaMatrix out(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(coordinates.size()));
  for (std::size_t k = 0; k < coordinates.size(); ++k)
    for (std::size_t r = 0; r < rows.size(); ++r)
      out(static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(k)) = coordinates[k].at(rows[r]);
  return out;
}

/// At most `count` of the rows from `begin` to before `end`, evenly spread.
std::vector<std::size_t> evenly(std::size_t begin, std::size_t end, std::size_t count) {
  count = std::min(count, end - begin);
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(begin + i * (end - begin) / count);
  return out;
}

std::vector<float> project(const PcaMatrix& points, const PcaMatrix& components) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const RowMajor out = (points * components).cast<float>();
  return {out.data(), out.data() + out.size()};
}

Pca components_of(const EncodedRows& rows, const PcaOptions& options) {
  Pca out;
  std::vector<Coordinate> kept = coordinates(rows);
  const double variance =
      std::accumulate(kept.begin(), kept.end(), 0.0, [](double sum, const Coordinate& c) { return sum + c.variance; });
  if (!(variance > 0)) {
    out.reason = "all real rows are alike, so no direction tells them apart";
    return out;
  }
  if (kept.size() > kMostCoordinates) {
    std::stable_sort(kept.begin(), kept.end(),
                     [](const Coordinate& a, const Coordinate& b) { return a.variance > b.variance; });
    kept.resize(kMostCoordinates);
  }
  const PcaMatrix x = points(kept, evenly(0, rows.real_rows, rows.real_rows));
  const PcaMatrix covariance = x.transpose() * x / static_cast<double>(rows.real_rows);
  const Eigen::SelfAdjointEigenSolver<PcaMatrix> solver(covariance);  // ascending
  const auto count = static_cast<Eigen::Index>(std::min(options.components, kept.size()));
  PcaMatrix components = solver.eigenvectors().rightCols(count).rowwise().reverse();
  for (Eigen::Index k = 0; k < count; ++k) {
    // The first of the largest: both values of one column weigh the same.
    const double most = components.col(k).cwiseAbs().maxCoeff();
    Eigen::Index largest = 0;
    while (std::abs(components(largest, k)) < (1 - 1e-6) * most) ++largest;
    if (components(largest, k) < 0) components.col(k) *= -1;
    out.explained.push_back(std::max(0.0, solver.eigenvalues()(solver.eigenvalues().size() - 1 - k)) / variance);
  }
  out.real = project(points(kept, evenly(0, rows.real_rows, options.points)), components);
  out.synthetic = project(points(kept, evenly(rows.real_rows, rows.rows, options.points)), components);
  return out;
}

}  // namespace

Pca pca(const Table& real, const Table& synthetic, const Schema& schema, const PcaOptions& options) {
  return components_of(encode_rows(real, synthetic, schema), options);
}

Pca pca(const MeasureContext& context) { return components_of(context.encoded(kPcaRows), {}); }

}  // namespace meg
