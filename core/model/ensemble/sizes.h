#pragma once
#include "core/model/ensemble/refinement.h"
#include "meg/options.h"

namespace meg {

/// What the meg preset trains with on a table.
struct Sizes {
  MaskedEnsemble::Shape shape;
  WarmUpOptions warm_up;
  RefinementOptions refinement;
};

/// Sizes that follow the data: `rows` to train on, the columns of `layout`; what `options` says goes first.
Sizes choose_sizes(std::size_t rows, const ColumnsLayout& layout, const Options& options);

}  // namespace meg
