#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/measure/evaluation.h"
#include "core/report/verdict.h"

namespace meg {

/// What is known of the model that made the rows.
struct ModelFacts {
  std::string preset, effort;
  bool finished = true, refined = false, refinement_tried = false;
  std::optional<double> held_out_auc;  ///< the last one of its discriminator
};

/// A sentence on what to do next.
struct Advice {
  /// The part of the page it speaks of: "columns", "pairs", "rows", "target", "privacy", "training".
  std::string about;
  Grade grade = Grade::kFair;  ///< how bad it is; kUnknown: something could not be measured
  std::string sentence;
};

/// What to do about everything that is weak, the worst first; one sentence that all is well where nothing is.
/// `verdict`: of this evaluation.
std::vector<Advice> advise(const Evaluation& evaluation, const Verdict& verdict,
                           const std::optional<ModelFacts>& model);

}  // namespace meg
