#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "core/fail.h"
#include "core/measure/association.h"
#include "core/measure/boosted_trees.h"
#include "core/measure/diagnostic.h"
#include "core/measure/drift.h"
#include "core/measure/evaluation.h"
#include "core/measure/evaluation_json.h"
#include "core/measure/jensen_shannon.h"
#include "core/measure/kolmogorov_smirnov.h"
#include "core/measure/lbfgs.h"
#include "core/measure/nearest.h"
#include "core/measure/registry.h"
#include "core/measure/sample.h"
#include "core/parallel.h"
#include "meg/files.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using doctest::Approx;
using test::cell;

namespace {

using Doubles = std::vector<double>;
using Ints = std::vector<int>;
using Json = nlohmann::json;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Table table(const std::string& csv) { return parse_csv(csv, "t.csv"); }

Evaluation evaluate(const std::string& real, const std::string& synthetic, EvaluationOptions options = {}) {
  const Table of_real = table(real);
  return meg::evaluate(of_real, table(synthetic), infer_schema(of_real), options);
}

/// Rows of a number that a category decides, another number, and a category; `seed` decides which rows.
std::string related(int rows, int seed) {
  std::string csv = "kind,x,y,size\n";
  const Philox philox(static_cast<std::uint64_t>(seed), Stream::kMeasure);
  for (int i = 0; i < rows; ++i) {
    const auto z = philox.normal(static_cast<std::uint64_t>(i), 0);
    const bool big = z[0] > 0;
    csv += fmt::format("{},{:.3f},{:.3f},{}\n", big ? "big" : "small", (big ? 3 : 0) + z[1], z[2],
                       z[3] > 0.5f ? "L" : "S");
  }
  return csv;
}

/// Every null in a document has a reason beside it; infinities and NaN would be null, too.
void check_reasons(const Json& json) {
  if (json.is_object())
    for (const auto& item : json.items()) {
      CAPTURE(item.key());
      if (item.value().is_null()) {
        REQUIRE(json.contains("reasons"));
        CHECK_FALSE(json.at("reasons").at(item.key()).get<std::string>().empty());
      }
      check_reasons(item.value());
    }
  else if (json.is_array())
    for (const Json& item : json) check_reasons(item);
}

}  // namespace

TEST_CASE("p of Kolmogorov-Smirnov falls from 1 to 0") {
  // scipy.special.kolmogorov([0.5, 1, 2]) at sqrt(200 * 200 / 400) = 10.
  CHECK(kolmogorov_smirnov_p(0.05, 200, 200) == Approx(0.9639452436648751).epsilon(1e-10));
  CHECK(kolmogorov_smirnov_p(0.1, 200, 200) == Approx(0.26999967167735456).epsilon(1e-10));
  CHECK(kolmogorov_smirnov_p(0.2, 200, 200) == Approx(0.0006709252557796953).epsilon(1e-10));
  CHECK(kolmogorov_smirnov_p(0, 200, 200) == 1);
  CHECK(kolmogorov_smirnov_p(1, 1000000, 1000000) == 0);
  CHECK(kolmogorov_smirnov_p(1, 0, 5) == 1);
}

TEST_CASE("Jensen-Shannon is 0 of equal shares and 1 of nothing in common") {
  CHECK(jensen_shannon(Doubles{1, 3}, Doubles{2, 6}) == 0);
  CHECK(jensen_shannon(Doubles{1, 0}, Doubles{0, 7}) == 1);
  CHECK(jensen_shannon(Doubles{1, 0}, Doubles{1, 1}) == Approx(0.5579230452841438));  // scipy, base 2
  CHECK(jensen_shannon(Doubles{0}, Doubles{0}) == 0);
  CHECK(jensen_shannon(Doubles{0}, Doubles{3}) == 1);
  CHECK_THROWS_AS(jensen_shannon(Doubles{1}, Doubles{1, 2}), Error);
}

