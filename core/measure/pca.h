#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "core/table/schema.h"
#include "core/table/table.h"

namespace meg {

/// Both tables' rows seen from where the real ones differ most.
struct Pca {
  /// Of the real rows' variance, the share along each component, largest first: 3, or fewer where there are fewer.
  std::vector<double> explained;
  /// Rows of the samples x explained.size(), row by row. The first two are the picture in 2D.
  std::vector<float> real, synthetic;
  std::string reason;  ///< why there is no component: empty where there is one
};

/// Principal components of the real rows, by Eigen, and the points of both tables in them (sklearn.decomposition.PCA).
/// Numbers are standardized by the real table, a missing one is the mean; categories are one-hot and centred. Of more
/// than 1,024 such coordinates those of the largest variance are looked at. A component's sign is such that its largest
/// weight is positive. O(rows coordinates^2), so the tables are to be samples.
Pca pca(const Table& real, const Table& synthetic, const Schema& schema, std::size_t components = 3);

}  // namespace meg
