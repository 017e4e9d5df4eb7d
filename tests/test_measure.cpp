#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "core/measure/boosted_trees.h"
#include "core/measure/chi_square.h"
#include "core/measure/compare.h"
#include "core/measure/correlation.h"
#include "core/measure/efficacy.h"
#include "core/measure/f1.h"
#include "core/measure/kolmogorov_smirnov.h"
#include "core/measure/roc_auc.h"
#include "core/measure/total_variation.h"
#include "core/measure/two_sample.h"
#include "core/measure/wasserstein.h"
#include "core/tensor/philox.h"
#include "meg/error.h"
#include "meg/files.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using doctest::Approx;

namespace {

using Doubles = std::vector<double>;
using Ints = std::vector<int>;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Table table(const std::string& csv) { return parse_csv(csv, "t.csv"); }

Comparison compare(const std::string& real, const std::string& synthetic) {
  const Table table_of_real = table(real);
  return meg::compare(table_of_real, table(synthetic), infer_schema(table_of_real));
}

double mean_wasserstein(const Comparison& c) { return *column_mean(c, &ColumnComparison::wasserstein); }
double mean_ks(const Comparison& c) { return *column_mean(c, &ColumnComparison::ks); }
double mean_shape(const Comparison& c) { return *column_mean(c, &ColumnComparison::shape); }
/// NaN where there is no pair.
double mean_trend(const Comparison& c) { return mean_of(c.trends, &Trend::score); }

/// A table whose label says whether x + y is over 1, and whose third is a word for x's third.
Table labelled(int rows, int first) {
  std::string csv = "x,y,third,label\n";
  for (int i = first; i < first + rows; ++i) {
    const double x = (i * 37 % 101) / 101.0, y = (i * 53 % 97) / 97.0;
    csv += fmt::format("{:.4f},{:.4f},{},{}\n", x, y,
                       x < 1. / 3   ? "low"
                       : x < 2. / 3 ? "mid"
                                    : "top",
                       x + y > 1 ? "yes" : "no");
  }
  return table(csv);
}

}  // namespace

TEST_CASE("Wasserstein is the area between two cumulative distributions") {
  CHECK(wasserstein(Doubles{0, 1, 3}, Doubles{5, 6, 8}) == Approx(5));
  CHECK(wasserstein(Doubles{3, 0, 1}, Doubles{8, 6, 5}) == Approx(5));
  CHECK(wasserstein(Doubles{0, 1}, Doubles{0, 0, 1, 1}) == Approx(0));
  CHECK(wasserstein(Doubles{1}, Doubles{-1}) == Approx(2));
  CHECK(wasserstein(Doubles{2, 2, 2}, Doubles{2}) == 0);
  // F_a - F_b is 1/2 on [0, 1] and 1/6 on [1, 4].
  CHECK(wasserstein(Doubles{0, 1}, Doubles{1, 1, 4}) == Approx(0.5 + 1. / 3 * 3));
  CHECK(std::isnan(wasserstein(Doubles{}, Doubles{1})));
}

TEST_CASE("Kolmogorov-Smirnov counts ties on both sides before it compares") {
  CHECK(kolmogorov_smirnov(Doubles{1, 1, 2}, Doubles{1, 2, 2}) == Approx(1. / 3));
  CHECK(kolmogorov_smirnov(Doubles{1, 2}, Doubles{2, 1}) == 0);
  CHECK(kolmogorov_smirnov(Doubles{0, 0}, Doubles{1}) == 1);
  CHECK(kolmogorov_smirnov(Doubles{1, 2, 3, 4}, Doubles{3, 4, 5}) == Approx(0.5));
  CHECK(kolmogorov_smirnov(Doubles{}, Doubles{1}) == 1);
  CHECK(kolmogorov_smirnov(Doubles{}, Doubles{}) == 0);
}

