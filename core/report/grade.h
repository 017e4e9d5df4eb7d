#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "core/measure/evaluation.h"

namespace meg {

/// How near a number is to what real rows score.
enum class Grade { kGood, kFair, kPoor, kUnknown };

/// "good", "fair", "poor" or "unknown".
std::string_view grade_name(Grade grade);

/// The worse of two; what is unknown does not count.
Grade worse(Grade a, Grade b);

/// By Measure::gap, beside what real rows score, or the best score where nobody knows that. Unknown where there is no
/// value or no gap.
Grade grade_gap(const Headline& headline);

/// By the AUC of trees on test rows, beside its control and the errors of both: unknown where there is none, or where
/// these are so large that a good AUC says nothing.
Grade grade_test_rows(const Evaluation& evaluation);

/// The classifier of the rows that were learned: of boosted trees, or else of a logistic regression. Nullptr where
/// there is none. It can find fault with synthetic rows, but not say that they are good.
const Headline* classifier_of_learned_rows(const Evaluation& evaluation);

/// The shape or the trend below which a column or a pair is weak: lower where real rows, too, score less than 1, for in
/// a small table chance alone makes columns and pairs differ.
double weak_column(const Evaluation& evaluation);
double weak_pair(const Evaluation& evaluation);

/// The pairs below it, the weakest first.
std::vector<Trend> weak_pairs(const Evaluation& evaluation);

/// Whether most of the unseen rows are rows of the real table, or they are not drawn like these: what is nearer to
/// which then says nothing of copying.
bool are_seen(const Privacy::HeldOut& held_out);
bool says_nothing(const Privacy::HeldOut& held_out);

/// How many identical rows are no copying: those of unseen rows, which must say something; without any, those that two
/// halves of the real table have in common, twice, for a half has half as many rows to be equal to.
std::optional<double> expected_copies(const Evaluation& evaluation);

/// By the rows that equal a row of the real table, beside expected_copies().
Grade grade_copies(const Evaluation& evaluation);

/// The share of rows that would have to be copies for the closest-record share to be as it is, and its standard error:
/// copies of all rows make a share of 1/2 + reach / 2, where so much of the training rows was sampled.
struct CopiedShare {
  double share, error;
};
CopiedShare copied_share(const Privacy& privacy);

/// By copied_share(): unknown where it is so uncertain that many copies would not show.
Grade grade_closest(const Privacy& privacy);

/// Copying, as far as it was measured; without unseen rows copies can be found but not ruled out.
Grade grade_privacy(const Evaluation& evaluation);

}  // namespace meg
