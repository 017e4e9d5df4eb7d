#include "core/report/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/measure/registry.h"
#include "core/report/grade.h"

namespace meg {

namespace {

constexpr double kMembershipPoor = 0.05, kMembershipErrors = 3;
constexpr double kMissingDiffers = 0.03, kOutside = 0.01, kUncovered = 0.2;
/// Chance, too, puts a share of new values outside the range of the real ones: more than this over the number of real
/// rows in one of a thousand columns (a gamma distribution of shape 2).
constexpr double kOutsideByChance = 9.2;
constexpr double kToldApart = 0.60;  ///< AUC of the model's own discriminator
/// Rows that break a rule, more than real ones do; beyond so many standard errors.
constexpr double kRuleFair = 0.02, kRulePoor = 0.1, kRuleErrors = 3;
constexpr std::size_t kColumnsNamed = 3, kPairsNamed = 2, kRulesNamed = 2;
constexpr std::size_t kFewRows = 1000;

/// How much less than good is weak.
double width(const Measure& measure) { return measure.gap->fair - measure.gap->good; }

/// The part of the page that a measure is advised on in.
const char* about(const Measure& measure) {
  switch (measure.section) {
    case MeasureSection::kTarget: return "target";
    case MeasureSection::kPrivacy: return "privacy";
    case MeasureSection::kTestRows:
    case MeasureSection::kScores: break;
  }
  return measure.needs.thorough ? "rows" : "columns";
}

std::string more(std::size_t count, const char* one, const char* several) {
  return fmt::format("{} more {}", count, count == 1 ? one : several);
}

class Adviser {
 public:
  Adviser(const Evaluation& evaluation, const Verdict& verdict, const std::optional<ModelFacts>& model)
      : e_(evaluation), verdict_(verdict), model_(model) {}

  std::vector<Advice> all() {
    privacy();
    columns();
    pairs();
    rules();
    measures_of_no_card();
    rows();
    shown(verdict_.usefulness);
    training();
    const bool weak = !out_.empty();
    what_is_not_known();
    if (!weak && verdict_.likeness != Grade::kUnknown)
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
    if (p.held_out && are_seen(*p.held_out))
      return add(
          "privacy", Grade::kFair,
          "Most of the unseen rows equal rows of the real table, so copying cannot be measured: give rows that the "
          "model has not learned from.");
    const Grade copies = grade_copies(e_);
    if (copies == Grade::kFair || copies == Grade::kPoor)
      add("privacy", copies,
          fmt::format(
              "{:.2f} % of the rows equal a training row, where {:.2f} % would be chance: do not hand the rows on "
              "before you know why.",
              100 * p.identical, 100 * *expected_copies(e_)));
    if (!p.held_out) return;
    if (p.held_out->drift)
      return add(
          "privacy", Grade::kFair,
          fmt::format("The unseen rows differ from the real ones in “{}” (shape {:.3f}), so copying cannot be measured "
                      "beside them: draw the rows to keep from training at random.",
                      p.held_out->drift->column, p.held_out->drift->shape));
    const Grade closest = grade_closest(p);
    if (closest == Grade::kFair || closest == Grade::kPoor)
      add("privacy", closest,
          fmt::format("{:.1f} % of the rows are nearer to a training row than to any unseen one, where 50 % is no "
                      "copying: train on more rows or for fewer --epochs.",
                      100 * p.held_out->closest.share));
    const Membership& m = p.held_out->membership;
    if (m.auc - 0.5 > std::max(kMembershipPoor, kMembershipErrors * m.auc_error))
      add("privacy", Grade::kPoor,
          fmt::format(
              "Who was in the training table can be guessed with an AUC of {:.3f}: train on more rows or for fewer "
              "--epochs.",
              m.auc));
  }

  bool is_outside(const ColumnComparison& c) const {
    return c.adherence && 1 - *c.adherence > std::max(kOutside, kOutsideByChance / static_cast<double>(e_.real_rows));
  }

  void columns() {
    std::vector<const ColumnComparison*> weak;
    for (const ColumnComparison& c : e_.comparison.columns)
      if (c.shape < weak_column(e_) || c.missing_similarity < 1 - kMissingDiffers || is_outside(c)) weak.push_back(&c);
    std::stable_sort(weak.begin(), weak.end(), [](const auto* a, const auto* b) { return a->shape < b->shape; });
    for (std::size_t i = 0; i < std::min(kColumnsNamed, weak.size()); ++i) column(*weak[i]);
    if (weak.size() > kColumnsNamed)
      add("columns", Grade::kFair,
          fmt::format("{}: sort the columns by “worst first” and look at what they have in common.",
                      more(weak.size() - kColumnsNamed, "column is weak", "columns are weak")));
  }

  void column(const ColumnComparison& c) {
    const Grade grade = c.shape < weak_column(e_) - width(measures::shape) ? Grade::kPoor : Grade::kFair;
    if (c.missing_similarity < 1 - kMissingDiffers)
      return add(
          "columns", grade,
          fmt::format("“{}” is missing in {:.1f} % of the rows, in the real table in {:.1f} %: check how missing "
                      "values are spelled in both files.",
                      c.name, 100 * c.missing_synthetic, 100 * c.missing_real));
    if (is_outside(c))
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
      add("pairs", weak[i].score < weak_pair(e_) - width(measures::trend) ? Grade::kPoor : Grade::kFair,
          fmt::format("“{}” and “{}” depend on each other in another way (trend {:.3f}): look at their heat maps; more "
                      "training (--effort best) is what helps.",
                      e_.comparison.columns[weak[i].first].name, e_.comparison.columns[weak[i].second].name,
                      weak[i].score));
    if (weak.size() > kPairsNamed)
      add("pairs", Grade::kFair,
          fmt::format("{} a trend below {:.2f}.", more(weak.size() - kPairsNamed, "pair has", "pairs have"),
                      weak_pair(e_)));
  }

