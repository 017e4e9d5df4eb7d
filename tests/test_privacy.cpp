#include <fmt/format.h>

#include <cmath>

#include "core/measure/closest_record.h"
#include "core/measure/identical_rows.h"
#include "meg/error.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using doctest::Approx;

namespace {

Table table(const std::string& csv) { return parse_csv(csv, "t.csv"); }

/// Independent rows of a skewed number, a whole number that some miss, and a word that goes with the first.
std::string random_rows(std::size_t count, std::uint64_t seed) {
  std::string csv = "pay,age,job,none\n";
  const test::Floats z = test::random(2 * count, seed);
  for (std::size_t i = 0; i < count; ++i) {
    const float pay = z[2 * i], age = z[2 * i + 1];
    csv +=
        fmt::format("{:.4f},{},{},\n", std::exp(pay), age > 1.5f ? "NA" : fmt::format("{}", std::lround(40 + 10 * age)),
                    pay < -0.5f  ? "clerk"
                    : pay < 0.7f ? "nurse"
                                 : "pilot");
  }
  return csv;
}

ClosestRecord closest(const Table& train, const Table& held_out, const Table& synthetic,
                      const ClosestRecordOptions& options = {}) {
  return closest_record(train, held_out, synthetic, infer_schema(train), options);
}

}  // namespace

TEST_CASE("distances to the closest record of a table of four rows are those on paper") {
  // x of both real tables: 1 2 4 8 | 1 3 4 9, ranked 1/8 (twice), 5/16 (2), 7/16 (3), 10/16 (4, twice), 13/16, 15/16.
  const Table train = table("x,w\n1,a\n2,a\n4,b\n8,b\n"), held_out = table("x,w\n1,b\n3,a\n4,b\n9,NA\n");
  SUBCASE("ranks, words") {
    // 2 a: itself, then 1 a at 3/16; of the others 3 a at 1/8. Halves: the mean of two columns.
    const ClosestRecord one = closest(train, held_out, table("x,w\n2,a\n"));
    CHECK(one.synthetic_rows == 1);
    CHECK(one.real_rows == 4);
    CHECK(one.share == 1);
    CHECK(one.share_error == Approx(0.5));  // one row's word
    CHECK(one.train.median_distance == 0);
    CHECK(one.train.median_ratio == 0);
    CHECK(one.train.identical == 1);
    CHECK(one.held_out.median_distance == Approx(1. / 16));
    CHECK(one.held_out.identical == 0);
    // The second nearest held-out row is 1 b: 3/16 and another word, 19/16 of at most 2.
    CHECK(one.held_out.median_ratio == Approx(2. / 19));
  }
  SUBCASE("unseen words and numbers, missing cells") {
    // 100 c is beyond all: rank 1, no word. Missing x is 1 away from all; a missing word equals a missing one.
    const ClosestRecord far = closest(train, held_out, table("x,w\n100,c\n"));
    CHECK(far.train.median_distance == Approx((3. / 16 + 1) / 2));
    CHECK(far.held_out.median_distance == Approx((1. / 16 + 1) / 2));
    CHECK(far.share == 0);
    const ClosestRecord missing = closest(train, held_out, table("x,w\nNA,?\n"));
    CHECK(missing.train.median_distance == 1);
    CHECK(missing.held_out.median_distance == 0.5);
  }
  SUBCASE("ties count half, medians lie between") {
    const ClosestRecord two = closest(train, held_out, table("x,w\n4,b\n2,a\n"));
    CHECK(two.share == 0.75);
    // Of eight real rows one is the nearest to one row, two to half a one each: their variance, 1/7, times 8 / 4 / 2^2.
    CHECK(two.share_error == Approx(std::sqrt(1. / 14)));
    CHECK(two.held_out.median_distance == Approx(1. / 32));
    CHECK(two.held_out.identical == 0.5);
  }
}