TEST_CASE("total variation compares shares, not counts") {
  CHECK(total_variation(Doubles{1, 1}, Doubles{5, 5}) == 0);
  CHECK(total_variation(Doubles{1, 0}, Doubles{0, 7}) == 1);
  CHECK(total_variation(Doubles{1, 1, 2}, Doubles{2, 1, 1}) == Approx(0.25));
  CHECK(total_variation(Doubles{0}, Doubles{0}) == 0);
  CHECK_THROWS_AS(total_variation(Doubles{1}, Doubles{1, 2}), Error);
}

TEST_CASE("chi-square p equals scipy.stats.chi2_contingency") {
  CHECK(chi_square_p(Doubles{10, 20}, Doubles{20, 10}) == Approx(0.02013675155034633).epsilon(1e-10));
  CHECK(chi_square_p(Doubles{10, 20, 30}, Doubles{6, 9, 17}) == Approx(0.873028283380073).epsilon(1e-10));
  SUBCASE("empty categories are no categories, so two that remain are corrected") {
    CHECK(chi_square_p(Doubles{10, 0, 20}, Doubles{20, 0, 10}) == Approx(0.02013675155034633).epsilon(1e-10));
  }
  SUBCASE("the correction goes onto the expectation, not past it") {
    CHECK(chi_square_p(Doubles{10, 10}, Doubles{10, 10}) == 1);
    CHECK(chi_square_p(Doubles{10, 11}, Doubles{11, 10}) == 1);
  }
  SUBCASE("with nothing to tell apart p is 1") {
    CHECK(chi_square_p(Doubles{4}, Doubles{9}) == 1);
    CHECK(chi_square_p(Doubles{1, 2}, Doubles{0, 0}) == 1);
  }
}

TEST_CASE("ROC AUC counts ties half") {
  CHECK(roc_auc(Doubles{.1, .4, .35, .8}, Ints{0, 0, 1, 1}) == Approx(0.75));
  CHECK(roc_auc(Doubles{.5, .5, .5}, Ints{0, 1, 1}) == Approx(0.5));
  CHECK(roc_auc(Doubles{.2, .5, .5, .9}, Ints{0, 0, 1, 1}) == Approx(0.875));
  CHECK(std::isnan(roc_auc(Doubles{.2, .5}, Ints{1, 1})));
  // Classes 0 and 1 have the higher scores in their own rows; class 2 does not occur.
  CHECK(macro_roc_auc(Doubles{.9, .1, 0, .2, .5, .3, .2, .5, .3}, Ints{0, 1, 1}, 3) == Approx(1));
  CHECK(std::isnan(macro_roc_auc(Doubles{.9, .1}, Ints{0}, 2)));
}

TEST_CASE("F1 weighs hits against both kinds of errors") {
  CHECK(f1(Ints{1, 1, 0, 0}, Ints{1, 0, 1, 0}, 1) == Approx(0.5));
  CHECK(f1(Ints{0, 0}, Ints{0, 0}, 1) == 0);
  // Classes: 1, 2 * 2 / 5 and 0; class 3 neither occurs nor is predicted.
  CHECK(macro_f1(Ints{0, 1, 1, 2}, Ints{0, 1, 1, 1}, 4) == Approx((1 + 0.8 + 0) / 3));
}

TEST_CASE("correlation is over complete rows, and undefined for constants and single rows") {
  CHECK(pearson(Doubles{1, 2, 3, kNone, 9}, Doubles{2, 4, 6, 5, kNone}) == Approx(1));
  CHECK(pearson(Doubles{1, 2, 3}, Doubles{3, 1, 2}) == Approx(-0.5));
  CHECK(std::isnan(pearson(Doubles{.1, .1, .1}, Doubles{1, 2, 3})));
  CHECK(std::isnan(pearson(Doubles{1}, Doubles{1})));
}

