#pragma once
#include <cstdint>
#include <memory>

#include "core/model/ensemble/trained_ensemble.h"
#include "core/model/row_source.h"
#include "meg/generate_options.h"

namespace meg {

/// Rows first_row ... first_row + count - 1 of the table that (seed, how) stands for; see Meg::stream. The device makes
/// the next rows while the caller has these.
std::unique_ptr<RowSource> generate_rows(const TrainedEnsemble& trained, std::uint64_t first_row, std::size_t count,
                                         std::uint64_t seed, const GenerateOptions& how);

}  // namespace meg
