#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "meg/meg.h"
#include "tests/coded.h"
#include "tests/support.h"

/// Formulas that many cells of a column keep and others do not, and sums that a column is off by few numbers.

using namespace meg;
using test::decoded;
using test::encoded;

namespace {

/// Uniform in (0, 1), the same every run.
class Random {
 public:
  explicit Random(std::uint64_t seed) : philox_(seed, Stream::kMeasure) {}
  double uniform() { return static_cast<double>(philox_.uniform(next_++, 0)[0]); }
  double normal() { return static_cast<double>(philox_.normal(next_++, 1)[0]); }

 private:
  Philox philox_;
  std::uint64_t next_ = 0;
};

constexpr double kPaidInFull = 0.2, kTipped = 0.3, kTwice = 0.15;

/// Amounts: of `paid` 20 % are billed, of `back` some are -billed, a tip is 20 % of the fare and 0.66 in 30 %, `size`
/// is the change without its sign in 40 %.
Table bills(std::size_t rows) {
  std::string text = "billed,paid,back,fare,tip,change,size\n";
  Random random(3);
  for (std::size_t r = 0; r < rows; ++r) {
    const double billed = std::round(100 * std::exp(5 + random.normal())) / 100;
    const double paid = random.uniform() < kPaidInFull ? billed : std::round(100 * std::exp(5 + random.normal())) / 100;
    const double back = random.uniform() < kTwice ? -billed : -std::round(1e4 * random.uniform() + 1) / 100;
    const double fare = 2.5 + 0.5 * std::floor(100 * random.uniform());
    const double tip =
        random.uniform() < kTipped ? std::round(20 * fare + 66) / 100 : std::round(1500 * random.uniform() + 1) / 100;
    const double change = std::round(1000 * random.normal()) + 0.0;  // no -0
    const double size = random.uniform() < 0.4 ? std::abs(change) : std::round(5000 * random.uniform());
    text += fmt::format("{:.2f},{:.2f},{:.2f},{:.2f},{:.2f},{},{}\n", billed, paid, back, fare, tip, change, size);
  }
  return parse_csv(text, "bills.csv");
}

std::vector<std::string> notes_of(const Table& table, const std::vector<std::string>& first = {}) {
  return TableCoding(infer_table(table), 1, {.relations = true}, first).notes();
}

double share_of(const TableCoding& coding, const Coded& rows, std::size_t column) {
  const std::size_t k = coding.place_of(column), columns = coding.columns().size();
  std::size_t out = 0;
  for (std::size_t r = 0; r < rows.rows; ++r)
    out += coding.columns()[k].formula_of(static_cast<int>(rows.code[r * columns + k])) >= 0;
  return static_cast<double>(out) / static_cast<double>(rows.rows);
}

}  // namespace

TEST_CASE("cells that a formula of other columns gives have its code, and come back") {
  const Table table = bills(3000);
  const TableCoding coding(infer_table(table), 5, {.relations = true});
  REQUIRE(coding.formulas_of(0).empty());
  const auto text = [&](const char* column) {
    const auto formulas = coding.formulas_of(table.place_of(column));
    REQUIRE(formulas.size() == 1);
    return text_of(formulas[0], coding.schema());
  };
  CHECK(text("paid") == "billed");
  CHECK(text("back") == "-billed");
  CHECK(text("tip") == "0.2 * fare + 0.66");
  CHECK(text("size") == "|change|");
  const Coded rows = encoded(coding, table, 5);
  const bool comes_back = to_csv(decoded(coding, rows)) == to_csv(table);
  CHECK(comes_back);
  const double noise = 3 * std::sqrt(0.25 / 3000);
  CHECK(std::abs(share_of(coding, rows, table.place_of("paid")) - kPaidInFull) < noise);
  CHECK(std::abs(share_of(coding, rows, table.place_of("back")) - kTwice) < noise);
  CHECK(std::abs(share_of(coding, rows, table.place_of("tip")) - kTipped) < noise);
  const TableCoding again = TableCoding::from_json(coding.to_json());
  CHECK(again.to_json() == coding.to_json());
  CHECK(again.notes() == coding.notes());
  CHECK(encoded(again, table, 5).code == rows.code);
  const bool comes_back_again = to_csv(decoded(again, rows)) == to_csv(table);
  CHECK(comes_back_again);
  // What comes first is generated before what it might be.
  CHECK(notes_of(table, {"paid", "billed"}).size() == 3);
}