TEST_CASE("a table compared with itself has no distance and full scores") {
  const std::string csv = "n,w,m\n1,a,1.5\n2,b,\n2,?,2.5\n7,a,0\n";
  const Comparison same = compare(csv, csv);
  CHECK(mean_wasserstein(same) == 0);
  CHECK(mean_ks(same) == 0);
  CHECK(mean_shape(same) == 1);
  CHECK(mean_trend(same) == Approx(1));
  REQUIRE(same.columns.size() == 3);
  CHECK_FALSE(same.columns[0].total_variation.has_value());
  CHECK(same.columns[1].chi_square_p == 1);
  CHECK(same.trends.size() == 3);
}

TEST_CASE("columns are compared by their numbers or, where they are words, by their sorted places") {
  const Comparison c = compare("n,w\n0,a\n0,a\n1,c\n1,c\n", "n,w\n1,a\n1,b\n1,c\n1,c\n");
  // n: mean 1/2, deviation 1/2; half of the rows move by 1.
  CHECK(c.columns[0].wasserstein == Approx(1));
  CHECK(c.columns[0].ks == Approx(0.5));
  CHECK(c.columns[0].shape == Approx(0.5));
  CHECK(*c.columns[0].total_variation == Approx(0.5));
  // w: places 0, 0, 2, 2 and 0, 1, 2, 2.
  CHECK(c.columns[1].wasserstein == Approx(0.25));
  CHECK(c.columns[1].ks == Approx(0.25));
  CHECK(c.columns[1].shape == Approx(0.75));
  // Joint shares (0,a) (1,c) beside (1,a) (1,b) (1,c): every real (0,a) is gone.
  CHECK(c.trends.at(0).score == Approx(0.5));
}

TEST_CASE("missing cells are a category of words, and left out of numbers") {
  const Comparison c = compare("n,w\n1,a\n2,?\n3,a\n", "n,w\n1,a\n,NA\n2,a\n3,b\n");
  CHECK(c.columns[0].ks == 0);
  CHECK(*c.columns[1].total_variation == Approx((std::abs(2. / 3 - 0.5) + std::abs(1. / 3 - 0.25) + 0.25) / 2));
  const Comparison empty = compare("n,w\n1,a\n2,b\n5,b\n", "n,w\n,c\n,c\n");
  CHECK(empty.columns[0].ks == 1);
  CHECK(std::isnan(empty.columns[0].wasserstein));
  CHECK(empty.columns[1].shape == 0);
  CHECK(mean_wasserstein(empty) == Approx(empty.columns[1].wasserstein));
}

TEST_CASE("constant columns, single rows and lone columns have figures or none, never a crash") {
  const Comparison constant = compare("a,b\n3,1\n3,2\n3,4\n", "a,b\n3,1\n5,2\n3,4\n");
  CHECK(constant.columns[0].wasserstein == Approx(2. / 3));
  CHECK(constant.trends.empty());  // the real correlation is undefined
  CHECK(std::isnan(mean_trend(constant)));
  const Comparison vanished = compare("a,b\n1,1\n2,2\n3,4\n", "a,b\n3,1\n3,2\n3,4\n");
  CHECK(vanished.trends.at(0).score == Approx(1 - 0.9819805060619657 / 2));
  const Comparison single = compare("a,b\n3,x\n", "a,b\n4,x\n");
  CHECK(mean_ks(single) == Approx(0.5));
  CHECK(mean_trend(single) == Approx(0));  // 3 and 4 fall into different bins
  CHECK(std::isnan(mean_trend(compare("a\n3\n4\n", "a\n3\n"))));
}

