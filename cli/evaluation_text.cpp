#include "cli/evaluation_text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal_text.h"

namespace meg::cli {

namespace {

constexpr std::size_t kMostColumns = 20, kMostPairs = 5, kMostSkipped = 5, kMostRules = 10;
/// Scores that are so much below the best catch the eye.
constexpr double kGap = 0.05, kWideGap = 0.1;

bool is_coloured() {
  const char *no_colour = std::getenv("NO_COLOR"), *terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) != 0 && (!no_colour || !*no_colour) && terminal &&
         std::string_view(terminal) != "dumb";
}

/// A number of at most 7 places; "-" where there is none.
std::string number(const Measured& x) {
  if (!x) return "-";
  return std::abs(*x) < 10 ? fmt::format("{:.4f}", *x) : fmt::format("{:.4g}", *x);
}

/// The same, right-aligned, in yellow or red where a score is below the best that can be expected.
std::string score(const Measured& x, int width, bool coloured, double best = 1) {
  const std::string text = fmt::format("{:>{}}", number(x), width);
  if (!coloured || !x || *x >= best - kGap) return text;
  return fmt::format("\x1b[{}m{}\x1b[0m", *x < best - kWideGap ? 31 : 33, text);
}

void title(std::string_view text, bool coloured) {
  fmt::print("\n{}{}{}\n", coloured ? "\x1b[1m" : "", text, coloured ? "\x1b[0m" : "");
}

/// Places of `items`, those of the smallest value first, at most `most`.
template <class Items, class Value>
std::vector<std::size_t> worst(const Items& items, std::size_t most, Value value) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return value(items[a]) < value(items[b]); });
  order.resize(std::min(order.size(), most));
  return order;
}

void print_columns(const Comparison& c, bool coloured) {
  title(fmt::format("{:<20}  {:<11} {:>7} {:>7} {:>7} {:>7} {:>6} {:>6}", "column, worst first", "type", "shape", "KS",
                    "Wasser", "JS", "cover", "valid"),
        coloured);
  const auto short_score = [](const Measured& x) { return x ? fmt::format("{:.3f}", *x) : "-"; };
  const auto order = worst(c.columns, kMostColumns, [](const ColumnComparison& column) { return column.shape; });
  for (const std::size_t i : order) {
    const ColumnComparison& column = c.columns[i];
    fmt::print("{}  {:<11} {} {:>7} {:>7} {:>7} {:>6} {:>6}\n", fitted(column.name, 20), type_name(column.type),
               score(column.shape, 7, coloured), number(column.ks), number(column.wasserstein),
               number(column.jensen_shannon), short_score(column.coverage), short_score(column.adherence));
  }
  if (order.size() < c.columns.size())
    fmt::print("and {} more of shape {:.4f} and above; --json has all\n", c.columns.size() - order.size(),
               c.columns[order.back()].shape);
  for (std::size_t i = 0; i < std::min(c.skipped.size(), kMostSkipped); ++i)
    fmt::print("{} is not compared: an identifier or free text\n", shortened(c.skipped[i], 32));
  if (c.skipped.size() > kMostSkipped) fmt::print("nor are {} more\n", c.skipped.size() - kMostSkipped);
}

/// Targets and privacy have sections of their own.
void print_scores(const Evaluation& e, bool coloured) {
  const auto is_shown = [](const Headline& h) {
    return h.group == HeadlineGroup::kColumns || h.group == HeadlineGroup::kRows;
  };
  const bool scale = std::any_of(e.headlines.begin(), e.headlines.end(),
                                 [&](const Headline& h) { return is_shown(h) && h.real_against_real; });
  title(fmt::format("{:<22}  {:<34} {:>9} {:>9}", "score, 1 is best", "", "synthetic", scale ? "real" : ""), coloured);
  for (const bool higher : {true, false}) {
    if (!higher) title("distance, 0 is best", coloured);
    for (const Headline& h : e.headlines) {
      if (!is_shown(h) || h.higher_is_better != higher) continue;
      const Measured real = h.real_against_real.value_or(Measured());
      fmt::print("{:<22}  {:<34} {} {:>9}\n", h.name, h.label,
                 score(h.value, 9, coloured && higher, real.value.value_or(1)),
                 h.real_against_real ? number(real) : "");
    }
  }
  for (const Headline& h : e.headlines)
    if (is_shown(h) && !h.value) fmt::print("{}: {}\n", h.name, h.value.reason);
  if (scale) fmt::print("real: one half of the real table as if it were synthetic to the other\n");
  if (!e.rows) return;
  const std::size_t most = std::max(e.real_rows, e.synthetic_rows);
  if (e.rows->classifier_rows < most)
    fmt::print("c2st_lr, c2st_xgb: a sample of at most {} rows of each table\n", e.rows->classifier_rows);
  if (e.rows->neighbour_rows < most)
    fmt::print("alpha_precision, beta_recall: a sample of {} rows of each table\n", e.rows->neighbour_rows);
}

