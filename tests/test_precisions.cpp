#include <fmt/format.h>

#include <cmath>

#include "core/table/code/precisions.h"
#include "meg/files.h"
#include "tests/coded.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

/// 600 numbers, of which every third has fourteen digits behind the point and the others five.
std::vector<double> of_two_precisions() {
  std::vector<double> out;
  for (int i = 0; i < 600; ++i) {
    const double x = 51 + std::fmod(i * 0.61803398874989, 1);
    out.push_back(rounded(x, i % 3 == 0 ? 14 : 5));
  }
  return out;
}

}  // namespace

TEST_CASE("numbers of two precisions are told from those of one") {
  CHECK(rounded(51.123456, 5) == 51.12346);
  CHECK(rounded(-0.5, 3) == -0.5);
  CHECK(coarse_decimals(of_two_precisions(), 14) == 5);
  std::vector<double> fine, money, zeros;
  for (int i = 0; i < 600; ++i) {
    const double x = 51 + std::fmod(i * 0.61803398874989, 1);
    fine.push_back(rounded(x, 14));
    money.push_back(rounded(x * 100, 2));
    zeros.push_back(i % 2 == 0 ? 0 : rounded(x, 14));  // a number of many rows is no precision
  }
  CHECK_FALSE(coarse_decimals(fine, 14).has_value());
  CHECK_FALSE(coarse_decimals(money, 2).has_value());
  CHECK_FALSE(coarse_decimals(zeros, 14).has_value());
  CHECK_FALSE(coarse_decimals({}, 14).has_value());
}

TEST_CASE("numbers of two precisions come back as they were, also after JSON") {
  test::Texts cells;
  for (const double x : of_two_precisions()) cells.push_back(fmt::format("{}", x));
  cells[7].clear();
  const Table table = test::text_column("x", cells);
  const InferredTable inferred = infer_table(table);
  const TableCoding coding(inferred, 1, {.split = true});
  REQUIRE(coding.columns().size() == 2);
  CHECK(coding.columns()[0].is_first());
  CHECK(coding.columns()[1].codes() == 2);
  CHECK(TableCoding(inferred, 1).columns().size() == 1);
  const TableCoding again = TableCoding::from_json(coding.to_json());
  const Table back = test::decoded(again, test::encoded(again, table, 1));
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (r == 7) continue;
    CHECK(*parse_number(test::cell(back, r, 0)) == doctest::Approx(*parse_number(cells[r])).epsilon(1e-9));
    CHECK((test::cell(back, r, 0).size() > 8) == (cells[r].size() > 8));
  }
}
