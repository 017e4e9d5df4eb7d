#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "core/measure/association.h"
#include "core/measure/boosted_trees.h"
#include "core/measure/chi_square.h"
#include "core/measure/column_pair.h"
#include "core/measure/compare.h"
#include "core/measure/efficacy.h"
#include "core/measure/membership.h"
#include "core/measure/pca.h"
#include "core/measure/precision_recall.h"
#include "core/measure/sample.h"
#include "core/measure/two_sample.h"
#include "core/measure/two_sample_test_rows.h"
#include "core/table/read/csv.h"
#include "meg/files.h"
#include "tests/measure_values.h"

using namespace meg;
using doctest::Approx;

namespace {

/// Small tables with missing numbers and categories, and a category that only the synthetic one has.
struct Tables {
  Table real = read("real"), synthetic = read("synthetic"), held_out = read("held_out");
  Schema schema = infer_schema(real);

  static Table read(const std::string& name) {
    return read_table(std::filesystem::path(MEG_TEST_DATA) / ("measure_" + name + ".csv"));
  }
};

double expected(const std::string& name) { return kMeasureValues.at(name); }
bool is_expected(const std::string& name) { return kMeasureValues.contains(name); }

}  // namespace

TEST_CASE("columns and pairs score what scipy and SDMetrics score") {
  const Tables t;
  const Comparison c = compare(t.real, t.synthetic, t.schema, 2);
  REQUIRE(c.columns.size() == 7);
  for (const ColumnComparison& column : c.columns) {
    CAPTURE(column.name);
    if (is_numeric(column.type)) {
      CHECK(column.ks == Approx(expected("ks " + column.name)).epsilon(1e-12));
      CHECK(column.ks_p == Approx(expected("ks_p " + column.name)).epsilon(1e-9));
    } else {
      CHECK(*column.chi_square_p == Approx(expected("chi_square_p " + column.name)).epsilon(1e-9));
    }
    // SDMetrics adds 1e-8 or so to categories that one side has not.
    if (is_expected("shape " + column.name))
      CHECK(column.shape == Approx(expected("shape " + column.name)).epsilon(1e-7));
    CHECK(column.jensen_shannon == Approx(expected("jensen_shannon " + column.name)).epsilon(1e-9));
    CHECK(*column.coverage == Approx(expected("coverage " + column.name)).epsilon(1e-12));
    CHECK(*column.adherence == Approx(expected("adherence " + column.name)).epsilon(1e-12));
    CHECK(column.missing_similarity == Approx(expected("missing_similarity " + column.name)).epsilon(1e-12));
  }
  int pairs = 0;
  for (const Trend& trend : c.trends) {
    const std::string name = "trend " + c.columns[trend.first].name + " " + c.columns[trend.second].name;
    if (!is_expected(name)) continue;  // SDMetrics bins missing numbers otherwise
    CAPTURE(name);
    CHECK(trend.score == Approx(expected(name)).epsilon(1e-9));
    ++pairs;
  }
  CHECK(pairs == 10);
}

TEST_CASE("associations are those of pandas and scipy, on any number of threads") {
  const Tables t;
  std::vector<std::string> names;
  std::vector<ColumnPair> pairs;
  for (const ColumnSchema& column : t.schema) {
    names.push_back(column.name);
    pairs.push_back(read_column_pair(column, t.real, t.synthetic));
  }
  const Associations a = associations(names, pairs, 1), b = associations(names, pairs, 3);
  CHECK(a.real.pearson == b.real.pearson);
  CHECK(a.synthetic.spearman == b.synthetic.spearman);
  CHECK(a.real_rows == 300);
  CHECK(a.synthetic_rows == 240);
  const std::size_t n = names.size();
  for (std::size_t i = 0; i < n; ++i) {
    CHECK(a.real.pearson[i * n + i] == 1);
    for (std::size_t j = i + 1; j < n; ++j) {
      const std::string pair = names[i] + " " + names[j];
      CAPTURE(pair);
      CHECK(a.real.pearson[i * n + j] == Approx(expected("pearson " + pair)).epsilon(1e-9));
      CHECK(a.real.pearson[j * n + i] == a.real.pearson[i * n + j]);
      const std::string spearman = is_expected("spearman " + pair) ? "spearman " : "pearson ";
      CHECK(a.real.spearman[i * n + j] == Approx(expected(spearman + pair)).epsilon(1e-9));
    }
  }
}

