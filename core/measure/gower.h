#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "core/measure/nearest.h"
#include "core/table/infer/schema.h"
#include "meg/table.h"

namespace meg {

/// Samples of a training, a held-out and a synthetic table as points whose distance, summed over the columns, is that
/// of Gower (Biometrics 1971); each column's part is in [0, 1]:
/// - numeric: the difference of their ranks, as shares of the real numbers (Podani, Taxon 1999, for Gower's range): a
///   single outlier would otherwise stretch the range until the column counts for nothing. A number's rank is the share
///   of the two real samples below it and half of that equal to it, so every number has one; 0 only for equal ones.
/// - categorical: 0 where equal, else 1; a category that only one table has is one like any other.
/// - a missing cell is a value of its own, 1 away from all others.
/// Identifier and text columns are left out. A constant column adds 0 between real rows.
struct GowerPoints {
  std::vector<DistancePart> parts;  ///< a column each
  Points train, held_out, synthetic;
};

/// At most `real_rows` rows of each real table, as many of both, for the larger of two is nearer by chance; at most
/// `synthetic_rows` synthetic ones. The samples are functions of the seed and the numbers of rows. `schema` is the
/// training table's. Throws Error where a table lacks a column, no column is left, a real table has fewer than two
/// rows, or there is no synthetic row.
GowerPoints gower_points(const Table& train, const Table& held_out, const Table& synthetic, const Schema& schema,
                         std::size_t real_rows, std::size_t synthetic_rows, std::uint64_t seed);

}  // namespace meg