  void rules() {
    std::vector<Rule> broken;
    for (const Rule& rule : e_.rules) {
      const double error = std::sqrt(rule.synthetic * (1 - rule.synthetic) / static_cast<double>(rule.synthetic_rows));
      if (rule.real - rule.synthetic > kRuleFair + kRuleErrors * error) broken.push_back(rule);
    }
    std::stable_sort(broken.begin(), broken.end(),
                     [](const Rule& a, const Rule& b) { return a.real - a.synthetic > b.real - b.synthetic; });
    for (std::size_t i = 0; i < std::min(kRulesNamed, broken.size()); ++i)
      add("pairs", broken[i].real - broken[i].synthetic > kRulePoor ? Grade::kPoor : Grade::kFair,
          fmt::format("“{}” is so in {:.1f} % of the rows that it speaks of, in the real table in {:.1f} %: {}.",
                      broken[i].text, 100 * broken[i].synthetic, 100 * broken[i].real,
                      broken[i].is_stated     ? "train with --rule, which keeps it in every row"
                      : broken[i].is_relation ? "the default preset keeps it, without --masks dynamic and --rare-min"
                                              : "more training (--effort best) is what helps"));
    if (broken.size() > kRulesNamed)
      add("pairs", Grade::kFair,
          fmt::format("{} broken more often than in the real table: they are among all numbers.",
                      more(broken.size() - kRulesNamed, "rule is", "rules are")));
  }

  void rows() {
    const Score& score = verdict_.rows;
    const bool asked = score.grade != Grade::kUnknown;
    const Headline* learned = classifier_of_learned_rows(e_);
    const Grade grade = asked ? score.grade : learned ? grade_gap(*learned) : Grade::kUnknown;
    if (grade != Grade::kFair && grade != Grade::kPoor) return;
    std::string sentence =
        asked ? fmt::format("Boosted trees can tell the rows from rows that nobody learned (AUC {:.3f}", *score.value)
              : fmt::format("A classifier can tell the rows even from those that were learned (score {:.3f}",
                            *learned->value);
    sentence += "): the weakest columns and pairs show it where to look";
    const Headline* logistic = e_.headline("c2st_lr");
    if (logistic && logistic != learned && logistic->value && *logistic->value > 1 - measures::c2st_lr.gap->good)
      sentence += "; a logistic regression cannot, so it is fine structure";
    add("rows", grade, sentence + ".");
  }

  /// What a measure advises where it is weak beside real rows.
  void measure(const Headline& h) {
    const Grade grade = grade_gap(h);
    if (h.measure->advice.empty() || !h.real_against_real || !*h.real_against_real) return;
    if (grade != Grade::kFair && grade != Grade::kPoor) return;
    add(about(*h.measure), grade,
        fmt::format(fmt::runtime(h.measure->advice), fmt::arg("value", *h.value),
                    fmt::arg("real", **h.real_against_real), fmt::arg("target", e_.target ? e_.target->target : "")));
  }

  void measures_of_no_card() {
    for (const Headline& h : e_.headlines)
      if (!h.measure->card) measure(h);
  }

  /// Of the measures that share a card, the one that it shows.
  void shown(const Score& score) {
    if (const Headline* h = e_.headline(score.name)) measure(*h);
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
    if (e_.test_rows && !e_.test_rows->auc)
      add("rows", Grade::kUnknown,
          fmt::format("Whether whole rows can be told from rows that nobody learned is not known: {}.",
                      e_.test_rows->auc.reason));
    if (!e_.target)
      add("target", Grade::kUnknown,
          "Name the column that matters with --target: then the page says whether predictors can learn from the rows.");
    if (e_.privacy && !e_.privacy->held_out)
      add("privacy", Grade::kUnknown,
          "Keep some real rows away from training and give them with --test: only they can show whether whole rows "
          "are like real ones, and whether rows were copied.");
    if (e_.privacy && e_.privacy->held_out && !says_nothing(*e_.privacy->held_out) &&
        grade_closest(*e_.privacy) == Grade::kUnknown)
      add("privacy", Grade::kUnknown, too_few_unseen(*e_.privacy));
    if (e_.real_rows < kFewRows)
      add("rows", Grade::kUnknown,
          fmt::format("The real table has only {} row{}, so chance moves every number: read each beside what real rows "
                      "score.",
                      e_.real_rows, e_.real_rows == 1 ? "" : "s"));
    if (e_.synthetic_rows < e_.real_rows / 2)
      add("rows", Grade::kUnknown,
          fmt::format(
              "There are fewer synthetic rows ({}) than real ones ({}): with as many, the numbers are steadier.",
              e_.synthetic_rows, e_.real_rows));
  }

  static std::string too_few_unseen(const Privacy& p) {
    const auto [copied, error] = copied_share(p);
    return fmt::format(
        "Beside {} unseen rows it would not show if {:.0f} % of the rows were copies: train on one half of the table "
        "and give the other with --test.",
        p.held_out->closest.real_rows, 100 * std::min(1.0, copied + 2 * error));
  }

  const Evaluation& e_;
  const Verdict& verdict_;
  const std::optional<ModelFacts>& model_;
  std::vector<Advice> out_;
};

}  // namespace

std::vector<Advice> advise(const Evaluation& evaluation, const Verdict& verdict,
                           const std::optional<ModelFacts>& model) {
  return Adviser(evaluation, verdict, model).all();
}

}  // namespace meg