TEST_CASE("a copy of the training half is found out, an independent half is not") {
  const std::size_t n = 1500;
  const Table train = table(random_rows(n, 1)), held_out = table(random_rows(n, 2)), other = table(random_rows(n, 3));
  const ClosestRecord copied = closest(train, held_out, train);
  CHECK(copied.train.identical == 1);
  CHECK(copied.share > 0.99);
  CHECK(copied.train.median_distance == 0);
  CHECK(identical_share(train, train, infer_schema(train)) == 1);
  const ClosestRecord independent = closest(train, held_out, other);
  // Rows that all asked different real ones would make it 0.5 / sqrt(n) = 0.013 at most; some ask the same row. Three
  // of these are allowed.
  CHECK(independent.share_error > 0.009);
  CHECK(independent.share_error < 0.020);
  CHECK(std::abs(independent.share - 0.5) < 3 * independent.share_error);
  CHECK(independent.train.identical < 0.01);
  CHECK(independent.train.median_distance == Approx(independent.held_out.median_distance).epsilon(0.1));
  SUBCASE("the samples are of the size that was asked for, and functions of the seed") {
    const ClosestRecordOptions options{.seed = 3, .synthetic_rows = 200, .real_rows = 700};
    const ClosestRecord a = closest(train, held_out, other, options), b = closest(train, held_out, other, options);
    CHECK(a.synthetic_rows == 200);
    CHECK(a.real_rows == 700);
    CHECK(a.share == b.share);
    CHECK(a.train.median_distance == b.train.median_distance);
    CHECK(a.train.median_distance !=
          closest(train, held_out, other, {.seed = 4, .synthetic_rows = 200, .real_rows = 700}).train.median_distance);
  }
  SUBCASE("training and held-out samples are of one size") {
    const ClosestRecord smaller = closest(train, table(random_rows(100, 2)), train);
    CHECK(smaller.real_rows == 100);
    CHECK(smaller.train.identical >= 100. / n);
  }
}

TEST_CASE("a column is one outlier away from nothing by range, but not by rank") {
  // The second training row differs by an ordinary amount; the last value would make that 1/1000 of the range.
  const Table train = table("x\n1\n5\n1000\n"), held_out = table("x\n1\n4\n9\n");
  CHECK(closest(train, held_out, table("x\n5\n")).held_out.median_distance == Approx(1. / 6));
}

TEST_CASE("what cannot be compared is a sentence") {
  const Table two = table("x\n1\n2\n"), one = table("x\n1\n");
  CHECK_THROWS_WITH_AS(closest(two, one, two), "the held-out table has 1 row; closest records need 2 or more", Error);
  CHECK_THROWS_WITH_AS(closest(two, two, test::text_column("x", {})),
                       "the synthetic table has 0 rows; closest records need 1 or more", Error);
  CHECK_THROWS_WITH_AS(closest(two, table("y\n1\n2\n"), two), "there is no column 'x'; the table has y", Error);
  CHECK_THROWS_WITH_AS(closest(two, table("x\n1\nb\n"), two),
                       "row 2 of the held-out table: column 'x' is integer, but 'b' is not", Error);
  const Schema text = infer_schema(two, {{"x", ColumnType::kText}});
  CHECK_THROWS_WITH_AS(closest_record(two, two, two, text),
                       "no column is left to compare rows by: all are identifiers or free text", Error);
  CHECK_THROWS_AS(identical_share(two, two, text), Error);
  SUBCASE("constant and empty columns are no obstacle") {
    const Table constant = table("x,y\n7,\n7,\n");
    const ClosestRecord c = closest(constant, constant, table("x,y\n7,\n8,\n"));
    CHECK(c.share == 0.5);
    CHECK(c.train.identical == 0.5);
    CHECK(c.train.median_distance == Approx(1. / 8));  // 8 is above all ranks, which are 1/2: 1/4 of two columns
    CHECK(c.train.median_ratio == 1);
  }
}

TEST_CASE("rows are identical by numbers and words, not by spelling") {
  const Table real = table("x,w,note\n1.50,a,some words here\n-0,NA,other words there\n2,b c,more words yet\n");
  const Schema schema = infer_schema(real, {{"note", ColumnType::kText}});
  const auto share = [&](const std::string& rows) { return identical_share(table("x,w,note\n" + rows), real, schema); };
  CHECK(share("1.5,a,p\n0,?,q\n2,b,r\n2,c,r\n") == 0.5);
  CHECK(share("1.5,,p\n,a,p\n") == 0);
  CHECK(identical_share(test::text_table({"x", "w", "note"}, {}), real, schema) == 0);
}
