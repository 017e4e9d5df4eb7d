#pragma once
#include "core/measure/evaluation.h"

namespace meg::cli {

/// Prints an evaluation on standard output, in 80 columns: the worst columns first, then the scores, the weakest pairs,
/// the target and privacy. In colour on a terminal, unless NO_COLOR is set.
void print_evaluation(const Evaluation& evaluation, bool has_test);

}  // namespace meg::cli
