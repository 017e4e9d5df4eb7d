#pragma once
#include "core/model/ensemble/masked_ensemble.h"

namespace meg {

/// Gives generated rows the table's shares of codes. Column after column, in the order of generation, the biases of the
/// code logits in `parameters` are shifted until the mean probability of every code, over rows generated so far, is its
/// share of `table`, cells [rows, 3 columns] on the device. A column is drawn with its new biases before the next one
/// is looked at: no later shift has to make up for it. Shares that are off by no more than chance are left alone. The
/// result does not depend on `threads`, those of the host.
void match_margins(Backend& backend, const MaskedEnsemble& ensemble, ConstView table, ConstView constants,
                   std::uint64_t seed, int threads, View parameters);

}  // namespace meg
