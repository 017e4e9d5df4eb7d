#pragma once
#include "core/model/ensemble/trained_ensemble.h"
#include "meg/scores.h"

namespace meg {

/// The log-likelihoods of rows first_row ... first_row + count - 1 of a table; see Meg::score.
Scores score_rows(const TrainedEnsemble& trained, const Table& table, std::size_t first_row, std::size_t count);

}  // namespace meg
