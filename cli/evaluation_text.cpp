#include "cli/evaluation_text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/terminal_text.h"
#include "core/measure/column_measures.h"

namespace meg::cli {

namespace {

constexpr std::size_t kMostColumns = 20, kMostPairs = 5, kMostTexts = 5, kMostRules = 10;
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

/// A column's numbers, those of one heading in one place.
std::string numbers_of(const ColumnComparison& column, bool coloured) {
  std::string out;
  for (const ColumnMeasure& measure : column_measures()) {
    const std::optional<Measured> value = measure.of(column);
    if (measure.terminal.empty() || !value) continue;
    if (measure.print == ColumnMeasure::Print::kShort)
      out += fmt::format(" {:>6}", *value ? fmt::format("{:.3f}", **value) : "-");
    else
      out += " " + score(*value, 7, coloured && measure.key == "shape");
  }
  return out;
}

void print_columns(const Comparison& c, bool coloured) {
  std::string head = fmt::format("{:<20}  {:<11}", "column, worst first", "type");
  std::string_view last;
  for (const ColumnMeasure& measure : column_measures()) {
    if (measure.terminal.empty() || measure.terminal == last) continue;
    last = measure.terminal;
    head += fmt::format(" {:>{}}", last, measure.print == ColumnMeasure::Print::kShort ? 6 : 7);
  }
  title(head, coloured);
  const auto order = worst(c.columns, kMostColumns, [](const ColumnComparison& column) { return column.shape; });
  for (const std::size_t i : order) {
    const ColumnComparison& column = c.columns[i];
    fmt::print("{}  {:<11}{}\n", fitted(column.name, 20), type_name(column.type), numbers_of(column, coloured));
  }
  if (order.size() < c.columns.size())
    fmt::print("and {} more of shape {:.4f} and above; --json has all\n", c.columns.size() - order.size(),
               c.columns[order.back()].shape);
}

/// The columns that no model learns, whose texts alone can be compared.
void print_texts(const Comparison& c, bool coloured) {
  if (c.texts.empty()) return;
  const std::size_t all = c.columns.size() + c.texts.size();
  title(fmt::format("{} of {} columns {} not learned: {}", c.texts.size(), all, c.texts.size() == 1 ? "is" : "are",
                    "new texts look like theirs"),
        coloured);
  fmt::print("{:<20}  {:<11} {:>7} {:>7} {:>10} {:>8}\n", "", "type", "shape", "length", "characters", "distinct");
  const auto order = worst(c.texts, kMostTexts, [](const TextComparison& text) { return text.shape(); });
  for (const std::size_t i : order) {
    const TextComparison& text = c.texts[i];
    fmt::print("{}  {:<11} {} {:>7.3f} {:>10.3f} {:>8.3f}\n", fitted(text.name, 20), type_name(text.type),
               score(text.shape(), 7, coloured), text.length, text.characters, text.distinct);
  }
  if (order.size() < c.texts.size()) fmt::print("and {} more; --json has all\n", c.texts.size() - order.size());
}

std::vector<Headline> of_section(const Evaluation& e, MeasureSection section) {
  std::vector<Headline> out;
  std::copy_if(e.headlines.begin(), e.headlines.end(), std::back_inserter(out),
               [&](const Headline& h) { return h.measure->section == section; });
  return out;
}

void print_reasons(const std::vector<Headline>& headlines) {
  for (const Headline& h : headlines)
    if (!h.value) fmt::print("{}: {}\n", h.measure->key, h.value.reason);
}

/// The remarks on the measures, each after the keys of those that it is of.
void print_notes(const std::vector<Headline>& headlines) {
  std::vector<std::pair<std::string, std::string>> notes;  // note, keys
  for (const Headline& h : headlines) {
    if (h.note.empty()) continue;
    const auto found = std::find_if(notes.begin(), notes.end(), [&](const auto& n) { return n.first == h.note; });
    if (found == notes.end())
      notes.emplace_back(h.note, h.measure->key);
    else
      found->second += fmt::format(", {}", h.measure->key);
  }
  for (const auto& [note, keys] : notes) fmt::print("{}: {}\n", keys, note);
}

/// Test rows, targets and privacy have sections of their own.
void print_scores(const Evaluation& e, bool coloured) {
  const std::vector<Headline> headlines = of_section(e, MeasureSection::kScores);
  const bool scale = std::any_of(headlines.begin(), headlines.end(),
                                 [](const Headline& h) { return h.real_against_real.has_value(); });
  title(fmt::format("{:<22}  {:<34} {:>9} {:>9}", "score, 1 is best", "", "synthetic", scale ? "real" : ""), coloured);
  for (const bool higher : {true, false}) {
    if (!higher) title("distance, 0 is best", coloured);
    for (const Headline& h : headlines) {
      if (h.measure->higher_is_better != higher) continue;
      const Measured real = h.real_against_real.value_or(Measured());
      fmt::print("{:<22}  {:<34} {} {:>9}\n", h.measure->key, h.measure->label,
                 score(h.value, 9, coloured && higher, real.value.value_or(1)),
                 h.real_against_real ? number(real) : "");
    }
  }
  print_reasons(headlines);
  if (scale) fmt::print("real: one half of the real table as if it were synthetic to the other\n");
  print_notes(headlines);
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

/// Those that were stated, all of them: how many rows break each.
void print_stated_rules(const std::vector<Rule>& rules, bool coloured) {
  if (rules.empty()) return;
  title(fmt::format("{:<59} {:>9} {:>9}", "stated rules, rows that break them", "synthetic", "real"), coloured);
  for (const Rule& rule : rules)
    fmt::print("{} {:>9} {:>9}\n", fitted(rule.text, 59), rule.synthetic_broken, rule.real_broken);
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

/// A line of a section of its own.
void print_line(std::string_view what, const std::string& figures) { fmt::print("  {:<42}  {}\n", what, figures); }

void print_test_rows(const Evaluation& e, bool coloured) {
  title("test rows, which nobody learned", coloured);
  if (!e.test_rows) {
    fmt::print(
        "  not given: only with --test FILE is known whether synthetic rows can be told\n"
        "  from new real ones; c2st_lr and c2st_xgb are of rows that the model learned\n");
    return;
  }
  const std::vector<Headline> headlines = of_section(e, MeasureSection::kTestRows);
  for (const Headline& h : headlines) print_line(h.measure->heading, h.text);
  const TestTwoSample& t = *e.test_rows;
  if (t.auc) {
    print_line("the same, test or real: control", number(t.control));
    fmt::print("learned {} real and {} synthetic rows; asked about {} of either kind\n", t.real_rows, t.synthetic_rows,
               t.test_rows);
  }
  print_reasons(headlines);
  print_notes(headlines);
}

void print_target(const Evaluation& e, bool has_test, bool coloured) {
  const TargetEfficacy& t = *e.target;
  std::vector<Headline> headlines = of_section(e, MeasureSection::kTarget);
  std::stable_partition(headlines.begin(), headlines.end(),
                        [](const Headline& h) { return !h.measure->higher_is_better; });
  std::string line = fitted(shortened(t.target, 16) + " predicted by trees", 40);
  for (const Headline& h : headlines) line += fmt::format("{:>9}", h.measure->heading);
  title(line, coloured);
  fmt::print("{:<40}", "  learned from synthetic rows");
  for (const Headline& h : headlines) fmt::print("{:>9}", number(h.value));
  fmt::print("\n{:<40}", has_test ? "  learned from real rows" : "  learned from real rows, in three folds");
  for (const Headline& h : headlines) fmt::print("{:>9}", number(h.real_against_real.value_or(Measured())));
  fmt::print("\n");
  print_reasons(headlines);
  print_notes(headlines);
  fmt::print("{} synthetic and {} real rows taught, {} {} rows asked\n", t.synthetic.train_rows, t.real.train_rows,
             t.synthetic.test_rows, has_test ? "test" : "real");
}

void print_privacy(const Evaluation& e, bool coloured) {
  const Privacy& p = *e.privacy;
  title("privacy", coloured);
  const std::vector<Headline> headlines = of_section(e, MeasureSection::kPrivacy);
  for (const Headline& h : headlines) print_line(h.measure->heading, h.measure->text ? h.text : number(h.value));
  print_reasons(headlines);
  print_notes(headlines);
  if (!p.held_out) return;
  const ClosestRecord& c = p.held_out->closest;
  const Membership& m = p.held_out->membership;
  print_line("median distance to closest real / held-out",
             fmt::format("{:.4f} / {:.4f}", c.train.median_distance, c.held_out.median_distance));
  print_line("median ratio, closest to second closest",
             fmt::format("{:.3f} / {:.3f}", c.train.median_ratio, c.held_out.median_ratio));
  print_line("identical with one of these rows",
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
  print_texts(e.comparison, coloured);
  print_columns(e.comparison, coloured);
  if (e.rows) print_test_rows(e, coloured);
  print_scores(e, coloured);
  print_pairs(e.comparison, coloured);
  std::vector<Rule> stated = e.rules;
  const auto found = std::stable_partition(stated.begin(), stated.end(), [](const Rule& r) { return r.is_stated; });
  print_rules({found, stated.end()}, coloured);
  stated.erase(found, stated.end());
  print_stated_rules(stated, coloured);
  if (e.target) print_target(e, has_test, coloured);
  if (e.privacy) print_privacy(e, coloured);
}

}  // namespace meg::cli