TEST_CASE("coverage and adherence have a value or say why not") {
  CHECK(*range_coverage(Doubles{0, 10}, Doubles{2, 9}) == Approx(0.7));
  CHECK(*range_coverage(Doubles{0, 10}, Doubles{-5, 20}) == 1);
  CHECK(*range_coverage(Doubles{0, 10}, Doubles{30}) == 0);
  CHECK(range_coverage(Doubles{4, 4}, Doubles{4}).reason == "the real column is constant, so it has no range");
  CHECK(range_coverage(Doubles{1, 2}, Doubles{}).reason == "the synthetic column has no value");
  CHECK(*category_coverage(Doubles{1, 2, 0}, Doubles{0, 1, 5}) == 0.5);
  CHECK(category_coverage(Doubles{0}, Doubles{1}).reason == "the real column has no value");
  CHECK(*boundary_adherence(Doubles{1, 3}, Doubles{1, 2, 3, 4}) == 0.75);
  CHECK(*boundary_adherence(Doubles{1, 3}, Doubles{2}, 3) == 0.25);
  CHECK(*category_adherence(Doubles{1, 0}, Doubles{3, 1}) == 0.75);
  CHECK_FALSE(category_adherence(Doubles{1}, Doubles{0}));
  CHECK(missing_similarity(0.25, 0.75) == 0.5);
}

TEST_CASE("associations of constants and single rows are undefined") {
  CHECK(cramers_v(Ints{0, 1, 0, 1}, Ints{5, 7, 5, 7}) == Approx(1));
  CHECK(cramers_v(Ints{0, 0, 1, 1}, Ints{0, 1, 0, 1}) == 0);
  CHECK(std::isnan(cramers_v(Ints{0, 0}, Ints{0, 1})));
  CHECK(correlation_ratio(Ints{0, 0, 1}, Doubles{2, 2, 5}) == Approx(1));
  CHECK(correlation_ratio(Ints{0, 1, 0, 1}, Doubles{1, 1, 2, 2}) == Approx(0));
  CHECK(correlation_ratio(Ints{0, 0, 1, 1}, Doubles{2, 2, 5, kNone}) == Approx(1));
  CHECK(std::isnan(correlation_ratio(Ints{0, 1}, Doubles{3, 3})));
  CHECK(std::isnan(correlation_ratio(Ints{1, 1}, Doubles{3, 4})));
  CHECK(std::isnan(correlation_ratio(Ints{}, Doubles{})));
  CHECK(spearman(Doubles{1, 2, 3, kNone}, Doubles{1, 8, 27, 2}) == Approx(1));
  CHECK(std::isnan(spearman(Doubles{1}, Doubles{1})));
  SUBCASE("many codes are counted by sorting") {
    Ints a, b;
    for (int i = 0; i < 3000; ++i) a.push_back(i % 1000), b.push_back((i % 1000 * 7) % 1000);
    CHECK(cramers_v(a, b) == Approx(1));
  }
}

TEST_CASE("the nearest rows are those of a naive double loop") {
  for (const std::size_t among : {1u, 2u, 511u, 513u}) {
    constexpr std::size_t kAsked = 300;
    const std::vector<DistancePart> parts{DistancePart::kSquared, DistancePart::kCapped, DistancePart::kSquared};
    const Points a{among, test::random(3 * among, 1)}, b{kAsked, test::random(3 * kAsked, 2)};
    const std::vector<Nearest> got = nearest(a, b, parts, 3);
    REQUIRE(got.size() == kAsked);
    for (std::size_t r = 0; r < kAsked; ++r) {
      std::vector<std::pair<double, std::size_t>> all;
      for (std::size_t s = 0; s < among; ++s) {
        double sum = 0;
        for (std::size_t c = 0; c < 3; ++c) {
          const double d =
              std::abs(static_cast<double>(a.values[c * among + s]) - static_cast<double>(b.values[c * kAsked + r]));
          sum += c == 1 ? std::min(1.0, d) : d * d;
        }
        all.emplace_back(sum, s);
      }
      std::sort(all.begin(), all.end());
      CHECK(got[r].place == all[0].second);
      CHECK(static_cast<double>(got[r].first) == Approx(all[0].first).epsilon(1e-5));
      if (among > 1)
        CHECK(static_cast<double>(got[r].second) == Approx(all[1].first).epsilon(1e-5));
      else
        CHECK(std::isinf(got[r].second));
    }
  }
}

TEST_CASE("L-BFGS finds the minimum of a bent valley") {
  // Convex and badly scaled: sum_i 10^i (x_i - i)^2 / 2 + log cosh of the sum.
  const auto f = [](const std::vector<double>& x, std::vector<double>& gradient) {
    double value = 0, sum = 0, weight = 1;
    for (std::size_t i = 0; i < x.size(); ++i, weight *= 10) {
      const double d = x[i] - static_cast<double>(i);
      value += weight * d * d / 2, gradient[i] = weight * d, sum += x[i];
    }
    for (double& g : gradient) g += std::tanh(sum);
    return value + std::log(std::cosh(sum));
  };
  std::vector<double> gradient(5);
  const std::vector<double> found = minimize(f, std::vector<double>(5), 1e-9, 500);
  f(found, gradient);
  for (const double g : gradient) CHECK(std::abs(g) < 1e-8);
  CHECK(minimize(f, found, 1e-6, 100) == found);
}

