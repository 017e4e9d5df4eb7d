#pragma once
#include <vector>

#include "core/model/ensemble/masked_ensemble.h"
#include "core/nn/row_numbers.h"

namespace meg {

/// -log likelihood of each of the rows, in nats; rows are taken in blocks of tape's `batch` rows.
std::vector<float> row_losses(Backend& backend, const MaskedEnsemble& ensemble, const float* table,
                              const RowNumbers& rows, int batch, const float* parameters, MaskedEnsemble::Tape& tape,
                              float* cells, float* losses);

}  // namespace meg
