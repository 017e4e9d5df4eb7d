#pragma once
#include <cstdint>

#include "core/model/ensemble/trained_ensemble.h"
#include "meg/imputed.h"

namespace meg {

/// Rows first_row ... first_row + count - 1 of `table` with their missing cells filled; see Meg::impute.
Table impute_rows(const TrainedEnsemble& trained, const Table& table, std::uint64_t first_row, std::size_t count,
                  std::uint64_t seed, std::uint32_t draw, Imputed& counts);

}  // namespace meg