TEST_CASE("a sample has the rows it was asked for, each once and in order") {
  const std::vector<std::size_t> some = choose_rows(1000, 100, 1, 0);
  CHECK(some.size() == 100);
  CHECK(std::is_sorted(some.begin(), some.end()));
  CHECK(std::adjacent_find(some.begin(), some.end()) == some.end());
  CHECK(some.back() < 1000);
  CHECK(some != choose_rows(1000, 100, 2, 0));
  CHECK(choose_rows(3, 9, 1, 0) == std::vector<std::size_t>{0, 1, 2});
  const Table t = table("a,b\n1,x\n2,y\n3,z\n").take(std::vector<std::size_t>{0, 2});
  CHECK(t.rows() == 2);
  CHECK(cell(t, 1, 1) == "z");
}

TEST_CASE("what a thread throws reaches the caller, when all threads have ended") {
  std::atomic<int> done{0};
  CHECK_THROWS_WITH_AS(parallel_for(100, 4,
                                    [&](std::size_t i) {
                                      if (i == 7) fail("seven");
                                      ++done;
                                    }),
                       "seven", Error);
  CHECK(done < 100);
  parallel_for(0, 4, [](std::size_t) { fail("there is nothing to do"); });
}

TEST_CASE("an evaluation has every headline that its options lead to") {
  const std::string real = related(400, 1), synthetic = related(300, 2);
  const Table held_out = table(related(200, 3));
  EvaluationOptions options{
      .target = BoostedTrees::available() ? "kind" : "", .test = &held_out, .held_out = &held_out, .scale = true};
  const Evaluation e = evaluate(real, synthetic, options);
  for (const Measure* measure : all_measures()) {
    CAPTURE(measure->key);
    const Headline* headline = e.headline(measure->key);
    const bool is_regression = measure == &measures::r2 || measure == &measures::rmse;
    const bool is_of_texts = measure == &measures::text_shape;  // there are none
    if (is_regression || is_of_texts || (measure->needs.target && !BoostedTrees::available())) {
      CHECK(headline == nullptr);
      continue;
    }
    REQUIRE(headline != nullptr);
    CHECK(headline->value.value.has_value() == headline->value.reason.empty());
    CHECK(headline->real_against_real.has_value());
  }
  CHECK(*e.headline("quality")->value == Approx((*e.headline("shape")->value + *e.headline("trend")->value) / 2));
  CHECK(*e.headline("membership_auc")->real_against_real.value() == 0.5);
  SUBCASE("and the same whatever the threads and the draw of rows that are all taken") {
    options.threads = 3;
    const Evaluation again = evaluate(real, synthetic, options);
    for (const char* name :
         {"shape", "trend", "c2st_test_auc", "c2st_lr", "alpha_precision", "beta_recall", "membership_auc"}) {
      CAPTURE(name);
      if (!e.headline(name)->value) continue;  // trees, without XGBoost
      CHECK(*again.headline(name)->value == *e.headline(name)->value);
      CHECK(**again.headline(name)->real_against_real == **e.headline(name)->real_against_real);
    }
  }
  SUBCASE("and not the others") {
    const Evaluation quick = evaluate(real, synthetic, {.thorough = false});
    CHECK(quick.headline("shape") != nullptr);
    CHECK(quick.headline("c2st_lr") == nullptr);
    CHECK(quick.headline("c2st_test_auc") == nullptr);
    CHECK(evaluate(real, synthetic).headline("c2st_test_auc") == nullptr);  // without test rows
    CHECK(quick.headline("auc") == nullptr);
    CHECK(quick.headline("closest_share") == nullptr);
    CHECK_FALSE(quick.headline("shape")->real_against_real.has_value());
    CHECK_FALSE(quick.rows.has_value());
  }
}

