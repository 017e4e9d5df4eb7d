#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/measure/evaluation.h"

namespace meg {

/// How near a number is to what real rows score.
enum class Grade { kGood, kFair, kPoor, kUnknown };

/// "good", "fair", "poor" or "unknown".
std::string_view grade_name(Grade grade);

/// One of the few numbers that a page begins with.
struct Score {
  std::string name;      ///< of the headline: "shape", "c2st_xgb"
  std::string title;     ///< "Columns"
  std::string question;  ///< what it says, for somebody who does not know the measure
  bool higher_is_better = true;
  double low = 0, high = 1;  ///< ends of its scale
  Measured value;
  std::optional<Measured> real_rows;  ///< what real rows score
  Grade grade = Grade::kUnknown;
};

/// What to think of a synthetic table, in words.
struct Verdict {
  Grade likeness = Grade::kUnknown, privacy = Grade::kUnknown;
  std::string title, privacy_title;
  std::vector<std::string> sentences;
  std::vector<Score> scores;  ///< columns, pairs, whole rows, usefulness, privacy
};

Verdict judge(const Evaluation& evaluation);

/// What is known of the model that made the rows.
struct ModelFacts {
  std::string preset, effort;
  bool finished = true, refined = false, refinement_tried = false;
  std::optional<double> held_out_auc;  ///< the last one of its discriminator
};

/// A sentence on what to do next.
struct Advice {
  std::string
      about;  ///< the part of the page it speaks of: "columns", "pairs", "rows", "target", "privacy", "training"
  Grade grade = Grade::kFair;  ///< how bad it is; kUnknown: something could not be measured
  std::string sentence;
};

/// What to do about everything that is weak, the worst first; one sentence that all is well where nothing is.
std::vector<Advice> advise(const Evaluation& evaluation, const std::optional<ModelFacts>& model);

}  // namespace meg