TEST_CASE("a formula's number stays within the column's range") {
  const Table table = bills(2000);
  const TableCoding coding(infer_table(table), 5, {.relations = true});
  Coded rows = encoded(coding, table, 5);
  const std::size_t paid = table.place_of("paid"), k = coding.place_of(paid), columns = coding.columns().size();
  for (std::size_t r = 0; r < rows.rows; ++r) rows.code[r * columns + k] = coding.columns()[k].formula_cell(0).code;
  const Table made = decoded(coding, rows);
  const ColumnSchema& schema = coding.schema()[paid];
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const double billed = std::stod(test::cell(table, r, "billed"));
    CHECK(std::stod(test::cell(made, r, "paid")) == std::clamp(billed, schema.smallest, schema.largest));
  }
}

TEST_CASE("no formula is found in independent columns of ties, round numbers and heaps") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    Random random(100 + seed);
    std::string text = "flat,round,heaps,cents,whole,near,dense\n";
    for (std::size_t r = 0; r < 1500; ++r) {
      const double flat = random.uniform() < 0.7 ? 0 : std::round(300 * random.uniform());
      const auto round_to = [](double x, double unit) { return unit * std::round(x / unit); };
      const double round = round_to(std::exp(8 + 0.5 * random.normal()), random.uniform() < 0.5   ? 500
                                                                         : random.uniform() < 0.5 ? 100
                                                                                                  : 10);
      const double heaps = random.uniform() < 0.3   ? 50
                           : random.uniform() < 0.3 ? 20
                                                    : std::round(1e4 * random.uniform()) / 100;
      const double cents = std::round(100 * std::exp(1 + random.normal())) / 100;
      const double whole = std::round(400 * random.uniform());
      const double near = round + round_to(400 * random.normal(), random.uniform() < 0.5 ? 100 : 10);
      const double dense = whole + std::round(12 * random.normal());
      text += fmt::format("{},{},{:.2f},{:.2f},{},{},{}\n", flat, round, heaps, cents, whole, near, dense);
    }
    for (const std::string& note : notes_of(parse_csv(text, "t.csv"))) CHECK(note == "");
  }
}

TEST_CASE("a column is a sum and one of few numbers, a sum of many, or the rest of shares") {
  std::string text = "fare,tip,tolls,total,a,b,c,d,e,all,last\n";
  Random random(8);
  constexpr std::array<double, 5> kSurcharges{0.8, 3.3, 3.8, 4.3, 1.3};
  for (std::size_t r = 0; r < 1200; ++r) {
    const double fare = 2.5 + 0.5 * std::floor(100 * random.uniform()), tip = std::round(800 * random.uniform()) / 100;
    const double tolls = random.uniform() < 0.9 ? 0 : 6.12;
    const double surcharge =
        random.uniform() < 0.03 ? random.uniform() : kSurcharges[static_cast<std::size_t>(5 * random.uniform())];
    text += fmt::format("{:.2f},{:.2f},{:.2f},{:.2f}", fare, tip, tolls, fare + tip + tolls + surcharge);
    std::array<double, 5> parts{};
    double all = 0;
    for (double& x : parts) {
      x = std::round(1000 * std::exp(random.normal())) / 100;
      all += x;
      text += fmt::format(",{:.2f}", x);
    }
    text += fmt::format(",{:.2f},{:.2f}\n", all, 100 - parts[0] - parts[1]);
  }
  const std::vector<std::string> notes = notes_of(parse_csv(text, "t.csv"));
  REQUIRE(notes.size() == 3);
  CHECK(notes[0].starts_with("column 'total' is learned as "));
  CHECK(notes[0].find("tolls") != std::string::npos);
  CHECK(notes[0].ends_with(" and one of few numbers"));
  CHECK(notes[1] == "column 'all' is learned as e + b + d + c + a");
  CHECK(notes[2] == "column 'last' is learned as -b - a + 100");
}

TEST_CASE("generated rows keep a formula as often as real ones do; rows are scored, and conditions understood") {
  const Table table = bills(1500);
  Options options;
  options.meg.refine_steps = 0;
  Meg model(options);
  model.load_data(table);
  model.train(20, 128);
  const Table rows = model.generate(3000);
  std::size_t paid = 0;
  for (std::size_t r = 0; r < rows.rows(); ++r)
    paid += rows["paid"].values<double>()[r] == rows["billed"].values<double>()[r];
  CHECK(std::abs(static_cast<double>(paid) / 3000 - kPaidInFull) < 0.04);
  for (const double score : model.score(table).total) CHECK(std::isfinite(score));
  const Table some = model.generate(300, 0, {.where = {"paid=10..20"}});
  paid = 0;
  for (std::size_t r = 0; r < some.rows(); ++r) {
    const double number = some["paid"].values<double>()[r];
    CHECK((number >= 10 && number <= 20));
    paid += number == some["billed"].values<double>()[r];
  }
  CHECK(paid > 0);
  CHECK_THROWS_WITH(model.generate(5, 0, {.where = {"paid=10.17"}}),
                    doctest::Contains("column 'paid' is often billed (2"));
}