TEST_CASE("classifiers tell rows apart as well as scikit-learn and XGBoost") {
  const Tables t;
  // A gradient of 1e-4 leaves weights a little off, so that a few of 8000 pairs of rows change places.
  const TwoSample lr = two_sample(t.real, t.synthetic, t.schema, TwoSampleClassifier::kLogistic, 2);
  CHECK(*lr.score == Approx(expected("c2st_lr")).epsilon(1e-4));
  CHECK(*lr.auc == Approx(expected("c2st_lr auc")).epsilon(1e-4));
  const TwoSample trees = two_sample(t.real, t.synthetic, t.schema, TwoSampleClassifier::kTrees);
  if (!BoostedTrees::available()) {
    CHECK(trees.score.reason == BoostedTrees::kMissing);
    return;
  }
  // The same to the last pair with libxgboost 1.7; other versions draw other splits from equal gains.
  CHECK(*trees.score == Approx(expected("c2st_xgb")).epsilon(1e-9));
  CHECK(*trees.auc == Approx(expected("c2st_xgb auc")).epsilon(0.02));
}

TEST_CASE("test rows are told from synthetic ones as well as by bench/reference/fresh.py") {
  if (!BoostedTrees::available()) return;
  const Tables t;
  const TestTwoSample told = two_sample_test_rows(t.real, t.held_out, t.synthetic, t.schema);
  CHECK(told.real_rows == 300);
  CHECK(told.synthetic_rows == 90);
  CHECK(told.test_rows == 150);
  // The same to the last pair with libxgboost 1.7; other versions draw other rows for their trees.
  CHECK(*told.auc == Approx(expected("c2st_test_auc")).epsilon(0.005));
  CHECK(told.auc_error == Approx(0.0334).epsilon(1e-2));  // 0.41 / sqrt(150)
}

TEST_CASE("trees that learned from synthetic rows score what XGBoost and scikit-learn say") {
  if (!BoostedTrees::available()) return;
  const Tables t;
  for (const std::string target : {"sex", "job", "pay"}) {
    CAPTURE(target);
    const Efficacy e = efficacy(t.synthetic, t.real, t.schema, target);
    // Trees are sums of floats: a row between two classes may be said otherwise, one of 300.
    if (target == "pay") {
      CHECK(e.rmse == Approx(expected("rmse pay")).epsilon(1e-4));
      CHECK(e.r2 == Approx(expected("r2 pay")).epsilon(1e-4));
      continue;
    }
    CHECK(e.auc == Approx(expected("auc " + target)).epsilon(1e-4));
    CHECK(e.accuracy == Approx(expected("accuracy " + target)).epsilon(0.005));
    CHECK(e.macro_f1 == Approx(expected("macro_f1 " + target)).epsilon(0.005));
    CHECK(e.f1 == Approx(expected("f1 " + target)).epsilon(0.005));
  }
}

TEST_CASE("precision and recall equal synthcity's on scikit-learn's neighbours") {
  const Tables t;
  const PrecisionRecall p = precision_recall(t.real, t.synthetic, t.schema, 2);
  CHECK(*p.alpha_precision == Approx(expected("alpha_precision")).epsilon(1e-9));
  CHECK(*p.beta_recall == Approx(expected("beta_recall")).epsilon(1e-9));
}

TEST_CASE("components are scikit-learn's, up to the sign that is fixed here") {
  const Tables t;
  const Pca p = pca(t.real, t.synthetic, t.schema);
  REQUIRE(p.explained.size() == 3);
  REQUIRE(p.real.size() == 3 * 300);
  REQUIRE(p.synthetic.size() == 3 * 240);
  for (std::size_t k = 0; k < 3; ++k) {
    CAPTURE(k);
    CHECK(p.explained[k] == Approx(expected("explained " + std::to_string(k))).epsilon(1e-9));
    CHECK(p.real[7 * 3 + k] == Approx(expected("real point " + std::to_string(k))).epsilon(1e-5));
    CHECK(p.synthetic[11 * 3 + k] == Approx(expected("synthetic point " + std::to_string(k))).epsilon(1e-5));
  }
  CHECK(pca(t.real, t.synthetic, t.schema, {.components = 2}).explained.size() == 2);
  CHECK(pca(t.real, t.synthetic, t.schema, {.points = 10}).real.size() == 30);
}

TEST_CASE("who was in the table is guessed from distances as in numpy") {
  const Tables t;
  std::vector<std::size_t> first(t.held_out.rows());
  for (std::size_t r = 0; r < first.size(); ++r) first[r] = r;
  const Membership m = membership(t.real.take(first), t.held_out, t.synthetic, t.schema);
  CHECK(m.real_rows == 150);
  CHECK(m.synthetic_rows == 240);
  // Distances are summed in float, so that a few of 22500 pairs are tied here and not there.
  CHECK(m.auc == Approx(expected("membership_auc")).epsilon(1e-3));
  CHECK(m.auc_error == Approx(std::sqrt(301.0 / (12 * 150 * 150))));
}
