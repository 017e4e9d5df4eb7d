#pragma once
#include "core/model/ensemble/warm_up.h"

namespace meg {

/// Judges two sets of parameters by rows that they generate: the refinement is kept only if it made nothing worse.
class Gate {
 public:
  Gate(Backend& backend, const MaskedEnsemble& ensemble, const TrainingRows& rows, ConstView constants,
       std::uint64_t seed);

  struct Score {
    double shape, trend;  ///< 1 - total variation distance to the training rows, means over columns and over pairs
    double loss;          ///< -log likelihood of a held-out row
    double hidden_loss;   ///< of an ensemble of any order: the same with columns hidden, as in training; else 0
  };
  Score score(ConstView parameters) const;
  /// Whether `candidate` is no worse than `base`, up to what chance does to a sample.
  bool passes(ConstView base, ConstView candidate) const;

 private:
  void rank_codes(std::span<const float> cells);
  std::vector<std::uint8_t> bins(std::span<const float> cells) const;

  Backend& backend_;
  const MaskedEnsemble& ensemble_;
  const TrainingRows& rows_;
  ConstView constants_;
  std::uint64_t seed_;
  std::size_t sample_;                               // rows that are compared
  std::vector<std::vector<std::uint8_t>> code_bin_;  // [columns][codes] frequent codes have bins of their own
  std::vector<std::uint8_t> real_;                   // [sample_, columns] bins of training rows
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
};

}  // namespace meg
