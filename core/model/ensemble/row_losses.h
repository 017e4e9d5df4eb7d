#pragma once
#include <vector>

#include "core/model/ensemble/masked_ensemble.h"
#include "core/nn/row_numbers.h"

namespace meg {

/// -log likelihood of each of the rows of `table`, in nats. They are taken in blocks of as many rows as `cells` has;
/// cells [rows, 3 columns] and losses [rows, columns] are scratch, as is the tape.
std::vector<float> row_losses(Backend& backend, const MaskedEnsemble& ensemble, ConstView table, const RowNumbers& rows,
                              ConstView parameters, const MaskedEnsemble::Tape& tape, View cells, View losses);

}  // namespace meg