void print_pairs(const Comparison& c, bool coloured) {
  if (c.trends.empty()) return;
  title(fmt::format("{:<34} {:<34} {:>9}", "weakest pairs", "", "trend"), coloured);
  for (const std::size_t i : worst(c.trends, kMostPairs, [](const Trend& t) { return t.score; })) {
    const Trend& t = c.trends[i];
    fmt::print("{} {} {}\n", fitted(c.columns[t.first].name, 34), fitted(c.columns[t.second].name, 34),
               score(t.score, 9, coloured));
  }
}

void print_rules(const std::vector<Rule>& rules, bool coloured) {
  if (rules.empty()) return;
  title(fmt::format("{:<59} {:>9} {:>9}", "rules of the real table, share of rows", "synthetic", "real"), coloured);
  const auto kept = [](const Rule& rule) { return std::isnan(rule.synthetic) ? 1 : rule.synthetic; };
  for (const std::size_t i : worst(rules, kMostRules, kept))
    fmt::print("{} {} {:>9}\n", fitted(rules[i].text, 59), score(rules[i].synthetic, 9, coloured, rules[i].real),
               number(rules[i].real));
  if (rules.size() > kMostRules)
    fmt::print("and {} more that as many keep or more; --json has all\n", rules.size() - kMostRules);
}

void print_target(const TargetEfficacy& t, bool has_test, bool coloured) {
  const bool regression = t.real.task == EfficacyTask::kRegression;
  const auto heads = regression ? std::vector{"RMSE", "R2"} : std::vector{"AUC", "F1", "macro F1", "accuracy"};
  std::string line = fitted(shortened(t.target, 16) + " predicted by trees", 40);
  for (const char* head : heads) line += fmt::format("{:>9}", head);
  title(line, coloured);
  const auto print_line = [&](const char* what, const Efficacy& of) {
    fmt::print("{:<40}", what);
    const auto values = regression ? std::vector{of.rmse, of.r2} : std::vector{of.auc, of.f1, of.macro_f1, of.accuracy};
    for (const double x : values) fmt::print("{:>9}", number(x));
    fmt::print("\n");
  };
  print_line("  learned from synthetic rows", t.synthetic);
  print_line(has_test ? "  learned from real rows" : "  learned from real rows, in three folds", t.real);
  fmt::print("{} synthetic and {} real rows taught, {} {} rows asked\n", t.synthetic.train_rows, t.real.train_rows,
             t.synthetic.test_rows, has_test ? "test" : "real");
}

void print_privacy(const Privacy& p, bool coloured) {
  title("privacy", coloured);
  const auto line = [](const char* what, const std::string& figures) { fmt::print("  {:<42}  {}\n", what, figures); };
  line("rows identical with one of the real table",
       p.held_out ? fmt::format("{:.3f} %  (held-out: {:.3f} %)", 100 * p.identical, 100 * p.held_out->identical)
                  : fmt::format("{:.3f} %", 100 * p.identical));
  if (!p.held_out) return;
  const ClosestRecord& c = p.held_out->closest;
  const Membership& m = p.held_out->membership;
  line("share nearer to a real than a held-out row",
       fmt::format("{:.3f} +- {:.3f}  (0.5: no copying)", c.share, c.share_error));
  line("AUC of guessing who was in the real table",
       fmt::format("{:.3f} +- {:.3f}  (0.5: no telling)", m.auc, m.auc_error));
  line("median distance to closest real / held-out",
       fmt::format("{:.4f} / {:.4f}", c.train.median_distance, c.held_out.median_distance));
  line("median ratio, closest to second closest",
       fmt::format("{:.3f} / {:.3f}", c.train.median_ratio, c.held_out.median_ratio));
  line("identical with one of these rows",
       fmt::format("{:.3f} % / {:.3f} %", 100 * c.train.identical, 100 * c.held_out.identical));
  fmt::print("{} synthetic rows looked for the closest of {} in {} real rows\nand of as many held-out ones\n",
             c.synthetic_rows, c.real_rows, p.real_rows);
  fmt::print("AUC: {} real rows, as many held-out ones, {} synthetic rows\n", m.real_rows, m.synthetic_rows);
  if (p.held_out->identical > 0.5)
    fmt::print(
        "most held-out rows equal rows of the real table, so they say nothing:\n"
        "give rows that the model has not seen\n");
  else if (p.held_out->drift)
    fmt::print(
        "held-out rows differ from real ones in '{}' (shape {:.3f}), so they say\n"
        "nothing: draw both at random from one table\n",
        shortened(p.held_out->drift->column, 20), p.held_out->drift->shape);
}

}  // namespace

void print_evaluation(const Evaluation& e, bool has_test) {
  const bool coloured = is_coloured();
  fmt::print("{} real rows, {} synthetic rows\n", e.real_rows, e.synthetic_rows);
  print_columns(e.comparison, coloured);
  print_scores(e, coloured);
  print_pairs(e.comparison, coloured);
  print_rules(e.rules, coloured);
  if (e.target) print_target(*e.target, has_test, coloured);
  if (e.privacy) print_privacy(*e.privacy, coloured);
}

}  // namespace meg::cli
