#include "core/report/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/measure/registry.h"

namespace meg {

namespace {

/// Halves of fewer rows, and rows beside them, are alike or not by chance.
constexpr std::size_t kFewestJudged = 30;

/// The number of a card: the first of its measures that has a value, or the last.
Score make_score(const Evaluation& e, Card card, const char* title) {
  const Headline* headline = nullptr;
  const Measure* measure = nullptr;
  for (const Measure* choice : measures_of(card)) {
    measure = choice;
    headline = e.headline(choice->key);
    if (headline && headline->value) break;
  }
  Score out{.name = std::string(measure->key),
            .title = title,
            .question = fmt::format(fmt::runtime(measure->card->question), e.target ? e.target->target : ""),
            .higher_is_better = measure->higher_is_better,
            .is_percent = measure->is_percent,
            .low = measure->card->low,
            .value = Measured::none("not measured"),
            .real_rows = {}};
  if (!headline) return out;
  out.value = headline->value;
  out.real_rows = headline->real_against_real;
  out.grade = grade_gap(*headline);
  return out;
}

Score rows_score(const Evaluation& e) {
  Score out = make_score(e, Card::kRows, "Whole rows");
  out.grade = grade_test_rows(e);
  if (!e.test_rows) out.value = Measured::none("give real rows that nobody learned: --test");
  return out;
}

Score target_score(const Evaluation& e) {
  if (e.target) return make_score(e, Card::kUsefulness, "Usefulness");
  return {.name = "target",
          .title = "Usefulness",
          .question = "Do predictors that learn from them work on real rows?",
          .value = Measured::none("give the column to predict: --target"),
          .real_rows = {}};
}

Score privacy_score(const Evaluation& e) {
  Score out = make_score(e, Card::kPrivacy, "Privacy");
  out.grade = grade_privacy(e);
  return out;
}

/// The words of a score's grade.
std::string_view badge(const Score& score) {
  switch (score.grade) {
    case Grade::kGood: return "like real rows";
    case Grade::kFair: return "near";
    case Grade::kPoor: return "apart";
    case Grade::kUnknown: break;
  }
  return score.value ? "not enough to tell" : "not measured";
}

std::string_view privacy_badge(Grade grade) {
  switch (grade) {
    case Grade::kGood: return "no copying seen";
    case Grade::kFair: return "look closer";
    case Grade::kPoor: return "too near";
    case Grade::kUnknown: break;
  }
  return "not enough to tell";
}

bool too_few_rows(const Evaluation& e) { return std::min(e.real_rows, e.synthetic_rows) < kFewestJudged; }

/// On test rows, or else on the rows that were learned: a model that leans on these can look better than it is, not
/// worse.
Grade grade_rows(const Evaluation& e) {
  const Grade grade = grade_test_rows(e);
  if (grade != Grade::kUnknown) return grade;
  const Headline* learned = classifier_of_learned_rows(e);
  return learned ? grade_gap(*learned) : grade;
}

std::string likeness_title(Grade grade, const Evaluation& e) {
  switch (grade) {
    case Grade::kGood:
      return grade_test_rows(e) == Grade::kGood ? "Hard to tell from real rows"
                                                : "Hard to tell from the rows that were learned";
    case Grade::kFair: return "Close to real rows, with weak spots";
    case Grade::kPoor: return "Clearly different from real rows";
    case Grade::kUnknown: break;
  }
  return too_few_rows(e) ? "Too few rows to judge" : "Nothing here could be compared";
}

std::string privacy_title(Grade grade, const Evaluation& e) {
  switch (grade) {
    case Grade::kGood: return "No sign of copied rows";
    case Grade::kFair: return "Rows lie a little too near to the training rows";
    case Grade::kPoor:
      return grade_copies(e) == Grade::kPoor ? "Training rows were copied: do not take these rows for private"
                                             : "Rows repeat what the model has seen: do not take them for private";
    case Grade::kUnknown: break;
  }
  if (!e.privacy || !e.privacy->held_out) return "Copying not measured: no unseen rows were given";
  if (are_seen(*e.privacy->held_out)) return "Copying not measured: most unseen rows equal training rows";
  if (e.privacy->held_out->drift)
    return "Copying not measured: the unseen rows are of another kind than the training rows";
  return "Copying not ruled out: there are too few unseen rows to tell";
}

void say_test_rows(const TestTwoSample& t, std::vector<std::string>& out) {
  if (t.auc)
    out.push_back(fmt::format(
        "Boosted trees told {} rows that nobody learned from synthetic ones with an AUC of {:.3f} ± {:.3f}, "
        "and from real ones with {:.3f} (0.5 is guessing).",
        fmt::group_digits(t.test_rows), *t.auc, t.auc_error, *t.control));
  else
    out.push_back(fmt::format("Test rows could not be used: {}.", t.auc.reason));
}

void say_rows(const Evaluation& e, std::vector<std::string>& out) {
  if (e.test_rows) say_test_rows(*e.test_rows, out);
  if (!e.rows || (e.test_rows && e.test_rows->auc)) return;
  const bool trees = e.rows->trees.auc.value.has_value();
  const Measured& auc = trees ? e.rows->trees.auc : e.rows->logistic.auc;
  if (auc)
    out.push_back(fmt::format(
        "{} told the rows that were learned from synthetic ones with an AUC of {:.3f} (0.5 is guessing){}.",
        trees ? "Boosted trees" : "A logistic regression", *auc,
        e.test_rows ? "" : "; rows that nobody learned were not given (--test), and only they can say more"));
}

/// The columns that no model learns, which no other number here is of.
void say_texts(const Comparison& c, std::vector<std::string>& out) {
  constexpr std::size_t kNamed = 3;
  if (c.texts.empty()) return;
  std::string names;
  for (std::size_t i = 0; i < std::min(kNamed, c.texts.size()); ++i)
    names += fmt::format("{}“{}”", i > 0 ? ", " : "", c.texts[i].name);
  if (c.texts.size() > kNamed) names += ", …";
  out.push_back(fmt::format("{} of {} columns {} not learned ({}): their texts are {:.3f} alike in shape.",
                            c.texts.size(), c.columns.size() + c.texts.size(), c.texts.size() == 1 ? "is" : "are",
                            names, mean_of(c.texts, &TextComparison::shape)));
}

std::string weakest_of(std::size_t count, const char* what) {
  return count == 1 ? fmt::format("The only {}", what)
                    : fmt::format("The weakest of {} {}s", fmt::group_digits(count), what);
}

std::vector<std::string> sentences(const Evaluation& e) {
  std::vector<std::string> out;
  say_rows(e, out);
  const auto& columns = e.comparison.columns;
  const auto column =
      std::min_element(columns.begin(), columns.end(), [](const auto& a, const auto& b) { return a.shape < b.shape; });
  if (column != columns.end())
    out.push_back(
        fmt::format("{} is “{}” (shape {:.3f}).", weakest_of(columns.size(), "column"), column->name, column->shape));
  const auto& trends = e.comparison.trends;
  const auto pair =
      std::min_element(trends.begin(), trends.end(), [](const Trend& a, const Trend& b) { return a.score < b.score; });
  if (pair != trends.end())
    out.push_back(fmt::format("{} is “{}” with “{}” (trend {:.3f}).", weakest_of(trends.size(), "pair"),
                              columns[pair->first].name, columns[pair->second].name, pair->score));
  say_texts(e.comparison, out);
  return out;
}

}  // namespace

Verdict judge(const Evaluation& e) {
  Verdict out;
  out.columns = make_score(e, Card::kColumns, "Columns");
  out.pairs = make_score(e, Card::kPairs, "Pairs");
  out.rows = rows_score(e);
  out.usefulness = target_score(e);
  out.copying = privacy_score(e);
  for (Score* score : {&out.columns, &out.pairs, &out.rows, &out.usefulness}) score->badge = badge(*score);
  out.copying.badge = privacy_badge(out.copying.grade);
  out.likeness = worse(worse(out.columns.grade, out.pairs.grade), out.usefulness.grade);
  // Trees find what no person sees: alone they make nothing clearly different.
  const Grade rows = grade_rows(e);
  out.likeness = worse(out.likeness, rows == Grade::kPoor ? Grade::kFair : rows);
  if (too_few_rows(e)) out.likeness = Grade::kUnknown;
  out.privacy = out.copying.grade;
  out.title = likeness_title(out.likeness, e);
  out.privacy_title = privacy_title(out.privacy, e);
  out.sentences = sentences(e);
  return out;
}

}  // namespace meg