TEST_CASE("the registry says of every measure what the terminal, the report and the docs need") {
  std::set<std::string_view> keys;
  std::ifstream docs(std::string(MEG_TEST_DATA) + "/../../docs/evaluate.md");
  std::set<std::string> documented;  // what the first cells of its tables name
  for (std::string line; std::getline(docs, line);) {
    if (!line.starts_with("| ")) continue;
    std::istringstream words(line.substr(2, line.find(" |", 2) - 2));
    for (std::string word; words >> word;) documented.insert(word.substr(0, word.find(',')));
  }
  for (const Measure* measure : all_measures()) {
    CAPTURE(measure->key);
    CHECK(keys.insert(measure->key).second);
    CHECK(find_measure(measure->key) == measure);
    CHECK(measure->label.size() <= 34);
    CHECK(measure->meaning.ends_with("."));
    CHECK(bool(measure->compute));
    CHECK((measure->section == MeasureSection::kScores) == measure->heading.empty());
    CHECK(documented.contains(std::string(measure->key)));
  }
  CHECK(find_measure("no such measure") == nullptr);
  const auto usefulness = measures_of(Card::kUsefulness);
  CHECK(usefulness == std::vector<const Measure*>{&measures::auc, &measures::r2, &measures::f1});
}

TEST_CASE("a context reads, draws and computes once what several measures need") {
  const Table real = table(related(300, 1)), synthetic = table(related(200, 2));
  const Schema schema = infer_schema(real);
  const MeasureContext context(real, synthetic, schema, {.scale = true, .seed = 3});
  CHECK(context.columns() == 4);
  CHECK(&context.sample_real(300) == &real);  // no copy of a table that is no larger than its sample
  const Table& sample = context.sample_real(100);
  CHECK(sample.rows() == 100);
  CHECK(&context.sample_real(100) == &sample);
  CHECK(&context.encoded(1000) == &context.encoded(5000));
  CHECK(context.encoded(100).rows == 200);
  CHECK(&context.get<Comparison>(compare) == &context.get<Comparison>(compare));
  REQUIRE(context.halves() != nullptr);
  CHECK(context.halves()->real().rows() == 150);
  CHECK(context.halves()->synthetic().rows() == 150);
  CHECK(context.halves()->halves() == nullptr);
  CHECK(MeasureContext(real, synthetic, schema, {}).halves() == nullptr);
}

TEST_CASE("classifiers, precision and recall know good rows from bad ones") {
  const std::string real = related(1500, 1);
  const Evaluation good = evaluate(real, related(1500, 2), {.scale = true});
  // Real rows of which two columns are swapped: every column is right, nothing goes together.
  const Table rows = table(real);
  std::string torn = "kind,x,y,size\n";
  for (std::size_t r = 0; r < rows.rows(); ++r)
    torn += fmt::format("{},{},{},{}\n", cell(rows, r, 0), cell(rows, (r + 500) % 1500, 1), cell(rows, r, 2),
                        cell(rows, r, 3));
  const Evaluation bad = evaluate(real, torn, {.scale = true});
  CHECK(*bad.headline("shape")->value == 1);
  // One of six pairs is torn: its numbers' bins and its categories have a total variation of about a quarter.
  CHECK(*good.headline("trend")->value - *bad.headline("trend")->value > 0.03);
  CHECK(*good.headline("c2st_lr")->value > 0.9);
  if (BoostedTrees::available()) {
    CHECK(*good.headline("c2st_xgb")->value > 0.85);
    CHECK(*bad.headline("c2st_xgb")->value < 0.75);
  }
  CHECK(*good.headline("beta_recall")->value > *bad.headline("beta_recall")->value);
  // Of independent halves everything is as good as can be.
  CHECK(**good.headline("c2st_lr")->real_against_real > 0.9);
  CHECK(**bad.headline("trend")->real_against_real > 0.9);
}