TEST_CASE("a column of small numbers is no constant") {
  const auto normal = [](double mean, double scale) {
    const Philox philox(1, Stream::kMeasure);
    test::Texts cells;
    for (std::uint64_t r = 0; r < 300; ++r)
      cells.push_back(fmt::format("{}", scale * (mean + static_cast<double>(philox.normal(r, mean > 0)[0]))));
    return test::text_column("x", cells);
  };
  for (const double scale : {1.0, 1e-12, 1e-200}) {
    const Table real = normal(0, scale), other = normal(5, scale);
    const Schema schema = infer_schema(real);
    CHECK(*two_sample(real, other, schema, TwoSampleClassifier::kLogistic).score < 0.05);
    const Comparison same = meg::compare(real, real, schema), far = meg::compare(real, other, schema);
    CHECK(same.columns[0].wasserstein < 1e-12);
    CHECK(far.columns[0].wasserstein == Approx(5).epsilon(0.1));  // of the deviation of 300 numbers
  }
}

TEST_CASE("the trend of columns with many values is that of their joint shares") {
  // 300 x 300 codes are counted code by code; the synthetic rows pair every first value with the next second value.
  std::string real = "a,b\n", half = real;
  for (int i = 0; i < 1200; ++i) {
    real += fmt::format("a{},b{}\n", i % 300, i % 300);
    half += fmt::format("a{},b{}\n", i % 300, (i % 300 + (i < 600)) % 300);
  }
  CHECK(mean_trend(compare(real, real)) == 1);
  CHECK(mean_trend(compare(real, half)) == Approx(0.5));
  CHECK(mean_trend(compare(half, real)) == Approx(0.5));
}

TEST_CASE("chi-square is asked about as many synthetic rows as there are real ones") {
  const Comparison c = compare("w\na\na\nb\nb\n", "w\na\nb\na\nb\nb\nb\nb\nb\n");
  CHECK(c.columns[0].chi_square_p == 1);
  CHECK(*c.columns[0].total_variation == Approx(0.25));
}

TEST_CASE("what cannot be compared is skipped or refused with a sentence") {
  std::string ids = "id,n\n";
  for (int i = 0; i < 30; ++i) ids += fmt::format("{},{}\n", i, i % 7);
  const Comparison c = compare(ids, ids);
  REQUIRE(c.texts.size() == 1);
  CHECK(c.texts[0].name == "id");
  CHECK(c.columns.size() == 1);
  CHECK_THROWS_WITH_AS(compare("a,b\n1,2\n", "a,c\n1,2\n"),
                       "the synthetic table has no column 'b', which the real table has", Error);
  CHECK_THROWS_WITH_AS(compare("a\n1\n2\n", "a\n1\nx\n"),
                       "row 2 of the synthetic table: column 'a' is integer, but 'x' is not", Error);
}

TEST_CASE("texts that are not learned are compared by their lengths, characters and how many differ") {
  const auto of = [](const auto& a, const auto& b) {
    std::string real = "id,n\n", synthetic = real;
    for (int i = 0; i < 40; ++i) {
      real += fmt::format("{},{}\n", a(i), i % 7);
      synthetic += fmt::format("{},{}\n", b(i), i % 7);
    }
    const Comparison c = compare(real, synthetic);
    REQUIRE(c.texts.size() == 1);
    return c.texts[0];
  };
  const auto code = [](int i) { return fmt::format("AB-{:03}", 7 * i % 101); };
  const TextComparison same = of(code, code);
  CHECK(same.shape() == 1);
  CHECK(same.distinct_real == 1);
  // By hand: 3 of 6 characters are digits, 2 capitals, 1 another sign; the other has 3 digits and 3 small letters.
  const TextComparison other = of(code, [](int i) { return fmt::format("abc{:03}", 7 * i % 101); });
  CHECK(other.length == 1);
  CHECK(other.characters == Approx(0.5));
  CHECK(other.distinct == 1);
  // Longer, and half of them the same.
  const TextComparison longer = of(code, [](int i) { return fmt::format("AB-{:03}AB-{:03}", i / 2, i / 2); });
  CHECK(longer.length == 0);
  CHECK(longer.characters == Approx(1));
  CHECK(longer.distinct == Approx(0.5));
  CHECK(longer.shape() == Approx(0.5));
  CHECK(of(code, [](int) { return std::string(); }).shape() == 0);
}

