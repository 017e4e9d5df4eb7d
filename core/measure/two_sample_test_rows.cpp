#include "core/measure/two_sample_test_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "core/measure/boosted_trees.h"
#include "core/measure/features.h"
#include "core/measure/registry.h"
#include "core/measure/roc_auc.h"
#include "core/measure/sample.h"
#include "core/measure/two_sample.h"
#include "core/parallel.h"

namespace meg {

namespace {

/// Trees whose leaves weigh 20 learn nothing from fewer rows: a row weighs a quarter at most, and a fifth sits out.
constexpr std::size_t kFewestLearned = 200;
/// Synthetic rows that are learned, as a share of the real ones: of fewer the trees would learn the real rows alone.
constexpr double kFewestSynthetic = 0.25;
/// The position of the words that shuffle the real rows, behind those of MeasureContext's samples.
constexpr std::uint32_t kShuffle = 7;
/// Controls of other thirds, of which the mean is taken: one alone varies more than the AUC.
constexpr std::size_t kTurns = 3;
constexpr double kDay = 86400;

constexpr TreeOptions kTrees{.classes = 2,
                             .rounds = 300,
                             .depth = 6,
                             .learning_rate = 0.05,
                             .subsample = 0.8,
                             .columns_by_tree = 0.7,
                             .least_child_weight = 20};

using Rows = std::vector<std::size_t>;

Rows range(std::size_t begin, std::size_t end) {
  Rows out(end - begin);
  std::iota(out.begin(), out.end(), begin);
  return out;
}

/// Monday is 0, as in pandas; the first day of 1970 was a Thursday.
double weekday(double seconds) {
  const double days = std::floor(seconds / kDay) + 3;
  return days - 7 * std::floor(days / 7);
}

double second_of_day(double seconds) { return seconds - kDay * std::floor(seconds / kDay); }

/// The columns of all rows: those of the real table, then the test rows, then the synthetic ones.
FeatureMatrix read_features(const Table& real, const Table& test, const Table& synthetic, const Schema& schema) {
  std::vector<std::vector<double>> columns;
  for (const ColumnSchema& column : schema) {
    if (!is_modelled(column.type)) continue;
    columns.push_back(read_feature(column, {{&real, "real"}, {&test, "test"}, {&synthetic, "synthetic"}}));
    if (column.type != ColumnType::kDatetime) continue;
    const std::vector<double> seconds = columns.back();
    for (double (*const part)(double) : {weekday, second_of_day}) {
      columns.emplace_back(seconds.size());
      std::transform(seconds.begin(), seconds.end(), columns.back().begin(), part);
    }
  }
  return make_features(columns);
}

/// Two kinds of rows to learn, and two to be asked about.
struct Question {
  Rows learned_real, learned_other, asked_real, asked_other;
};

/// Appends `other` behind `real`; the labels are 0 and 1.
template <class Label>
std::vector<Label> join(Rows& real, const Rows& other) {
  std::vector<Label> labels(real.size() + other.size(), Label{0});
  std::fill(labels.begin() + static_cast<std::ptrdiff_t>(real.size()), labels.end(), Label{1});
  real.insert(real.end(), other.begin(), other.end());
  return labels;
}

double area(const FeatureMatrix& rows, Question q) {
  const auto targets = join<float>(q.learned_real, q.learned_other);
  const auto labels = join<int>(q.asked_real, q.asked_other);
  const BoostedTrees trees(select_rows(rows, q.learned_real), targets, kTrees);
  return roc_auc(trees.predict(select_rows(rows, q.asked_real)), labels);
}

/// The shuffled real rows in thirds, which take turns in being asked about.
Question ask_control(const Rows& shuffled, const Rows& test, std::size_t turn) {
  const std::size_t third = shuffled.size() / kTurns;
  const auto part = [&](std::size_t i) {
    const auto begin = shuffled.begin() + static_cast<std::ptrdiff_t>(i % kTurns * third);
    return Rows(begin, begin + static_cast<std::ptrdiff_t>(third));
  };
  Question out{part(turn), part(turn + 1), test, part(turn + 2)};
  out.asked_other.resize(std::min(out.asked_other.size(), test.size()));
  return out;
}

/// Why rows cannot be told apart; empty where they can.
std::string obstacle(const TestTwoSample& t, const Schema& schema, std::size_t all_synthetic_rows) {
  if (std::none_of(schema.begin(), schema.end(), [](const ColumnSchema& c) { return is_modelled(c.type); }))
    return "no column is left to tell rows apart by";
  if (!BoostedTrees::available()) return BoostedTrees::kMissing;
  if (t.test_rows == 0) return "the test table has no row";
  if (static_cast<double>(t.synthetic_rows) < kFewestSynthetic * static_cast<double>(t.real_rows))
    return fmt::format("{} synthetic rows are too few: make {}", all_synthetic_rows, t.real_rows + t.test_rows);
  if (t.real_rows + t.synthetic_rows < kFewestLearned)
    return fmt::format("trees need {} rows to learn, and there are {}", kFewestLearned, t.real_rows + t.synthetic_rows);
  return "";
}

std::string test_note(const MeasureContext& context) {
  const TestTwoSample& t = context.get<TestTwoSample>(two_sample_test_rows);
  if (!t.auc) return "";
  std::string out;
  if (t.synthetic_rows < t.real_rows)
    out = fmt::format("make {} synthetic rows, then as many are learned", t.real_rows + t.test_rows);
  if (t.real_rows < context.real().rows() || t.test_rows < context.options().test->rows())
    out += fmt::format("{}samples of real and of test rows", out.empty() ? "" : "; ");
  return out;
}

}  // namespace

TestTwoSample two_sample_test_rows(const Table& real, const Table& test, const Table& synthetic, const Schema& schema,
                                   std::uint64_t seed, int threads) {
  const std::size_t asked = test.rows(), all = synthetic.rows();
  TestTwoSample out;
  out.auc_error = asked > 0 ? roc_auc_error(asked) : 0;
  out.real_rows = real.rows();
  out.synthetic_rows = std::min(real.rows(), all > asked ? all - asked : 0);
  out.test_rows = asked;
  const std::string why = obstacle(out, schema, all);
  if (!why.empty()) {
    out.auc = out.control = Measured::none(why);
    return out;
  }
  const std::size_t test_begin = real.rows(), begin = test_begin + asked, middle = begin + out.synthetic_rows;
  const FeatureMatrix rows = read_features(real, test, synthetic.take(range(0, out.synthetic_rows + asked)), schema);
  const Rows test_rows = range(test_begin, begin);
  const Rows shuffled = shuffle_rows(real.rows(), seed, kShuffle);
  std::array<double, 1 + kTurns> areas{};
  parallel_for(areas.size(), threads, [&](std::size_t i) {
    areas[i] = i == 0
                   ? area(rows, {range(0, test_begin), range(begin, middle), test_rows, range(middle, middle + asked)})
                   : area(rows, ask_control(shuffled, test_rows, i - 1));
  });
  out.auc = areas[0];
  out.control = std::accumulate(areas.begin() + 1, areas.end(), 0.0) / kTurns;
  return out;
}

TestTwoSample two_sample_test_rows(const MeasureContext& context) {
  const std::size_t rows = two_sample_rows(context);
  return two_sample_test_rows(context.sample_real(rows), context.sample_unseen(*context.options().test, rows),
                              context.synthetic(), context.schema(), context.options().seed, context.options().threads);
}

constinit const Measure measures::c2st_test_auc{
    .key = "c2st_test_auc",
    .label = "AUC of trees on test rows",
    .meaning =
        "The area under the ROC curve of boosted trees that tell synthetic rows from test rows, which no model has "
        "learned; of real rows: with them in the place of the synthetic ones. 0.5 is cannot tell.",
    .higher_is_better = false,
    .best = "0.5",
    .needs = {.thorough = true, .test = true, .trees = true},
    .compute = [](const MeasureContext& c) { return c.get<TestTwoSample>(two_sample_test_rows).auc; },
    .of_real_rows = [](const MeasureContext& c) -> std::optional<Measured> {
      return c.get<TestTwoSample>(two_sample_test_rows).control;
    },
    .card = OnCard{.card = Card::kRows,
                   .question = "AUC of trees that tell them from rows nobody learned; 0.5: they cannot",
                   .low = 0.5},
    .section = MeasureSection::kTestRows,
    .heading = "AUC of trees, test or synthetic",
    .text =
        [](const MeasureContext& c) {
          const TestTwoSample& t = c.get<TestTwoSample>(two_sample_test_rows);
          return t.auc ? fmt::format("{:.4f} +- {:.4f}  (0.5: cannot tell)", *t.auc, t.auc_error) : "-";
        },
    .note = test_note};

}  // namespace meg