TEST_CASE("trees tell test rows from torn rows, and not from rows that are drawn like them") {
  if (!BoostedTrees::available()) return;
  const Table real = table(related(900, 1)), test = table(related(300, 2)), good = table(related(1200, 3));
  const Schema schema = infer_schema(real);
  const TestTwoSample alike = two_sample_test_rows(real, test, good, schema, 0, 2);
  CHECK(alike.synthetic_rows == 900);
  CHECK(alike.test_rows == 300);
  CHECK(std::abs(*alike.auc - 0.5) < 5 * alike.auc_error);
  CHECK(std::abs(*alike.control - 0.5) < 5 * alike.auc_error);
  std::string torn = "kind,x,y,size\n";  // every column is right, nothing goes together
  for (std::size_t r = 0; r < good.rows(); ++r)
    torn += fmt::format("{},{},{},{}\n", cell(good, r, 0), cell(good, (r + 500) % 1200, 1), cell(good, r, 2),
                        cell(good, r, 3));
  const TestTwoSample bad = two_sample_test_rows(real, test, table(torn), schema, 0, 2);
  CHECK(*bad.auc > 0.65);
  CHECK(*bad.control == *alike.control);
  SUBCASE("the first synthetic rows are learned, the next are asked about, and others are not looked at") {
    const Table more = table(torn + related(200, 4).substr(std::string("kind,x,y,size\n").size()));
    CHECK(*two_sample_test_rows(real, test, more, schema).auc == *bad.auc);
  }
  SUBCASE("of fewer synthetic rows fewer are learned, until they are too few") {
    const Table few = table(related(600, 3)), fewer = table(related(524, 3));
    CHECK(two_sample_test_rows(real, test, few, schema).synthetic_rows == 300);
    const TestTwoSample none = two_sample_test_rows(real, test, fewer, schema);
    CHECK(none.auc.reason == "524 synthetic rows are too few: make 1200");
    CHECK(none.control.reason == none.auc.reason);
    const Table short_real = table(related(99, 1));
    CHECK(two_sample_test_rows(short_real, test, good, infer_schema(short_real)).auc.reason ==
          "trees need 200 rows to learn, and there are 198");
  }
}

TEST_CASE("trees that tell test rows from synthetic ones see the weekday and the time of the day") {
  if (!BoostedTrees::available()) return;
  // Weeks of which the real rows have five days, or of whose days they have the morning, and the others all.
  const auto times = [](int rows, int days, int hours) {
    std::string csv = "at,n\n";
    const Philox philox(static_cast<std::uint64_t>(rows), Stream::kMeasure);
    for (int i = 0; i < rows; ++i) {
      const auto bits = philox.bits(static_cast<std::uint64_t>(i), 0);
      const int day = 7 * static_cast<int>(bits[0] % 200) + static_cast<int>(bits[1] % static_cast<unsigned>(days));
      const std::chrono::year_month_day date(std::chrono::sys_days(std::chrono::year(1969) / 3 / 3) +
                                             std::chrono::days(day));  // from a Monday on, also before 1970
      csv += fmt::format("{}-{:02}-{:02} {:02}:{:02}:00,{}\n", int(date.year()), unsigned(date.month()),
                         unsigned(date.day()), bits[2] % static_cast<unsigned>(hours), bits[3] % 60, bits[3] % 7);
    }
    return table(csv);
  };
  for (const auto& [days, hours] : {std::pair(5, 24), std::pair(7, 12)}) {
    CAPTURE(days);
    const Table real = times(1000, days, hours), test = times(400, days, hours), synthetic = times(1400, 7, 24);
    const Schema schema = infer_schema(real);
    REQUIRE(schema[0].type == ColumnType::kDatetime);
    const TestTwoSample told = two_sample_test_rows(real, test, synthetic, schema);
    // Of the synthetic rows 2/7, or 1/2, give themselves away: 1/2 + half of that.
    CHECK(*told.auc == Approx(days == 5 ? 0.643 : 0.75).epsilon(0.07));
  }
}

TEST_CASE("rows that are all copies give themselves away, new ones do not") {
  const Table real = table(related(500, 1)), held_out = table(related(500, 2)), other = table(related(500, 3));
  const Schema schema = infer_schema(real);
  CHECK(membership(real, held_out, real, schema).auc > 0.99);
  const Membership independent = membership(real, held_out, other, schema);
  CHECK(std::abs(independent.auc - 0.5) < 4 * independent.auc_error);
  const Membership sampled = membership(real, held_out, real, schema, {.real_rows = 50, .synthetic_rows = 100});
  CHECK(sampled.real_rows == 50);
  CHECK(sampled.synthetic_rows == 100);
}

TEST_CASE("unseen rows that are not drawn like the real ones are found out, others are not") {
  const Table real = table(related(500, 1));
  const Schema schema = infer_schema(real);
  for (const int seed : {2, 3, 4}) CHECK_FALSE(drift(real, table(related(120, seed)), schema));
  const Table other = table(related(500, 5));
  std::vector<std::size_t> rows;
  const std::size_t c = static_cast<std::size_t>(
      std::find_if(schema.begin(), schema.end(), [](const ColumnSchema& s) { return is_categorical(s.type); }) -
      schema.begin());
  REQUIRE(c < schema.size());
  for (std::size_t r = 0; r < other.rows(); ++r)
    if (cell(other, r, c) == cell(other, 0, c)) rows.push_back(r);
  const std::optional<Drift> found = drift(real, other.take(rows), schema);
  REQUIRE(found);
  CHECK(found->column == schema[c].name);
  CHECK(found->shape < 0.9);
}

