#include "core/report/verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace meg {

namespace {

/// Halves of fewer rows, and rows beside them, are alike or not by chance.
constexpr std::size_t kFewestJudged = 30;

Score make_score(const Evaluation& e, const char* name, std::string title, std::string question) {
  Score out{.name = name, .title = std::move(title), .question = std::move(question), .value = {}, .real_rows = {}};
  const Headline* headline = e.headline(name);
  if (!headline) {
    out.value = Measured::none("not measured");
    return out;
  }
  out.higher_is_better = headline->higher_is_better;
  out.value = headline->value, out.real_rows = headline->real_against_real;
  return out;
}

Score graded(Score score, const Gap& gap) {
  score.grade = grade_gap(score.value, score.real_rows, score.high, score.higher_is_better, gap);
  return score;
}

bool measured(const Evaluation& e, const char* name) {
  const Headline* headline = e.headline(name);
  return headline && headline->value;
}

Score rows_score(const Evaluation& e) {
  const bool trees = measured(e, "c2st_xgb");
  return graded(make_score(e, trees ? "c2st_xgb" : "c2st_lr", "Whole rows",
                           fmt::format("Can {} tell them from real rows? 1: not at all, 0: always",
                                       trees ? "boosted trees" : "a logistic regression")),
                kRowsGap);
}

Score target_score(const Evaluation& e) {
  if (!e.target) {
    Score out = make_score(e, "target", "Usefulness", "Do predictors that learn from them work on real rows?");
    out.value = Measured::none("give the column to predict: --target");
    return out;
  }
  const bool auc = measured(e, "auc"), r2 = measured(e, "r2");
  const char *name = auc ? "auc" : r2 ? "r2" : "f1", *word = auc ? "AUC" : r2 ? "R²" : "F1";
  Score out =
      make_score(e, name, "Usefulness",
                 fmt::format("{} of predicting {} in real rows, learned from synthetic ones", word, e.target->target));
  if (auc) out.low = 0.5;
  return graded(std::move(out), kTargetGap);
}

Score privacy_score(const Evaluation& e) {
  Score out =
      measured(e, "closest_share")
          ? make_score(e, "closest_share", "Privacy",
                       "Share of rows nearer to a training row than to any unseen one; 0.5: no copying")
          : make_score(e, "identical", "Privacy", "Share of rows that equal a real row; with --test: much more");
  out.grade = grade_privacy(e);
  return out;
}

bool too_few_rows(const Evaluation& e) { return std::min(e.real_rows, e.synthetic_rows) < kFewestJudged; }

std::string likeness_title(Grade grade, const Evaluation& e) {
  switch (grade) {
    case Grade::kGood: return "Hard to tell from real rows";
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

void say_rows(const Evaluation& e, std::vector<std::string>& out) {
  if (!e.rows) return;
  const bool trees = e.rows->trees.auc.value.has_value();
  const Measured& auc = trees ? e.rows->trees.auc : e.rows->logistic.auc;
  if (auc)
    out.push_back(fmt::format("{} told real from synthetic rows with an AUC of {:.3f} (0.5 is guessing).",
                              trees ? "Boosted trees" : "A logistic regression", *auc));
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
  return out;
}

}  // namespace

Verdict judge(const Evaluation& e) {
  Verdict out;
  out.columns =
      graded(make_score(e, "shape", "Columns", "How alike is each column, taken alone? 1: the same"), kShapeGap);
  out.pairs =
      graded(make_score(e, "trend", "Pairs", "Do two columns depend on each other as in the real table? 1: the same"),
             kTrendGap);
  out.rows = rows_score(e);
  out.usefulness = target_score(e);
  out.copying = privacy_score(e);
  out.likeness = worse(worse(out.columns.grade, out.pairs.grade), out.usefulness.grade);
  // Trees find what no person sees: alone they make nothing clearly different.
  out.likeness = worse(out.likeness, out.rows.grade == Grade::kPoor ? Grade::kFair : out.rows.grade);
  if (too_few_rows(e)) out.likeness = Grade::kUnknown;
  out.privacy = out.copying.grade;
  out.title = likeness_title(out.likeness, e);
  out.privacy_title = privacy_title(out.privacy, e);
  out.sentences = sentences(e);
  return out;
}

}  // namespace meg
