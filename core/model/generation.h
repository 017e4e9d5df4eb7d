#pragma once
#include <cstdint>

#include "core/generate_options.h"
#include "core/model/trained_ensemble.h"

namespace meg {

/// Appends rows first_row ... first_row + count - 1 of the table that (seed, how) stands for; see Meg::generate.
void generate_rows(const TrainedEnsemble& trained, std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                   const GenerateOptions& how, Table& out);

}  // namespace meg
