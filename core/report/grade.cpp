#include "core/report/grade.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace meg {

namespace {

/// Rows that could be copies by the closest-record share, beside its standard error.
constexpr double kCopiedFair = 0.06, kCopiedPoor = 0.15, kErrorsFair = 2, kErrorsPoor = 3;
/// Nobody says "no sign of copied rows" where more copies than these would show no sign either.
constexpr double kCopiedUnseen = 0.30;
/// Identical rows beyond those that unseen real rows have, beside the standard error of the difference.
constexpr double kCopiesFair = 0.005, kCopiesPoor = 0.02;
/// How far the AUC on test rows may lie above its control, beside the standard error; and nobody says that rows cannot
/// be told apart where an AUC that lies so much above would pass, too.
constexpr double kToldFair = 0.05, kToldPoor = 0.20, kToldUnseen = 0.10;
/// Held-out rows that are in the real table say nothing.
constexpr double kHeldOutIsReal = 0.5;
/// Below these a column or a pair is weak, where a table is so large that real rows score 1.
constexpr double kWeakColumn = 0.93, kWeakPair = 0.90;

/// A limit, lower by what real rows miss.
double limit_of(const Evaluation& e, const char* headline, double limit) {
  const Headline* h = e.headline(headline);
  const bool known = h && h->real_against_real && *h->real_against_real;
  return known ? limit - (1 - **h->real_against_real) : limit;
}

/// `expected`: the share of identical rows that is no copying; `rows` of the smaller table.
Grade grade_copies(double identical, double expected, std::size_t rows) {
  const double copies = identical - expected;
  const double error = std::sqrt(2 * expected * (1 - expected) / static_cast<double>(rows));
  if (copies > std::max(kCopiesPoor, kErrorsPoor * error)) return Grade::kPoor;
  return copies > std::max(kCopiesFair, kErrorsFair * error) ? Grade::kFair : Grade::kGood;
}

}  // namespace

std::string_view grade_name(Grade grade) {
  static constexpr std::array<std::string_view, 4> names{"good", "fair", "poor", "unknown"};
  return names[static_cast<std::size_t>(grade)];
}

Grade worse(Grade a, Grade b) {
  if (a == Grade::kUnknown) return b;
  if (b == Grade::kUnknown) return a;
  return std::max(a, b);
}

Grade grade_gap(const Headline& h) {
  const Measure& measure = *h.measure;
  if (!h.value || !measure.gap) return Grade::kUnknown;
  const double best = measure.higher_is_better ? 1 : 0;
  const double real = h.real_against_real && *h.real_against_real ? **h.real_against_real : best;
  const double missing = measure.higher_is_better ? real - *h.value : *h.value - real;
  if (missing <= measure.gap->good) return Grade::kGood;
  return missing <= measure.gap->fair ? Grade::kFair : Grade::kPoor;
}

Grade grade_test_rows(const Evaluation& e) {
  if (!e.test_rows || !e.test_rows->auc) return Grade::kUnknown;
  const double told = *e.test_rows->auc - std::max(0.5, e.test_rows->control.value.value_or(0.5));
  const double error = e.test_rows->auc_error;
  if (told > std::max(kToldPoor, kErrorsPoor * error)) return Grade::kPoor;
  if (told > std::max(kToldFair, kErrorsFair * error)) return Grade::kFair;
  return kErrorsFair * error > kToldUnseen ? Grade::kUnknown : Grade::kGood;
}

const Headline* classifier_of_learned_rows(const Evaluation& e) {
  for (const char* key : {"c2st_xgb", "c2st_lr"})
    if (const Headline* h = e.headline(key); h && h->value) return h;
  return nullptr;
}

double weak_column(const Evaluation& e) { return limit_of(e, "shape", kWeakColumn); }
double weak_pair(const Evaluation& e) { return limit_of(e, "trend", kWeakPair); }

std::vector<Trend> weak_pairs(const Evaluation& e) {
  std::vector<Trend> out;
  for (const Trend& trend : e.comparison.trends)
    if (trend.score < weak_pair(e)) out.push_back(trend);
  std::stable_sort(out.begin(), out.end(), [](const Trend& a, const Trend& b) { return a.score < b.score; });
  return out;
}

bool are_seen(const Privacy::HeldOut& held_out) { return held_out.identical > kHeldOutIsReal; }
bool says_nothing(const Privacy::HeldOut& held_out) { return are_seen(held_out) || held_out.drift; }

std::optional<double> expected_copies(const Evaluation& e) {
  if (const auto& held_out = e.privacy->held_out)
    return says_nothing(*held_out) ? std::nullopt : std::optional(held_out->identical);
  const Headline* identical = e.headline("identical");
  if (!identical || !identical->real_against_real || !*identical->real_against_real) return std::nullopt;
  return std::min(1.0, 2 * **identical->real_against_real);
}

Grade grade_copies(const Evaluation& e) {
  const std::optional<double> expected = expected_copies(e);
  return expected ? grade_copies(e.privacy->identical, *expected, std::min(e.real_rows, e.synthetic_rows))
                  : Grade::kUnknown;
}

CopiedShare copied_share(const Privacy& privacy) {
  const ClosestRecord& closest = privacy.held_out->closest;
  const double reach = static_cast<double>(closest.real_rows) / static_cast<double>(privacy.real_rows);
  return {2 * (closest.share - 0.5) / reach, 2 * closest.share_error / reach};
}

Grade grade_closest(const Privacy& privacy) {
  const auto [copied, error] = copied_share(privacy);
  if (copied > std::max(kCopiedPoor, kErrorsPoor * error)) return Grade::kPoor;
  if (copied > std::max(kCopiedFair, kErrorsFair * error)) return Grade::kFair;
  return copied + kErrorsFair * error > kCopiedUnseen ? Grade::kUnknown : Grade::kGood;
}

Grade grade_privacy(const Evaluation& e) {
  if (!e.privacy) return Grade::kUnknown;
  const auto& held_out = e.privacy->held_out;
  if (held_out && are_seen(*held_out)) return Grade::kUnknown;
  const bool asked = held_out && !says_nothing(*held_out);
  const Grade copies = grade_copies(e), closest = asked ? grade_closest(*e.privacy) : Grade::kUnknown;
  if (closest == Grade::kUnknown) return copies == Grade::kGood ? Grade::kUnknown : copies;
  return worse(closest, copies);
}

}  // namespace meg
