#pragma once
#include <span>

namespace meg {

/// F1 of one class: 2 TP / (2 TP + FP + FN), where `positive` is the class. `labels` and `predicted` have one element a
/// row. 0 where the class neither occurs nor is predicted (sklearn.metrics.f1_score with zero_division = 0).
double f1(std::span<const int> labels, std::span<const int> predicted, int positive);

/// Mean of F1 over the classes, 0 to classes - 1, that occur or are predicted (sklearn's average = "macro").
double macro_f1(std::span<const int> labels, std::span<const int> predicted, int classes);

}  // namespace meg
