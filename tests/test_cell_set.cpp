#include <fmt/format.h>

#include <cmath>
#include <set>

#include "core/table/code/cell_set.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

Column fitted(const std::vector<std::string>& cells, const ColumnOptions& options = {}) {
  const ColumnSchema schema = infer_schema(test::text_column("c", cells))[0];
  return Column::fit(schema, test::numbers_of(schema, cells), 1, 0, options);
}

std::string error_of(const Column& column, const std::string& text) {
  try {
    parse_cells(column, text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

using Codes = std::vector<float>;

}  // namespace

TEST_CASE("categories are chosen by name, missing cells by nothing") {
  const Column column = fitted({"red", "blue", "a|b", "blue", "", "red"});
  CHECK(column.schema().type == ColumnType::kCategorical);
  CHECK(parse_cells(column, "blue").codes == Codes{0, 1, 0, 0});
  CHECK(parse_cells(column, "blue").only == Cell{1, 0});
  CHECK(parse_cells(column, "blue|red").codes == Codes{0, 1, 1, 0});
  CHECK(!parse_cells(column, "blue|red").only);
  CHECK(parse_cells(column, "a|b").only == Cell{0, 0});
  CHECK(parse_cells(column, "").only == Cell{3, 0});
  CHECK(parse_cells(column, "NA").only == Cell{3, 0});
  CHECK(parse_cells(column, "red|").codes == Codes{0, 0, 1, 1});
  CHECK(parse_cells(column, "\"blue\"").only == Cell{1, 0});
  CHECK(parse_cells(column, "\"a|b\"|red").codes == Codes{1, 0, 1, 0});
  CHECK(error_of(column, "\"\"") == "column 'c' has no value ''; it has: a|b, blue, red");
  CHECK(error_of(column, "green") == "column 'c' has no value 'green'; it has: a|b, blue, red");
  CHECK(error_of(fitted({"x", "y", "x", "y"}), "") == "column 'c' has no missing values");
}

TEST_CASE("numbers with codes are chosen by value and range") {
  const Column column = fitted({"0.1", "0.2", "0.3", "0.3", "0.7", "NA"});
  CHECK(parse_cells(column, "0.3").only == Cell{2, 0});
  CHECK(parse_cells(column, "0.2..0.3").codes == Codes{0, 1, 1, 0, 0});
  CHECK(parse_cells(column, "..0.2|0.7..").codes == Codes{1, 1, 0, 1, 0});
  CHECK(parse_cells(column, "0.3..0.31").only == Cell{2, 0});
  CHECK(parse_cells(column, "|0.7").codes == Codes{0, 0, 0, 1, 1});
  CHECK(error_of(column, "0.4") == "column 'c' has no value 0.4; the nearest that it has is 0.3");
  CHECK(error_of(column, "0.4..0.6") == "column 'c' has no value in 0.4..0.6: its values go from 0.1 to 0.7");
  CHECK(error_of(column, "2..1") == "the range 2..1 of column 'c' is empty: its low end is above its high end");
  CHECK(error_of(column, "..") == "the range of column 'c' has no end: write low..high, low.. or ..high");
  CHECK(error_of(column, "0.2..x") == "column 'c' is decimal, but 'x' is not");
}

TEST_CASE("a range of a continuous column holds exactly the z whose written numbers lie in it") {
  std::vector<std::string> cells;
  for (int i = 0; i < 1000; ++i) cells.push_back(i < 300 ? "5.0" : fmt::format("{:.1f}", 0.1 * ((i * 37) % 971)));
  const Column column = fitted(cells);
  const int continuous = column.continuous_code();
  REQUIRE(continuous == 1);  // 5.0 has a code of its own
  struct Case {
    double low, high;
  };
  for (const Case& c : {Case{0.3, 7.2}, {4.9, 4.9}, {-100.0, 1.0}, {50.0, 1000.0}, {-9.0, 999.0}}) {
    CAPTURE(c.low);
    const CellSet set = parse_cells(column, fmt::format("{}..{}", c.low, c.high));
    const auto written_in = [&](float z) {
      const double x = column.value({1, z});
      return x >= c.low - 1e-9 && x <= c.high + 1e-9;
    };
    CHECK(set.codes[0] == (c.low <= 5 && c.high >= 5 ? 1 : 0));
    CHECK(set.codes[1] == 1);
    CHECK(written_in(set.z_low));
    CHECK(written_in(set.z_high));
    if (set.z_low > column.z_low()) CHECK(!written_in(std::nextafter(set.z_low, -9.0f)));
    if (set.z_high < column.z_high()) CHECK(!written_in(std::nextafter(set.z_high, 9.0f)));
  }
  const CellSet whole = parse_cells(column, "..1000");
  CHECK(whole.z_low == column.z_low());
  CHECK(whole.z_high == column.z_high());
  CHECK(parse_cells(column, "5").only == Cell{0, 0});
  const CellSet one = parse_cells(column, "40.3");
  REQUIRE(one.only);
  CHECK(*one.only == column.encode_text("40.3", 0.5f));
  CHECK(parse_cells(column, "40.3|40.3").only == one.only);
  const CellSet step = parse_cells(column, "40.3..40.3"), either = parse_cells(column, "5|40.3");  // not a point of z
  CHECK(step.z_low < step.z_high);
  CHECK(either.codes == Codes{1, 1});
  CHECK(either.z_low == step.z_low);
  CHECK(either.z_high == step.z_high);
  CHECK(error_of(column, "40.35") == "column 'c' has no value 40.35; the nearest that it has is 40.4");
  CHECK(error_of(column, "500..") == "column 'c' has no value in 500..: its values go from 0.0 to 97.0");
  CHECK(error_of(column, "1..2|8..9") ==
        "column 'c' holds too many different numbers for a choice among them: give one range, or one number");
}

TEST_CASE("a quoted alternative is a value whatever it looks like") {
  ColumnSchema schema;
  schema.name = "c", schema.type = ColumnType::kCategorical, schema.values = {"\"x\"", "..", "NA", "a\"b"};
  const Column column = Column::fit(schema, std::vector<double>{0, 1, 2, 3, NAN}, 1, 0);
  CHECK(parse_cells(column, "NA").only == Cell{2, 0});  // a category, for the column has it
  CHECK(parse_cells(column, "\"NA\"|\"..\"").codes == Codes{0, 1, 1, 0, 0});
  CHECK(parse_cells(column, "\"a\"\"b\"").only == Cell{3, 0});
  CHECK(parse_cells(column, "\"x\"").only == Cell{0, 0});
  ColumnSchema odd = schema;
  odd.values = {"\"x\"", "a\"|b", "x"};
  const Column mixed = Column::fit(odd, std::vector<double>{0, 1, 2}, 1, 0);
  CHECK(parse_cells(mixed, "\"x\"").only == Cell{2, 0});  // what stands in the quotes comes first
  CHECK(parse_cells(mixed, "\"a\"\"|b\"|x").codes == Codes{0, 1, 1});
  CHECK(parse_cells(column, "\"\"\"x\"\"\"").only == Cell{0, 0});
  CHECK(parse_cells(column, "").only == Cell{4, 0});
  ColumnSchema empty = schema;
  empty.values = {"", "x"};
  const Column both = Column::fit(empty, std::vector<double>{0, 1, NAN}, 1, 0);
  CHECK(parse_cells(both, "").only == Cell{2, 0});
  CHECK(parse_cells(both, "\"\"").only == Cell{0, 0});
}

TEST_CASE("a narrow range of large numbers holds no others") {
  std::vector<std::string> cells;
  for (int i = 0; i < 600; ++i) cells.push_back(fmt::format("{}", 1'700'000'000'000 + i * 7919 % 250));
  const Column column = fitted(cells);
  const CellSet set = parse_cells(column, "1700000000076..1700000000098");
  std::set<double> numbers;
  for (int c = 0; c < column.codes(); ++c)
    if (set.codes[static_cast<std::size_t>(c)] != 0) {
      const float low = c == column.continuous_code() ? set.z_low : 0,
                  high = c == column.continuous_code() ? set.z_high : 0;
      for (const float z : {low, (low + high) / 2, high})
        numbers.insert(column.value({static_cast<std::uint32_t>(c), z}));
    }
  CHECK(*numbers.begin() >= 1'700'000'000'076);
  CHECK(*numbers.rbegin() <= 1'700'000'000'098);
}

TEST_CASE("dates are chosen as the table writes them") {
  std::vector<std::string> cells;
  for (int i = 0; i < 28 * 12 * 10; ++i)
    cells.push_back(fmt::format("{}-{:02}-{:02}", 2001 + i / 336, i / 28 % 12 + 1, i % 28 + 1));
  const Column column = fitted(cells);
  const CellSet set = parse_cells(column, "2004-01-01..2004-12-28");
  std::string low, high;
  column.append({0, set.z_low}, low);
  column.append({0, set.z_high}, high);
  CHECK(low == "2004-01-01");
  CHECK(high == "2004-12-28");
}
