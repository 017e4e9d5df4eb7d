#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/measure/registry.h"
#include "core/report/cut_column.h"
#include "core/report/report.h"
#include "meg/error.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using doctest::Approx;
using Json = nlohmann::json;

namespace {

Table table(const std::string& csv) { return parse_csv(csv, "t.csv"); }

/// A table of one column.
Table column_of(const std::vector<std::string>& cells) { return test::text_column("x", cells); }

CutColumn cut(const Table& real, const Table& synthetic, const BarLimits& limits, const AskedTypes& types = {}) {
  const Schema schema = infer_schema(real, types);
  return ReportColumn(schema[0], real, synthetic).cut(limits);
}

std::vector<std::string> numbers(const test::Floats& z, double scale, int decimals) {
  std::vector<std::string> out;
  for (const float x : z) out.push_back(fmt::format("{:.{}f}", scale * static_cast<double>(x), decimals));
  return out;
}

/// An evaluation in which all is as real rows score, to be spoiled by the tests.
Evaluation good_evaluation() {
  Evaluation e;
  e.real_rows = e.synthetic_rows = 5000;
  for (const char* name : {"a", "b", "c"}) {
    ColumnComparison column;
    column.name = name, column.type = ColumnType::kDecimal, column.shape = 0.99;
    column.coverage = 1.0, column.adherence = 1.0;
    e.comparison.columns.push_back(column);
  }
  e.comparison.trends = {{0, 1, 0.99}, {0, 2, 0.985}, {1, 2, 0.99}};
  const auto headline = [&](const char* name, double value, double real) {
    Headline h;
    h.measure = find_measure(name);
    h.value = value;
    h.real_against_real = real;
    e.headlines.push_back(h);
  };
  headline("shape", 0.99, 0.99);
  headline("trend", 0.988, 0.99);
  headline("c2st_test_auc", 0.51, 0.5);
  headline("c2st_lr", 1, 1);
  headline("c2st_xgb", 0.97, 1);
  headline("auc", 0.91, 0.92);
  headline("identical", 0.001, 0.001);
  headline("closest_share", 0.505, 0.5);
  e.test_rows = TestTwoSample{
      .auc = 0.51, .control = 0.5, .auc_error = 0.0065, .real_rows = 5000, .synthetic_rows = 3000, .test_rows = 2000};
  e.target = TargetEfficacy{.target = "c", .synthetic = {}, .real = {}};
  e.privacy = Privacy{.real_rows = 5000, .identical = 0.001, .held_out = {}};
  e.privacy->held_out = Privacy::HeldOut{.identical = 0.001, .drift = {}, .closest = {}, .membership = {}};
  e.privacy->held_out->closest.share = 0.505, e.privacy->held_out->closest.share_error = 0.01;
  e.privacy->held_out->closest.real_rows = 5000;
  e.privacy->held_out->membership.auc = 0.5, e.privacy->held_out->membership.auc_error = 0.01;
  return e;
}

void set_value(Evaluation& e, const std::string& name, double value) {
  for (Headline& h : e.headlines)
    if (h.measure->key == name) h.value = value;
  if (name == "c2st_test_auc") e.test_rows->auc = value;
}

/// As it is without test rows.
void drop_test_rows(Evaluation& e) {
  std::erase_if(e.headlines, [](const Headline& h) { return h.measure->key == "c2st_test_auc"; });
  e.test_rows.reset();
}

/// The only sentence, which speaks of `about`.
Advice only_advice(const Evaluation& e, const std::string& about, const std::optional<ModelFacts>& model = {}) {
  const std::vector<Advice> all = advise(e, judge(e), model);
  REQUIRE(all.size() == 1);
  CHECK(all[0].about == about);
  return all[0];
}

bool says(const Advice& advice, const std::string& words) { return advice.sentence.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("numbers of few values get a bar each, in order and as the column spells them") {
  const CutColumn c = cut(column_of({"10", "2", "2", "", "7"}), column_of({"7", "10", "10"}), {});
  CHECK(c.bars.labels == std::vector<std::string>{"2", "7", "10"});
  CHECK(c.bars.missing);
  CHECK(c.bars.size() == 4);
  CHECK(c.real == std::vector<std::uint8_t>{2, 0, 0, 3, 1});
  CHECK(c.synthetic == std::vector<std::uint8_t>{1, 2, 2});
}

TEST_CASE("categories stand by their real rows, and the rare ones share the last bar") {
  const Table real = column_of({"b", "b", "b", "c", "c", "d", "e", "NA"}), synthetic = column_of({"new", "b", "NA"});
  SUBCASE("all have room") {
    const CutColumn c = cut(real, synthetic, {.intervals = 40, .values = 5});
    CHECK(c.bars.labels == std::vector<std::string>{"b", "c", "d", "e", "new"});
    CHECK(c.bars.others == 0);
    CHECK(c.synthetic == std::vector<std::uint8_t>{4, 0, 5});
  }
  SUBCASE("three have room") {
    const CutColumn c = cut(real, synthetic, {.intervals = 40, .values = 3});
    CHECK(c.bars.labels == std::vector<std::string>{"b", "c"});
    CHECK(c.bars.others == 3);
    CHECK(c.bars.missing);
    CHECK(count_bars(c.real, c.bars.size()) == std::vector<std::size_t>{3, 2, 2, 1});
    CHECK(count_bars(c.synthetic, c.bars.size()) == std::vector<std::size_t>{1, 0, 1, 1});
  }
}

TEST_CASE("every number is in the interval that holds it, and intervals are whole digits wide") {
  for (const int decimals : {0, 2}) {
    CAPTURE(decimals);
    const Table real = column_of(numbers(test::random(3001, 1), 30, decimals));
    const Table synthetic = column_of(numbers(test::random(997, 2), 33, decimals));
    const CutColumn c = cut(real, synthetic, {.intervals = 37, .values = 12});
    REQUIRE(c.bars.labels.empty());
    REQUIRE(c.bars.edges.size() >= 20);
    CHECK(c.bars.edges.size() <= 38);
    CHECK_FALSE(c.bars.open_low);
    CHECK_FALSE(c.bars.open_high);
    if (decimals == 0) {
      const double width = c.bars.edges[1] - c.bars.edges[0];
      CHECK(width == std::round(width));
      CHECK(std::abs(c.bars.edges[0] - std::floor(c.bars.edges[0]) - 0.5) < 1e-9);
    }
    for (const auto& [of, cells] : {std::pair(&real, &c.real), std::pair(&synthetic, &c.synthetic)})
      for (std::size_t r = 0; r < of->rows(); ++r) {
        const double x = std::stod(test::cell(*of, r, 0));
        const double slack = 1e-9 * 100;  // sums of widths round
        CHECK(x >= c.bars.edges[(*cells)[r]] - slack);
        CHECK(x <= c.bars.edges[(*cells)[r] + 1u] + slack);
      }
  }
}

TEST_CASE("a few far numbers do not stretch the picture: the outer intervals hold them") {
  std::vector<std::string> cells = numbers(test::random(1000, 3), 10, 1);
  const CutColumn plain = cut(column_of(cells), column_of(cells), {});
  cells[0] = "1000000.5", cells[1] = "-70000.5", cells[2] = "NA";
  const CutColumn far = cut(column_of(cells), column_of(cells), {});
  CHECK(far.bars.open_low);
  CHECK(far.bars.open_high);
  CHECK(far.bars.edges.front() > plain.bars.edges.front());
  CHECK(far.bars.edges.back() < plain.bars.edges.back() + 1);
  CHECK(far.real[0] == far.bars.edges.size() - 2);
  CHECK(far.real[1] == 0);
  CHECK(far.real[2] == far.bars.size() - 1);  // missing
}

TEST_CASE("odd columns have bars, too") {
  SUBCASE("constant") { CHECK(cut(column_of({"5", "5", "5"}), column_of({"5"}), {}).bars.labels.size() == 1); }
  SUBCASE("all missing") {
    const CutColumn c = cut(column_of({"", "", ""}), column_of({"", "NA"}), {});
    CHECK(c.bars.size() == 1);
    CHECK(c.bars.missing);
    CHECK(count_bars(c.real, 1)[0] == 3);
  }
  SUBCASE("more values than a byte counts") {
    std::vector<std::string> cells;
    for (int i = 0; i < 900; ++i) cells.push_back("w" + std::to_string(i % 450));
    const CutColumn c = cut(column_of(cells), column_of(cells), {.intervals = 1000, .values = 1000});
    CHECK(c.bars.size() <= 256);
    const std::vector<std::size_t> counts = count_bars(c.real, c.bars.size());
    CHECK(std::accumulate(counts.begin(), counts.end(), std::size_t{0}) == 900);
  }
}

TEST_CASE("pairs of bars are counted as a loop over the rows counts them") {
  const std::vector<std::uint8_t> a{0, 2, 1, 2, 2, 0}, b{1, 0, 1, 0, 1, 1};
  CHECK(count_pairs(a, 3, b, 2) == std::vector<std::size_t>{0, 2, 0, 1, 2, 1});
}

TEST_CASE("a verdict is as good as its scores, trees alone make nothing clearly different") {
  Evaluation e = good_evaluation();
  CHECK(judge(e).likeness == Grade::kGood);
  CHECK(judge(e).privacy == Grade::kGood);
  CHECK(judge(e).scores().size() == 5);
  SUBCASE("shape") {
    set_value(e, "shape", 0.95);
    CHECK(judge(e).likeness == Grade::kFair);
    set_value(e, "shape", 0.90);
    CHECK(judge(e).likeness == Grade::kPoor);
    CHECK(judge(e).columns.grade == Grade::kPoor);
  }
  SUBCASE("trees") {
    CHECK(judge(e).title == "Hard to tell from real rows");
    CHECK(judge(e).rows.name == "c2st_test_auc");
    set_value(e, "c2st_test_auc", 0.58);
    CHECK(judge(e).rows.grade == Grade::kFair);
    e.test_rows->control = 0.56;  // test rows of another kind are told from real ones, too
    CHECK(judge(e).rows.grade == Grade::kGood);
    set_value(e, "c2st_test_auc", 0.95);
    CHECK(judge(e).rows.grade == Grade::kPoor);
    CHECK(judge(e).likeness == Grade::kFair);
  }
  SUBCASE("rows that were learned do not speak where there are test rows") {
    set_value(e, "c2st_xgb", 0.05);
    CHECK(judge(e).likeness == Grade::kGood);
  }
  SUBCASE("few test rows say nothing good") {
    e.test_rows->auc_error = 0.07;
    CHECK(judge(e).rows.grade == Grade::kUnknown);
    CHECK(judge(e).rows.badge == "not enough to tell");
    CHECK(judge(e).title == "Hard to tell from the rows that were learned");
    set_value(e, "c2st_test_auc", 0.95);
    CHECK(judge(e).rows.grade == Grade::kPoor);
  }
  SUBCASE("without test rows the rows that were learned find fault, and are no headline") {
    drop_test_rows(e);
    CHECK(judge(e).rows.grade == Grade::kUnknown);
    CHECK(judge(e).rows.value.reason.find("--test") != std::string::npos);
    CHECK(judge(e).title == "Hard to tell from the rows that were learned");
    set_value(e, "c2st_xgb", 0.05);
    CHECK(judge(e).likeness == Grade::kFair);
    set_value(e, "c2st_xgb", 0.97);
    e.rows = RowMeasures{};
    e.rows->trees.auc = 0.515;
    CHECK(judge(e).sentences.front() ==
          "Boosted trees told the rows that were learned from synthetic ones with an AUC of 0.515 (0.5 is guessing); "
          "rows that nobody learned were not given (--test), and only they can say more.");
  }
  SUBCASE("test rows that cannot be used say why") {
    const Measured none = Measured::none("440 synthetic rows are too few: make 880, as real and test have");
    e.test_rows->auc = e.test_rows->control = none;
    for (Headline& h : e.headlines)
      if (h.measure->key == "c2st_test_auc") h.value = none;
    CHECK(judge(e).rows.value.reason == none.reason);
    CHECK(judge(e).sentences.front().find(none.reason) != std::string::npos);
    CHECK(says(advise(e, judge(e), {}).back(), none.reason));
  }
  SUBCASE("a target learned worse") {
    set_value(e, "auc", 0.80);
    CHECK(judge(e).likeness == Grade::kPoor);
    CHECK(judge(e).usefulness.low == 0.5);
  }
  SUBCASE("a handful of rows") {
    e.synthetic_rows = 12;
    CHECK(judge(e).likeness == Grade::kUnknown);
    CHECK(judge(e).title == "Too few rows to judge");
  }
  SUBCASE("what is not measured is said, and does not count") {
    e.target.reset();
    std::erase_if(e.headlines, [](const Headline& h) { return h.measure->key == "auc"; });
    const Verdict verdict = judge(e);
    CHECK(verdict.likeness == Grade::kGood);
    CHECK(verdict.usefulness.grade == Grade::kUnknown);
    CHECK(verdict.usefulness.value.reason.find("--target") != std::string::npos);
  }
}

TEST_CASE("privacy is judged beside its errors, and never good without unseen rows") {
  Evaluation e = good_evaluation();
  ClosestRecord& closest = e.privacy->held_out->closest;
  SUBCASE("nearer to training rows") {
    closest.share = 0.6;
    CHECK(judge(e).privacy == Grade::kPoor);
    CHECK(judge(e).privacy_title == "Rows repeat what the model has seen: do not take them for private");
    closest.share = 0.53, closest.share_error = 0.02;  // chance
    CHECK(judge(e).privacy == Grade::kGood);
    closest.share = 0.54, closest.share_error = 0.01;
    CHECK(judge(e).privacy == Grade::kFair);
    closest.real_rows = 500, closest.share = 0.55;  // of ten originals one was sampled: all may be copies
    CHECK(judge(e).privacy == Grade::kPoor);
  }
  SUBCASE("copies") {
    e.privacy->identical = 0.05;
    CHECK(judge(e).privacy == Grade::kPoor);
    CHECK(judge(e).privacy_title == "Training rows were copied: do not take these rows for private");
    CHECK(says(only_advice(e, "privacy"), "5.00 %"));
    e.privacy->held_out->identical = 0.05;  // as many as unseen rows have
    CHECK(judge(e).privacy == Grade::kGood);
  }
  SUBCASE("unseen rows that are training rows say nothing") {
    e.privacy->held_out->identical = 0.9;
    CHECK(judge(e).privacy == Grade::kUnknown);
    CHECK(says(only_advice(e, "privacy"), "has not learned from"));
  }
  SUBCASE("unseen rows of another kind say nothing") {
    closest.share = 0.8, e.privacy->held_out->drift = Drift{"b", 0.4};
    CHECK(judge(e).privacy == Grade::kUnknown);
    CHECK(says(only_advice(e, "privacy"), "“b” (shape 0.400)"));
    e.privacy->identical = 0.5;  // of a kind of rows that the unseen ones are not: nobody knows how many are chance
    CHECK(judge(e).privacy == Grade::kUnknown);
    CHECK(judge(e).privacy_title == "Copying not measured: the unseen rows are of another kind than the training rows");
    CHECK(says(only_advice(e, "privacy"), "cannot be measured"));
  }
  SUBCASE("too few unseen rows: no sign is none") {
    closest.real_rows = 500, closest.share_error = 0.02;  // a tenth was asked: 0.505 +- 0.02 is 10 % +- 40 % copies
    CHECK(judge(e).privacy == Grade::kUnknown);
    CHECK(judge(e).privacy_title.find("too few unseen rows") != std::string::npos);
    const std::vector<Advice> all = advise(e, judge(e), {});
    REQUIRE(all.size() == 2);
    CHECK(says(all[1], "500 unseen rows"));
    CHECK(says(all[1], "90 %"));
    e.privacy->identical = 0.05;
    CHECK(judge(e).privacy == Grade::kPoor);
  }
  SUBCASE("without unseen rows") {
    e.privacy->held_out.reset();
    CHECK(judge(e).privacy == Grade::kUnknown);
    CHECK(says(advise(e, judge(e), {})[1], "--test"));
    e.privacy->identical = 0.2;
    CHECK(judge(e).privacy == Grade::kPoor);
  }
}

TEST_CASE("each weakness has its sentence, and a table without one has one that says so") {
  Evaluation e = good_evaluation();
  CHECK(only_advice(e, "rows").grade == Grade::kGood);
  ColumnComparison& b = e.comparison.columns[1];
  SUBCASE("distributed differently") {
    b.shape = 0.8;
    const Advice advice = only_advice(e, "columns");
    SUBCASE("of a table so small that real rows are no better") {
      for (Headline& h : e.headlines)
        if (h.measure->key == "shape") h.value = h.real_against_real.emplace(0.85);
      CHECK(only_advice(e, "rows").grade == Grade::kGood);
    }
    CHECK(advice.grade == Grade::kPoor);
    CHECK(says(advice, "“b”"));
    CHECK(says(advice, "--categorical"));
  }
  SUBCASE("missing more often") {
    b.missing_similarity = 0.9, b.missing_synthetic = 0.1;
    CHECK(says(only_advice(e, "columns"), "missing in 10.0 %"));
  }
  SUBCASE("impossible values") {
    b.adherence = 0.9;
    CHECK(says(only_advice(e, "columns"), "outside the range"));
  }
  SUBCASE("values beyond those of few rows, as chance has it") {
    b.adherence = 0.95, e.real_rows = 150;
    for (const Advice& advice : advise(e, judge(e), {})) CHECK(advice.about != "columns");
  }
  SUBCASE("part of the range") {
    b.shape = 0.9, b.coverage = 0.5;
    CHECK(says(only_advice(e, "columns"), "only 50 %"));
  }
  SUBCASE("many columns: three are named") {
    ColumnComparison weak = b;  // b itself moves when the columns grow
    weak.shape = 0.5;
    e.comparison.columns.insert(e.comparison.columns.end(), 7, weak);
    const std::vector<Advice> all = advise(e, judge(e), {});
    CHECK(all.size() == 4);
    CHECK(says(all.back(), "4 more columns"));
  }
  SUBCASE("a pair") {
    e.comparison.trends[1].score = 0.8;
    CHECK(says(only_advice(e, "pairs"), "“a” and “c”"));
  }
  SUBCASE("a rule") {
    e.rules = {{"a = b + c", 0.99, 0.98, 900, true},
               {"one b per a", 1, 0.85, 900},
               {"b >= a", std::nan(""), 0.5, 900, true},
               {"one c per a", 1, 0.9, 10}};  // one row
    const Advice advice = only_advice(e, "pairs");
    CHECK(advice.grade == Grade::kPoor);
    CHECK(says(advice, "“one b per a” is so in 85.0 %"));
    e.rules = {{"one a per b", 1, 0.9, 900}, {"b >= a", 1, 0.8, 900, true}, {"one c per a", 1, 0.9, 900}};
    const std::vector<Advice> all = advise(e, judge(e), {});
    REQUIRE(all.size() == 3);
    CHECK(says(all[0], "b >= a"));
    CHECK(says(all[0], "--masks dynamic"));
    CHECK(says(all[2], "1 more rule is"));
  }
  SUBCASE("whole rows") {
    set_value(e, "c2st_test_auc", 0.6);
    CHECK(says(only_advice(e, "rows"), "rows that nobody learned (AUC 0.600)"));
    CHECK(says(only_advice(e, "rows"), "fine structure"));
    drop_test_rows(e);
    set_value(e, "c2st_xgb", 0.3);
    CHECK(says(only_advice(e, "rows"), "even from those that were learned (score 0.300)"));
  }
  SUBCASE("real rows that are not covered") {
    Headline h;
    h.measure = &measures::beta_recall;
    h.value = 0.35;
    h.real_against_real = 0.5;
    e.headlines.push_back(h);
    CHECK(says(only_advice(e, "rows"), "beta_recall 0.350"));
  }
  SUBCASE("the target") {
    set_value(e, "auc", 0.85);
    CHECK(says(only_advice(e, "target"), "0.850"));
  }
  SUBCASE("guessed members") {
    e.privacy->held_out->membership.auc = 0.7;
    CHECK(only_advice(e, "privacy").grade == Grade::kPoor);
  }
  SUBCASE("the model") {
    ModelFacts model{.preset = "meg",
                     .effort = "balanced",
                     .finished = true,
                     .refined = true,
                     .refinement_tried = true,
                     .held_out_auc = 0.52};
    CHECK(only_advice(e, "rows", model).grade == Grade::kGood);
    model.held_out_auc = 0.8;
    CHECK(says(only_advice(e, "training", model), "0.80"));
    model.held_out_auc = 0.5, model.finished = false;
    CHECK(says(only_advice(e, "training", model), "--resume"));
    model.finished = true, model.refined = false;
    CHECK(says(only_advice(e, "training", model), "no better"));
    model.refinement_tried = false, model.effort = "fast";
    CHECK(says(only_advice(e, "training", model), "--effort fast"));
    model.preset = "classic";
    CHECK(says(only_advice(e, "training", model), "classic"));
  }
  SUBCASE("few rows") {
    e.real_rows = 300;
    const std::vector<Advice> all = advise(e, judge(e), {});
    REQUIRE(all.size() == 2);
    CHECK(says(all[1], "300 rows"));
  }
  SUBCASE("the worst comes first") {
    e.comparison.trends[1].score = 0.88;
    b.shape = 0.5;
    const std::vector<Advice> all = advise(e, judge(e), {});
    CHECK(all.front().grade == Grade::kPoor);
    CHECK(all.back().grade == Grade::kFair);
  }
}

TEST_CASE("the page's numbers are those of the tables") {
  const Table real = table("w,n\nx,1\nx,2\ny,3\n,3\nx,4\ny,2\n"), synthetic = table("w,n\ny,1\ny,4\nx,4\n");
  const Schema schema = infer_schema(real);
  const Evaluation evaluation =
      evaluate(real, synthetic, schema, {.test = nullptr, .held_out = nullptr, .scale = true});
  const Json json = Json::parse(report_json({"r.csv", "s.csv", "", ""}, real, synthetic, schema, evaluation, {}));
  CHECK(json["evaluation"]["rows"]["real"] == 6);
  REQUIRE(json["columns"].size() == 2);
  CHECK(json["columns"][0]["name"] == "n");  // KS 1/2, total variation 1/3: the weaker column
  CHECK(json["columns"][0]["bars"]["labels"] == Json({"1", "2", "3", "4"}));
  CHECK(json["columns"][0]["real"] == Json({1, 2, 2, 1}));
  CHECK(json["columns"][1]["bars"]["labels"] == Json({"x", "y"}));
  CHECK(json["columns"][1]["bars"]["missing"] == true);
  CHECK(json["columns"][1]["real"] == Json({3, 2, 1}));
  CHECK(json["columns"][1]["synthetic"] == Json({1, 2, 0}));
  const Json& pair = json["pairs"]["counts"][0];
  CHECK(pair["first"] == 0);
  CHECK(pair["real"] == Json({1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0}));  // numbers x words
  CHECK(pair["synthetic"] == Json({0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0}));
  CHECK(json["pairs"]["trend"].size() == 1);
  CHECK(json["pairs"]["trend"][0].get<double>() == Approx(evaluation.comparison.trends[0].score).epsilon(1e-5));
  CHECK(json["pairs"]["columns"] == Json({1, 0}));  // in the table's order
  // The page has no names and words of its own.
  const Json& shape = json["evaluation"]["headlines"][0];
  CHECK(shape["meaning"] == measures::shape.meaning);
  CHECK(shape["best"] == "high");
  CHECK(json["verdict"]["scores"][0]["title"] == "Columns");
  CHECK(json["verdict"]["scores"][0]["badge"] == judge(evaluation).columns.badge);
  CHECK(json["verdict"]["scores"][4]["is_percent"] == true);  // identical rows, for there are no unseen ones
  for (const Json& column : json["column_measures"]) {
    CAPTURE(column["heading"]);
    bool found = false;
    for (const Json& measured : json["evaluation"]["columns"])
      for (const Json& key : column["keys"]) found |= measured.contains(key.get<std::string>());
    CHECK(found);
  }
  CHECK_FALSE(json.contains("training"));
  CHECK_FALSE(json.contains("distances"));
}

TEST_CASE("numbers as small as there are come into the page") {
  const Table real = table("w,n\nx,1\ny,2\ny,3\n");
  const Schema schema = infer_schema(real);
  Evaluation evaluation = evaluate(real, real, schema, {.test = nullptr, .held_out = nullptr, .thorough = false});
  evaluation.comparison.columns[1].ks_p = 1.234567e-315;
  const Json json = Json::parse(report_json({"r", "s", "", ""}, real, real, schema, evaluation, {}));
  CHECK(json["evaluation"]["columns"][1]["ks_p"].get<double>() == 1.23457e-315);
}

TEST_CASE("distances to the closest records are counted, the far ones in the last bar") {
  const Table real = column_of(numbers(test::random(500, 4), 10, 2)),
              other = column_of(numbers(test::random(400, 5), 10, 2)),
              synthetic = column_of(numbers(test::random(300, 6), 10, 2));
  const Schema schema = infer_schema(real);
  const Evaluation evaluation =
      evaluate(real, synthetic, schema, {.test = nullptr, .held_out = &other, .thorough = false});
  const Json json = Json::parse(report_json({"r", "s", "", "t"}, real, synthetic, schema, evaluation, {}));
  const std::vector<double> edges = json["distances"]["edges"];
  for (const char* to : {"train", "held_out"}) {
    const std::vector<double>& distances = std::string(to) == "train"
                                               ? evaluation.privacy->held_out->closest.train.distances
                                               : evaluation.privacy->held_out->closest.held_out.distances;
    REQUIRE(distances.size() == 300);
    std::vector<int> expected(edges.size() - 1);
    for (const double d : distances)
      for (std::size_t i = 0; i + 1 < edges.size(); ++i)
        if (d >= edges[i] * (1 + 1e-6) && (d < edges[i + 1] * (1 + 1e-6) || i + 2 == edges.size())) ++expected[i];
    // Six digits of the edges may move a distance that lies on one.
    int moved = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      moved += std::abs(expected[i] - json["distances"][to][i].get<int>());
    CHECK(moved <= 6);
    const std::vector<int> counts = json["distances"][to];
    CHECK(std::accumulate(counts.begin(), counts.end(), 0) == 300);
  }
}

TEST_CASE("no name can leave the page's data, which stays the JSON that it was") {
  const std::string json =
      Json{{"name", "</script><script>alert(1)</script><!-- <script> \" ' & \u2028 {{plotly}}"}}.dump();
  if (!can_draw_reports()) {
    CHECK_THROWS_WITH_AS(report_page(json), doctest::Contains("pip install plotly"), Error);
    return;
  }
  const std::string page = report_page(json);
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t begin = page.find(open) + open.size(), end = page.find("</script>", begin);
  CHECK(Json::parse(page.substr(begin, end - begin)) == Json::parse(json));
  CHECK(page.find("alert(1)") < end);
  CHECK(page.substr(begin, end - begin).find('<') == std::string::npos);
  CHECK(page.find("http-equiv=\"Content-Security-Policy\"") != std::string::npos);
}
