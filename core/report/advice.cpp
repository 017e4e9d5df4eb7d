#include "core/report/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace meg {

namespace {

// Every threshold of the verdict and of the advice is here.

/// How far a score may be below that of real rows.
struct Gap {
  double good, fair;
};
constexpr Gap kShapeGap{0.02, 0.07}, kTrendGap{0.02, 0.07}, kRowsGap{0.15, 0.40}, kTargetGap{0.02, 0.07};
/// Rows that could be copies by the closest-record share, beside its standard error.
constexpr double kCopiedFair = 0.06, kCopiedPoor = 0.15, kErrorsFair = 2, kErrorsPoor = 3;
/// Identical rows beyond those that unseen real rows have, beside the standard error of the difference.
constexpr double kCopiesFair = 0.005, kCopiesPoor = 0.02;
constexpr double kMembershipPoor = 0.05;
/// Held-out rows that are in the real table say nothing.
constexpr double kHeldOutIsReal = 0.5;
/// Below these a column or a pair is weak, where a table is so large that real rows score 1.
constexpr double kWeakColumn = 0.93, kWeakPair = 0.90;
constexpr double kMissingDiffers = 0.03, kOutside = 0.01, kUncovered = 0.2;
constexpr double kToldApart = 0.60;  ///< AUC of the model's own discriminator
constexpr std::size_t kColumnsNamed = 3, kPairsNamed = 2;
constexpr std::size_t kFewRows = 1000;

Grade worse(Grade a, Grade b) {
  if (a == Grade::kUnknown) return b;
  if (b == Grade::kUnknown) return a;
  return std::max(a, b);
}

Grade grade_gap(const Score& score, const Gap& gap) {
  if (!score.value) return Grade::kUnknown;
  const double real = score.real_rows && *score.real_rows ? **score.real_rows : score.high;
  const double missing = score.higher_is_better ? real - *score.value : *score.value - real;
  return missing <= gap.good ? Grade::kGood : missing <= gap.fair ? Grade::kFair : Grade::kPoor;
}

/// `expected`: the share of identical rows that is no copying; `rows` of the smaller table.
Grade grade_copies(double identical, double expected, std::size_t rows) {
  const double copies = identical - expected;
  const double error = std::sqrt(2 * expected * (1 - expected) / static_cast<double>(rows));
  if (copies > std::max(kCopiesPoor, kErrorsPoor * error)) return Grade::kPoor;
  return copies > std::max(kCopiesFair, kErrorsFair * error) ? Grade::kFair : Grade::kGood;
}

/// Copies of all rows make a share of 1/2 + reach / 2, where so much of the training rows was sampled.
Grade grade_share(const Privacy& p) {
  const ClosestRecord& closest = p.held_out->closest;
  const double reach = static_cast<double>(closest.real_rows) / static_cast<double>(p.real_rows);
  const double copied = 2 * (closest.share - 0.5) / reach, error = 2 * closest.share_error / reach;
  if (copied > std::max(kCopiedPoor, kErrorsPoor * error)) return Grade::kPoor;
  return copied > std::max(kCopiedFair, kErrorsFair * error) ? Grade::kFair : Grade::kGood;
}

bool says_nothing(const Privacy::HeldOut& held_out) { return held_out.identical > kHeldOutIsReal; }

/// How many identical rows are no copying: those of unseen rows; else those that two halves of the real table have in
/// common, twice, for a half has half as many rows to be equal to.
std::optional<double> expected_copies(const Evaluation& e) {
  if (e.privacy->held_out) return e.privacy->held_out->identical;
  const Headline* identical = e.headline("identical");
  if (!identical || !identical->real_against_real || !*identical->real_against_real) return std::nullopt;
  return std::min(1.0, 2 * **identical->real_against_real);
}

Grade grade_copies(const Evaluation& e) {
  const std::optional<double> expected = expected_copies(e);
  return expected ? grade_copies(e.privacy->identical, *expected, std::min(e.real_rows, e.synthetic_rows))
                  : Grade::kUnknown;
}

/// Copying, as far as it was measured; without unseen rows copies can be found but not ruled out.
Grade grade_privacy(const Evaluation& e) {
  if (!e.privacy) return Grade::kUnknown;
  const auto& held_out = e.privacy->held_out;
  if (held_out && says_nothing(*held_out)) return Grade::kUnknown;
  const Grade copies = grade_copies(e);
  if (held_out) return worse(grade_share(*e.privacy), copies);
  return copies == Grade::kGood ? Grade::kUnknown : copies;
}

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

bool measured(const Evaluation& e, const char* name) {
  const Headline* headline = e.headline(name);
  return headline && headline->value;
}

Score rows_score(const Evaluation& e) {
  const bool trees = measured(e, "c2st_xgb");
  Score out = make_score(e, trees ? "c2st_xgb" : "c2st_lr", "Whole rows",
                         fmt::format("Can {} tell them from real rows? 1: not at all, 0: always",
                                     trees ? "boosted trees" : "a logistic regression"));
  out.grade = grade_gap(out, kRowsGap);
  return out;
}

Score target_score(const Evaluation& e) {
  if (!e.target) {
    Score out = make_score(e, "target", "Usefulness", "Do predictors that learn from them work on real rows?");
    out.value = Measured::none("give the column to predict: --target");
    return out;
  }
  const std::string target = e.target->target;
  const bool auc = measured(e, "auc"), r2 = measured(e, "r2");
  Score out = make_score(e,
                         auc  ? "auc"
                         : r2 ? "r2"
                              : "f1",
                         "Usefulness",
                         fmt::format("{} of predicting {} in real rows, learned from synthetic ones",
                                     auc  ? "AUC"
                                     : r2 ? "R²"
                                          : "F1",
                                     target));
  if (auc) out.low = 0.5;
  out.grade = grade_gap(out, kTargetGap);
  return out;
}

Score privacy_score(const Evaluation& e) {
  const bool share = measured(e, "closest_share");
  Score out =
      share ? make_score(e, "closest_share", "Privacy",
                         "Share of rows nearer to a training row than to any unseen one; 0.5: no copying")
            : make_score(e, "identical", "Privacy", "Share of rows that equal a real row; with --test: much more");
  out.grade = grade_privacy(e);
  return out;
}

std::string likeness_title(Grade grade) {
  switch (grade) {
    case Grade::kGood: return "Hard to tell from real rows";
    case Grade::kFair: return "Close to real rows, with weak spots";
    case Grade::kPoor: return "Clearly different from real rows";
    case Grade::kUnknown: break;
  }
  return "Nothing here could be compared";
}

std::string privacy_title(Grade grade, const Evaluation& e) {
  switch (grade) {
    case Grade::kGood: return "No sign of copied rows";
    case Grade::kFair: return "Rows lie a little too near to the training rows";
    case Grade::kPoor:
      return grade_copies(e) == Grade::kPoor ? "Training rows were copied" : "Rows lie too near to the training rows";
    case Grade::kUnknown: break;
  }
  return e.privacy && e.privacy->held_out ? "Copying not measured: the unseen rows are training rows"
                                          : "Copying not measured: no unseen rows were given";
}

const ColumnComparison* weakest_column(const Evaluation& e) {
  const auto& columns = e.comparison.columns;
  const auto found =
      std::min_element(columns.begin(), columns.end(), [](const auto& a, const auto& b) { return a.shape < b.shape; });
  return found == columns.end() ? nullptr : &*found;
}

/// A limit, lower by what real rows miss: in a small table chance alone makes columns and pairs differ.
double limit_of(const Evaluation& e, const char* headline, double limit) {
  const Headline* h = e.headline(headline);
  const bool known = h && h->real_against_real && *h->real_against_real;
  return known ? limit - (1 - **h->real_against_real) : limit;
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

void say_rows(const Evaluation& e, std::vector<std::string>& out) {
  if (!e.rows) return;
  const bool trees = e.rows->trees.auc.value.has_value();
  const Measured& auc = trees ? e.rows->trees.auc : e.rows->logistic.auc;
  if (auc)
    out.push_back(fmt::format("{} told real from synthetic rows with an AUC of {:.3f} (0.5 is guessing).",
                              trees ? "Boosted trees" : "A logistic regression", *auc));
}

std::vector<std::string> verdict_sentences(const Evaluation& e) {
  std::vector<std::string> out;
  say_rows(e, out);
  if (const ColumnComparison* column = weakest_column(e))
    out.push_back(fmt::format("The weakest of {} columns is “{}” (shape {:.3f}).",
                              fmt::group_digits(e.comparison.columns.size()), column->name, column->shape));
  const auto& trends = e.comparison.trends;
  const auto pair =
      std::min_element(trends.begin(), trends.end(), [](const Trend& a, const Trend& b) { return a.score < b.score; });
  if (pair != trends.end())
    out.push_back(fmt::format("The weakest of {} pairs is “{}” with “{}” (trend {:.3f}).",
                              fmt::group_digits(trends.size()), e.comparison.columns[pair->first].name,
                              e.comparison.columns[pair->second].name, pair->score));
  return out;
}

class Adviser {
 public:
  Adviser(const Evaluation& evaluation, const std::optional<ModelFacts>& model) : e_(evaluation), model_(model) {}

  std::vector<Advice> all() {
    privacy();
    columns();
    pairs();
    rows();
    target();
    training();
    const bool weak = !out_.empty();
    what_is_not_known();
    if (!weak)
      add("rows", Grade::kGood, "Nothing stands out: no column, pair or row measure is far from what real rows score.");
    const auto order = [](const Advice& a) {
      return a.grade == Grade::kPoor ? 0 : a.grade == Grade::kFair ? 1 : a.grade == Grade::kGood ? 2 : 3;
    };
    std::stable_sort(out_.begin(), out_.end(), [&](const Advice& a, const Advice& b) { return order(a) < order(b); });
    return std::move(out_);
  }

 private:
  void add(const char* about, Grade grade, std::string sentence) {
    out_.push_back({about, grade, std::move(sentence)});
  }

  void privacy() {
    if (!e_.privacy) return;
    const Privacy& p = *e_.privacy;
    if (p.held_out && says_nothing(*p.held_out))
      return add(
          "privacy", Grade::kFair,
          "Most of the unseen rows are rows of the real table, so copying cannot be measured: give rows that the "
          "model has not learned from.");
    const Grade copies = grade_copies(e_);
    if (copies == Grade::kFair || copies == Grade::kPoor)
      add("privacy", copies,
          fmt::format(
              "{:.2f} % of the rows equal a training row, where {:.2f} % would be chance: do not hand the rows on "
              "before you know why.",
              100 * p.identical, 100 * *expected_copies(e_)));
    if (!p.held_out) return;
    const Grade share = grade_share(p);
    if (share == Grade::kFair || share == Grade::kPoor)
      add("privacy", share,
          fmt::format("{:.1f} % of the rows are nearer to a training row than to any unseen one, where 50 % is no "
                      "copying: train for fewer --epochs or with more --dropout, and hide what single persons hold "
                      "with --rare-min.",
                      100 * p.held_out->closest.share));
    const Membership& m = p.held_out->membership;
    if (m.auc - 0.5 > std::max(kMembershipPoor, kErrorsPoor * m.auc_error))
      add("privacy", Grade::kPoor,
          fmt::format("Who was in the training table can be guessed with an AUC of {:.3f}: use --rare-min and fewer "
                      "--epochs.",
                      m.auc));
  }

  void columns() {
    std::vector<const ColumnComparison*> weak;
    for (const ColumnComparison& c : e_.comparison.columns)
      if (c.shape < weak_column(e_) || c.missing_similarity < 1 - kMissingDiffers ||
          (c.adherence && *c.adherence < 1 - kOutside))
        weak.push_back(&c);
    std::stable_sort(weak.begin(), weak.end(), [](const auto* a, const auto* b) { return a->shape < b->shape; });
    for (std::size_t i = 0; i < std::min(kColumnsNamed, weak.size()); ++i) column(*weak[i]);
    if (weak.size() > kColumnsNamed)
      add("columns", Grade::kFair,
          fmt::format(
              "{} more columns are weak: sort the columns by “worst first” and look at what they have in common.",
              weak.size() - kColumnsNamed));
  }

  void column(const ColumnComparison& c) {
    const Grade grade = c.shape < weak_column(e_) - (kShapeGap.fair - kShapeGap.good) ? Grade::kPoor : Grade::kFair;
    if (c.missing_similarity < 1 - kMissingDiffers)
      return add(
          "columns", grade,
          fmt::format("“{}” is missing in {:.1f} % of the rows, in the real table in {:.1f} %: check how missing "
                      "values are spelled in both files.",
                      c.name, 100 * c.missing_synthetic, 100 * c.missing_real));
    if (c.adherence && *c.adherence < 1 - kOutside)
      return add(
          "columns", grade,
          fmt::format("{:.1f} % of the values of “{}” are {} the real table has: see with “meg schema” what the "
                      "column is taken for, and correct it with --categorical or --numeric.",
                      100 * (1 - *c.adherence), c.name, is_numeric(c.type) ? "outside the range that" : "none that"));
    if (c.coverage && *c.coverage < 1 - kUncovered)
      return add(
          "columns", grade,
          fmt::format("“{}” reaches only {:.0f} % of the real {}: generate more rows, or train with --effort best.",
                      c.name, 100 * *c.coverage, is_numeric(c.type) ? "range" : "categories"));
    if (is_numeric(c.type))
      return add("columns", grade,
                 fmt::format("“{}” is distributed differently (shape {:.3f}): if its numbers are codes, train with "
                             "--categorical; if not, with --effort best.",
                             c.name, c.shape));
    add("columns", grade,
        fmt::format(
            "The categories of “{}” have other shares (shape {:.3f}): train with --effort best, or merge rare ones "
            "with --rare-min.",
            c.name, c.shape));
  }

  void pairs() {
    const std::vector<Trend> weak = weak_pairs(e_);
    for (std::size_t i = 0; i < std::min(kPairsNamed, weak.size()); ++i)
      add("pairs", weak[i].score < weak_pair(e_) - (kTrendGap.fair - kTrendGap.good) ? Grade::kPoor : Grade::kFair,
          fmt::format("“{}” and “{}” depend on each other in another way (trend {:.3f}): look at their heat maps; more "
                      "training (--effort best) is what helps.",
                      e_.comparison.columns[weak[i].first].name, e_.comparison.columns[weak[i].second].name,
                      weak[i].score));
    if (weak.size() > kPairsNamed)
      add("pairs", Grade::kFair,
          fmt::format("{} more pairs have a trend below {:.2f}.", weak.size() - kPairsNamed, weak_pair(e_)));
  }

  void rows() {
    const Score score = rows_score(e_);
    if (score.grade != Grade::kFair && score.grade != Grade::kPoor) return;
    std::string sentence = fmt::format(
        "A classifier can tell the rows from real ones (score {:.3f}): the weakest columns and pairs show it where to "
        "look",
        *score.value);
    const Headline* logistic = e_.headline("c2st_lr");
    if (score.name == "c2st_xgb" && logistic && logistic->value && *logistic->value > 1 - kRowsGap.good)
      sentence += "; a logistic regression cannot, so it is fine structure";
    add("rows", score.grade, sentence + ".");
  }

  void target() {
    const Score score = target_score(e_);
    if (score.grade != Grade::kFair && score.grade != Grade::kPoor) return;
    add("target", score.grade,
        fmt::format(
            "Learned from synthetic rows, “{}” is predicted with {:.3f}, learned from real ones with {:.3f}: look "
            "at its pairs, and train with --effort best.",
            e_.target->target, *score.value, score.real_rows && *score.real_rows ? **score.real_rows : score.high));
  }

  void training() {
    if (!model_) return;
    if (!model_->finished)
      add("training", Grade::kFair, "Training was stopped before it was done: go on with “meg train --resume”.");
    if (model_->preset == "classic")
      add("training", Grade::kFair,
          "The model is of the classic preset, noise alone: the default preset learns dependence far better.");
    if (model_->preset == "meg" && model_->effort == "fast")
      add("training", Grade::kFair,
          "The model was trained with --effort fast, its warm-up alone: the default adds the adversarial refinement.");
    if (model_->finished && model_->refinement_tried && !model_->refined)
      add("training", Grade::kFair,
          "The refinement made rows no better, so the warmed-up model was kept: another --seed or more rows may help.");
    if (model_->held_out_auc && *model_->held_out_auc > kToldApart)
      add("training", Grade::kFair,
          fmt::format("The model's own discriminator tells unseen real rows from generated ones with an AUC of {:.2f}: "
                      "train longer (--effort best).",
                      *model_->held_out_auc));
  }

  void what_is_not_known() {
    if (!e_.target)
      add("target", Grade::kUnknown,
          "Name the column that matters with --target: then the page says whether predictors can learn from the rows.");
    if (e_.privacy && !e_.privacy->held_out)
      add("privacy", Grade::kUnknown,
          "Keep some real rows away from training and give them with --test: only they can show that nothing was "
          "copied.");
    if (e_.real_rows < kFewRows)
      add("rows", Grade::kUnknown,
          fmt::format("The real table has only {} rows, so chance moves every number: read each beside what real rows "
                      "score.",
                      e_.real_rows));
    if (e_.synthetic_rows < e_.real_rows / 2)
      add("rows", Grade::kUnknown,
          fmt::format(
              "There are fewer synthetic rows ({}) than real ones ({}): with as many, the numbers are steadier.",
              e_.synthetic_rows, e_.real_rows));
  }

  const Evaluation& e_;
  const std::optional<ModelFacts>& model_;
  std::vector<Advice> out_;
};

}  // namespace

std::string_view grade_name(Grade grade) {
  static constexpr std::array<std::string_view, 4> names{"good", "fair", "poor", "unknown"};
  return names[static_cast<std::size_t>(grade)];
}

Verdict judge(const Evaluation& e) {
  Verdict out;
  out.scores.push_back(make_score(e, "shape", "Columns", "How alike is each column, taken alone? 1: the same"));
  out.scores.back().grade = grade_gap(out.scores.back(), kShapeGap);
  out.scores.push_back(
      make_score(e, "trend", "Pairs", "Do two columns depend on each other as in the real table? 1: the same"));
  out.scores.back().grade = grade_gap(out.scores.back(), kTrendGap);
  out.scores.push_back(rows_score(e));
  out.scores.push_back(target_score(e));
  out.scores.push_back(privacy_score(e));
  // Trees find what no person sees: alone they make nothing clearly different.
  const Grade shape = out.scores[0].grade, trend = out.scores[1].grade, rows = out.scores[2].grade,
              target = out.scores[3].grade;
  out.likeness = worse(worse(shape, trend), target);
  out.likeness = worse(out.likeness, rows == Grade::kPoor ? Grade::kFair : rows);
  out.privacy = out.scores[4].grade;
  out.title = likeness_title(out.likeness);
  out.privacy_title = privacy_title(out.privacy, e);
  out.sentences = verdict_sentences(e);
  return out;
}

std::vector<Advice> advise(const Evaluation& evaluation, const std::optional<ModelFacts>& model) {
  return Adviser(evaluation, model).all();
}

}  // namespace meg
