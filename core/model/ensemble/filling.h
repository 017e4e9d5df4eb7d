#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/model/ensemble/trained_ensemble.h"
#include "core/table/code/cell_set.h"

namespace meg {

/// Fills the unknown cells of rows with an ensemble of any order, each row given what is known of it: first the columns
/// that are kept to a set, then the others, in the generation order.
///
/// One set is met exactly: it is drawn next to the known cells. With several, drawing each from P(x_k | before, x_k in
/// S_k) makes rows too frequent by 1 / product of P(x_k in S_k | before). So each row draws kCandidates times and keeps
/// one of these with that product as its weight (sampling importance resampling; Rubin 1988): the sets always hold, and
/// the distribution is the conditional one up to O(1 / kCandidates).
class RowFiller {
 public:
  static constexpr int kCandidates = 32;

  /// Whether all sets are one condition on a row, which makes its other cells likelier or less likely; else each column
  /// is only kept to its set where its turn in the order comes.
  enum class Sets { kCondition, kEachAlone };

  /// sets: [columns], what a column is kept to; rows: those of a pass.
  RowFiller(const TrainedEnsemble& trained, std::span<const std::optional<CellSet>> sets, Sets meaning, int rows);

  /// Cells of a pass [rows, 3 columns] on the host, of which those with code -1 are drawn. Row r has the noise of
  /// draw.first_row + r, which is below 2^50.
  void fill(const Draw& draw, std::span<float> cells);
  /// Where these cells now lie on the device.
  ConstView cells() const { return cells_; }

 private:
  std::size_t columns() const { return on_.ensemble.layout().size(); }
  bool some_unknown(std::size_t column, std::span<const float> cells) const;
  void choose_sets(const Draw& draw, std::span<float> cells);
  void run(const Draw& draw, std::span<float> cells);

  const TrainedEnsemble& on_;
  Arena arena_;
  MaskedEnsemble::Tape tape_;
  View cells_, log_mass_;               // [rows, 3 columns], [1, rows]
  std::vector<Allowed> allowed_;        // [columns]
  std::vector<std::size_t> set_first_;  // columns of a condition
  std::vector<ColumnToFill> todo_;
  std::vector<float> candidate_, host_mass_;
  std::vector<double> best_;  // of a row's candidates
};

}  // namespace meg
