#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "core/measure/context.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// Both tables' rows seen from where the real ones differ most.
struct Pca {
  /// Of the real rows' variance, the share along each component, largest first: as many as asked for, or fewer where
  /// there are fewer coordinates.
  std::vector<double> explained;
  /// Points of rows x explained.size(), row by row. The first two components are the picture in 2D.
  std::vector<float> real, synthetic;
  std::string reason;  ///< why there is no component: empty where there is one
};

struct PcaOptions {
  std::size_t components = 3;
  std::size_t points = 2000;  ///< at most so many rows of each table, evenly spread over it, get a point
};

/// Principal components of the real rows, by Eigen, and the points of both tables in them (sklearn.decomposition.PCA).
/// Numbers are standardized by the real table, a missing one is the mean and 1 in a coordinate of its own; categories
/// are one-hot. Of more than 1,024 such coordinates those of the largest variance are looked at, and shares are of the
/// variance of all. A component's sign is such that its (first) weight of the largest size is positive. O(rows
/// coordinates^2), so the tables are to be samples.
Pca pca(const Table& real, const Table& synthetic, const Schema& schema, const PcaOptions& options = {});

/// The same of samples, of at most so many rows of each table.
inline constexpr std::size_t kPcaRows = 10'000;
Pca pca(const MeasureContext& context);

}  // namespace meg