TEST_CASE("trees find what a column depends on, in a table that has it") {
  if (!BoostedTrees::available()) return;
  const Table train = labelled(2000, 0), test = labelled(500, 5000);
  const Schema schema = infer_schema(test);
  SUBCASE("two values: the positive one is the last") {
    const Efficacy e = efficacy(train, test, schema, "label");
    CHECK(e.task == EfficacyTask::kBinary);
    CHECK(e.auc > 0.99);
    CHECK(e.f1 > 0.95);
    CHECK(e.accuracy > 0.95);
    CHECK(std::abs(e.macro_f1 - e.accuracy) < 0.02);  // two classes of about one size
    CHECK(std::isnan(e.rmse));
    CHECK(efficacy_within(test, schema, "label").auc > 0.97);
  }
  SUBCASE("three values") {
    const Efficacy e = efficacy(train, test, schema, "third");
    CHECK(e.task == EfficacyTask::kMulticlass);
    CHECK(e.auc > 0.99);
    CHECK(e.f1 > 0.97);
    CHECK(e.macro_f1 == e.f1);
    CHECK(efficacy_within(test, schema, "third").f1 > 0.97);
  }
  SUBCASE("numbers") {
    const Efficacy e = efficacy(train, test, schema, "x");
    CHECK(e.task == EfficacyTask::kRegression);
    // Within a third x is nearly uniform, and trees that learn its noise too are a little worse than 1/3 / sqrt 12.
    CHECK(e.rmse < 1.25 / (3 * std::sqrt(12.0)));
    CHECK(e.r2 > 0.8);
    CHECK(std::isnan(e.auc));
    CHECK(efficacy_within(test, schema, "x").r2 > 0.8);
  }
  SUBCASE("a table with one label teaches nothing") {
    const Table constant = table("x,y,third,label\n0.1,0.2,low,yes\n0.9,0.2,top,yes\n");
    const Efficacy e = efficacy(constant, test, schema, "label");
    CHECK(e.auc == Approx(0.5));
    CHECK(e.f1 > 0.5);  // every row is said to be "yes"
    // So all "yes" rows are right, and F1 of "no" is 0.
    CHECK(e.f1 == Approx(2 * e.accuracy / (1 + e.accuracy)));
    CHECK(e.macro_f1 == Approx(e.f1 / 2));
    CHECK_THROWS_WITH_AS(
        efficacy(test, constant, schema, "label"),
        "column 'label' has one value only in the real rows that are asked: there is nothing to predict", Error);
  }
  SUBCASE("a target that is not there") {
    CHECK_THROWS_WITH_AS(efficacy(train, test, schema, "z"), "there is no column 'z' to predict", Error);
  }
}

TEST_CASE("halves of adult score what scipy, scikit-learn and XGBoost in Python score") {
  const Table adult = read_table(MEG_TABLES "/adult_train.csv");
  const Table real = adult.slice(0, 16280), synthetic = adult.slice(16280, adult.rows() - 16280);
  const Schema schema = infer_schema(real);
  const Comparison c = meg::compare(real, synthetic, schema);
  // By tests/measure_oracle.py on the same halves; both sides sum in double, in a different order.
  CHECK(mean_wasserstein(c) == Approx(0.009587035392305342).epsilon(1e-9));
  CHECK(mean_ks(c) == Approx(0.005044099831275061).epsilon(1e-9));
  CHECK(mean_shape(c) == Approx(0.9931002574009761).epsilon(1e-9));
  CHECK(mean_trend(c) == Approx(0.9830948488748574).epsilon(1e-9));
  // quality.mle(first half, second half): trees are trained in float, so their scores are a little less exact.
  if (BoostedTrees::available())
    CHECK(efficacy(real, synthetic, schema, "income").auc == Approx(0.9286373416860938).epsilon(1e-4));
}
