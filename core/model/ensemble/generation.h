#pragma once
#include <cstdint>

#include "core/model/ensemble/trained_ensemble.h"
#include "core/model/made_rows.h"
#include "meg/generate_options.h"

namespace meg {

/// Gives rows first_row ... first_row + count - 1 of the table that (seed, how) stands for to `take`, in order, until
/// it wants no more; see Meg::generate. The device makes the next rows while `take` has these.
void generate_rows(const TrainedEnsemble& trained, std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                   const GenerateOptions& how, const TakeRows& take);

}  // namespace meg
