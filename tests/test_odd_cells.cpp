#include <fmt/format.h>

#include "core/table/infer/odd_cells.h"
#include "core/table/infer/schema.h"
#include "meg/error.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

/// 200 rows of one column, row 70's cell and row 90's being odd.
template <class Cell>
Table column_of(const Cell& cell, const std::string& odd, const std::string& odder = "") {
  test::Texts cells;
  for (int i = 1; i <= 200; ++i) cells.push_back(i == 70 ? odd : i == 90 && !odder.empty() ? odder : cell(i));
  return test::text_column("x", cells);
}

std::string found(const Table& table) {
  const std::optional<OddCells> odd = find_odd_cells(table[0]);
  return odd ? describe(*odd) : "";
}

std::string money(int i) { return fmt::format("{},{:03}.50 €", i, 7 * i % 1000); }
std::string day(int i) { return fmt::format("{:02}.{:02}.{}", 1 + i % 28, 1 + i % 12, 1990 + i % 30); }
std::string number(int i) { return std::to_string(3 * i); }

}  // namespace

TEST_CASE("a few cells among numbers, amounts and dates are found and named") {
  CHECK(found(column_of(number, "ca. 50")) ==
        "one of its cells is none of the numbers that the others are, in row 70: 'ca. 50'");
  CHECK(found(column_of(money, "n/k", "on request")) ==
        "2 of its cells are none of the numbers that the others are, the first in row 70: 'n/k'");
  CHECK(found(column_of(day, "spring 1990")) ==
        "one of its cells is none of the dates that the others are, in row 70: 'spring 1990'");
  CHECK(found(column_of(day, "31.02.1990")).ends_with("in row 70: '31.02.1990'"));
  for (const auto& clean :
       {column_of(number, "5"), column_of(money, "5,000.00 €"), column_of(day, "01.01.1990"), column_of(number, "NA"),
        column_of([](int i) { return fmt::format("w{}", i * i % 37); }, "w")})
    CHECK(found(clean).empty());
  CHECK(found(column_of([](int i) { return i % 3 ? number(i) : "word"; }, "5")).empty());  // words as well
}

TEST_CASE("a type that is asked for says which cell is not of it") {
  const auto error = [](const Table& table, ColumnType type) -> std::string {
    try {
      infer_schema(table, {{"x", type}});
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  const auto many = [](const auto& cell) {  // words, too many to be learned beside the others
    return column_of([=](int i) { return i % 9 == 0 && i < 198 ? fmt::format("ca. {}", i) : cell(i); }, "n/k");
  };
  CHECK(error(many(number), ColumnType::kDecimal) == "column 'x' cannot be decimal: 'ca. 9' is no number");
  CHECK(error(column_of([](int i) { return std::to_string(i % 9); }, "n/k"), ColumnType::kInteger) ==
        "column 'x' cannot be integer: 'n/k' is no number");
  CHECK(error(column_of(money, "n/k"), ColumnType::kDecimal).empty());  // a word among numbers
  CHECK(error(column_of(day, "spring 1990"), ColumnType::kDatetime).empty());
}