TEST_CASE("tables with little in them have numbers or sentences in text and JSON, never NaN") {
  struct Case {
    const char *real, *synthetic;
  };
  const Case cases[] = {
      {"a,b\n1,x\n", "a,b\n2,x\n"},                                // one row
      {"a,b\n3,x\n3,x\n3,x\n3,x\n", "a,b\n3,x\n3,x\n3,x\n3,x\n"},  // constant columns
      {"a,b\n1,x\n2,\n5,y\n1,y\n", "a,b\n,z\n,z\n,z\n,z\n"},       // missing and unseen
      {"a,b\n1,\n2,\n3,\n4,\n", "a,b\n1,p\n2,q\n3,q\n4,\n"},       // a real column without a value
      {"a\n1\n2\n3\n", "a\n1\n2\n3\n"},                            // one column
      {"a,b\n-1.7e308,x\n1.7e308,y\n0,x\n3,y\n", "a,b\n1.7e308,x\n-1.7e308,y\n0,x\n4,y\n"},  // more than a float holds
      {"t\nhello world one\nbig small two\nnow then three\nup and down\n", "t\na b\nc d\ne f\ng h\n"}};
  for (const Case& c : cases)
    for (const bool scale : {false, true}) {
      CAPTURE(c.real);
      const Table of_real = table(c.real);
      const Schema schema = infer_schema(of_real);
      const Evaluation e = meg::evaluate(of_real, table(c.synthetic), schema, {.scale = scale});
      for (const Headline& h : e.headlines) {
        CAPTURE(h.measure->key);
        CHECK(h.value.value.has_value() == h.value.reason.empty());
      }
      const Json json = Json::parse(evaluation_to_json(e));
      Json without = json;
      without.erase("associations");  // an undefined association is null: there are many, all for the same reasons
      check_reasons(without);
      CHECK(json.at("headlines").size() == e.headlines.size());
    }
}

TEST_CASE("JSON has what the evaluation has") {
  const Evaluation e = evaluate(related(200, 1), related(100, 2), {.scale = true});
  const Json json = Json::parse(evaluation_to_json(e));
  CHECK(json.at("shape") == *column_mean(e.comparison, &ColumnComparison::shape));
  CHECK(json.at("rows").at("synthetic") == 100);
  CHECK(json.at("columns").size() == 4);
  CHECK(json.at("columns").at(0).contains("category_coverage"));
  CHECK(json.at("columns").at(1).contains("range_coverage"));
  CHECK(json.at("trends").size() == 6);
  CHECK(json.at("associations").at("real").at("pearson").at(0).at(1) == e.rows->associations.real.pearson[1]);
  CHECK(json.at("pca").at("synthetic").size() == 100);
  CHECK(json.at("pca").at("real").at(0).size() == 3);
  CHECK(json.at("headlines").at(0).at("real_against_real") == **e.headlines[0].real_against_real);
  CHECK(json.at("privacy").at("identical_to_real") == e.privacy->identical);
}

TEST_CASE("halves of adult are as hard to tell apart as quality.py finds them" * doctest::test_suite("long")) {
  const Table adult = read_table(MEG_TABLES "/adult_train.csv");
  std::vector<std::size_t> even, odd;
  for (std::size_t r = 0; r < adult.rows(); ++r) (r % 2 == 0 ? even : odd).push_back(r);
  const Table real = adult.take(even), synthetic = adult.take(odd);
  const Schema schema = infer_schema(real);
  // quality.py says 0.9979 (lr) and 1.0000 (xgb) with folds that are drawn otherwise: an AUC of three folds of 11,000
  // rows is off by 0.003, and the score by twice that.
  CHECK(std::abs(*two_sample(real, synthetic, schema, TwoSampleClassifier::kLogistic, 2).score - 0.9979) < 0.01);
  if (BoostedTrees::available())
    CHECK(std::abs(*two_sample(real, synthetic, schema, TwoSampleClassifier::kTrees, 2).score - 1.0) < 0.01);
}
