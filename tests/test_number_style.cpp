#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/table/infer/schema.h"
#include "meg/error.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

std::string there_and_back(const NumberStyle& style, std::string_view cell) {
  std::string out;
  if (const auto plain = plain_number(style, cell)) append_in_style(style, *plain, out);
  return out;
}

/// The numbers of these cells in the style that they have in common; the cells come out of them as they were.
std::vector<std::string> read(const std::vector<std::string_view>& cells) {
  const auto style = common_style(cells);
  if (!style) return {};
  std::vector<std::string> out;
  for (const std::string_view cell : cells) {
    out.push_back(plain_number(*style, cell).value_or("none"));
    CHECK(there_and_back(*style, cell) == cell);
  }
  return out;
}

using test::Texts;

/// `rows` cells, made by cell(i), as the only column of a table.
template <class Cell>
Table table_of(int rows, const Cell& cell) {
  Texts cells;
  for (int i = 0; i < rows; ++i) cells.push_back(cell(i));
  return test::text_column("x", cells);
}

}  // namespace

TEST_CASE("numbers are read and written in the style that they have in common") {
  CHECK(read({"$1,234.50", "-$12.00", "$0.99"}) == Texts{"1234.50", "-12.00", "0.99"});
  CHECK(read({"1.234,5 €", "7,25 €"}) == Texts{"1234.5", "7.25"});
  CHECK(read({"1234,50 €", "7,25 €"}) == Texts{"1234.50", "7.25"});
  CHECK(read({"USD 1234.5", "USD 7"}) == Texts{"1234.5", "7"});
  CHECK(read({"12%", "3.5%", "-1%"}) == Texts{"12", "3.5", "-1"});
  CHECK(read({"80 kg", "75.5 kg"}) == Texts{"80", "75.5"});
  CHECK(read({"1.234 €", "792 €"}) == Texts{"1234", "792"});  // money has no three decimals
  CHECK(read({"1.234 kg", "0.792 kg"}) == Texts{"1.234", "0.792"});
  CHECK(read({"+2.7%", "-1%"}) == Texts{"2.7", "-1"});
  CHECK(read({"$-5", "$6.50"}) == Texts{"-5", "6.50"});
  CHECK(read({"$123,456", "$999,000"}) == Texts{"123456", "999000"});
  CHECK(read({"1 234 567", "89 000", "12"}) == Texts{"1234567", "89000", "12"});
  CHECK(read({"1\u202f234,5", "89"}) == Texts{"1234.5", "89"});
  CHECK(read({"1'234.5", "89"}) == Texts{"1234.5", "89"});
  CHECK(read({"1,37", "0,123", "52,8"}) == Texts{"1.37", "0.123", "52.8"});
  CHECK(read({"52,844", "1,200", "999"}) == Texts{"52844", "1200", "999"});  // or decimals: they come out the same
  CHECK(read({"USD 5", "USD 1,000"}) == Texts{"5", "1000"});
  CHECK(read({"1,18,599", "21,923", "-12,00,000", "500"}) == Texts{"118599", "21923", "-1200000", "500"});
  CHECK(read({"1,23,456", "1,000"}) == Texts{"123456", "1000"});
  CHECK(read({"2,632.69", "(3,827.22)", "0.50"}) == Texts{"2632.69", "-3827.22", "0.50"});
  CHECK(read({"$5", "($1,234.50)"}) == Texts{"5", "-1234.50"});
  CHECK(read({"$5", "$(12)"}) == Texts{"5", "-12"});
  CHECK(read({"(5.2)%", "3.1%"}) == Texts{"-5.2", "3.1"});
  CHECK(read({"17.70-", "87.76"}) == Texts{"-17.70", "87.76"});
  CHECK(read({"1.234,5-", "87,25"}) == Texts{"-1234.5", "87.25"});
  CHECK(read({"Rs. 522.96", "Rs. 5"}) == Texts{"522.96", "5"});
  CHECK(read({"\u22124.0", "3.4"}) == Texts{"-4.0", "3.4"});
  CHECK(read({"$.50", "$1.25", "-$.75"}) == Texts{"0.50", "1.25", "-0.75"});
  CHECK(read({"+2%", "0%", "-1%"}).empty() == false);
  CHECK(read({"12.34\u00a0€", "5.00\u00a0€"}) == Texts{"12.34", "5.00"});
  CHECK(read({"R$\u00a0123,45", "R$\u00a06,00"}) == Texts{"123.45", "6.00"});
  CHECK(read({"70.5\u00a0kg", "8.5\u00a0kg"}) == Texts{"70.5", "8.5"});
  const auto both = common_style(std::vector<std::string_view>{"$.50", "$0.75"});
  REQUIRE(both.has_value());
  CHECK(there_and_back(*both, "$.50") == "$0.50");
}

TEST_CASE("groups may be left out here and there: they are written everywhere") {
  const auto style = common_style(std::vector<std::string_view>{"$9607", "$10,859", "$12.50"});
  REQUIRE(style.has_value());
  CHECK(plain_number(*style, "$9607") == "9607");
  CHECK(there_and_back(*style, "$9607") == "$9,607");
}

TEST_CASE("what is no number in a style is left alone") {
  CHECK(read({"A12", "A13"}).empty());
  CHECK(read({"555 123 456", "555 987 654"}).empty());  // a telephone number
  CHECK(read({"192.168.1.1", "10.0.0.1"}).empty());
  CHECK(read({"$5", "€5"}).empty());
  CHECK(read({"5 kg", "5 lb"}).empty());
  CHECK(read({"1,23,456", "123,456"}).empty());
  CHECK(read({"(5)", "-5"}).empty());
  CHECK(read({"12-13", "14-15"}).empty());
  CHECK(read({"1,5", "1.5"}).empty());
  CHECK(read({"none"}).empty());
  CHECK(read({}).empty());
}

TEST_CASE("a column of amounts is numbers, also in a schema's JSON; few different ones are categories, unless asked") {
  const Table prices = table_of(300, [](int i) { return i == 7 ? "n.a." : fmt::format("${},{:03}.50", 1 + i % 9, i); });
  const Schema schema = infer_schema(prices), back = schema_from_json(schema_to_json(schema));
  for (const ColumnSchema& column : {schema[0], back[0]}) {
    CHECK(column.type == ColumnType::kDecimal);
    CHECK(column.decimals == 2);
    CHECK(column.missing == 1);
    CHECK(column.smallest == 1000.5);
    CHECK(to_number(column, "$1,234.50") == 1234.5);
    for (const char* text : {"1234.5", "1,234.5", "$1234.5", "+$1,234.50"})  // of a condition, or another table
      CHECK(to_number(column, text) == 1234.5);
    CHECK_THROWS_AS(to_number(column, "€5"), Error);
    std::string text;
    append_value(column, -1234567.891, text);
    CHECK(text == "-$1,234,567.89");
  }
  const Table terms = table_of(100, [](int i) { return i % 2 ? "36 months" : "60 months"; });
  CHECK(infer_schema(terms)[0].type == ColumnType::kCategorical);
  CHECK(infer_schema(terms, {{"x", ColumnType::kInteger}})[0].largest == 60);
  CHECK_THROWS_AS(infer_schema(terms, {{"x", ColumnType::kDatetime}}), Error);
  // A style that is asked for counts.
  const Table weights = table_of(100, [](int i) { return fmt::format("{},{:03} kg", 1 + i % 3, i * 7); });
  CHECK(infer_schema(weights)[0].type == ColumnType::kInteger);
  AskedType decimals(ColumnType::kDecimal);
  decimals.style = NumberStyle{.suffix = " kg", .point = ","};
  CHECK(infer_schema(weights, {{"x", decimals}})[0].largest < 4);
  decimals.style = NumberStyle{.suffix = " lb"};
  CHECK_THROWS_AS(infer_schema(weights, {{"x", decimals}}), Error);
  const Table codes = table_of(100, [](int i) { return fmt::format("{:05} kg", i * 7); });
  CHECK(infer_schema(codes)[0].type != ColumnType::kInteger);
}

TEST_CASE("plain numbers keep their plus, their point without a zero, and their exponents") {
  const auto back = [](const Texts& cells) {
    const ColumnSchema column = infer_schema(test::text_column("x", cells))[0];
    REQUIRE(is_numeric(column.type));
    const ColumnSchema of_json = schema_from_json(schema_to_json({column}))[0];
    Texts out;
    for (const std::string& cell : cells) {
      out.emplace_back();
      append_value(of_json, to_number(column, cell), out.back());
    }
    return out;
  };
  for (const Texts& cells :
       {Texts{"+2.7", "-1.0", "+0.5"}, Texts{".406", "-.25", "1.125"}, Texts{"0.0", "1.5", "2.25"},
        Texts{"6.80E+02", "1.16E+01", "-3.32E-04", "2.84E-08"}, Texts{"1.5e-03", "2.5e+10", "0.0e+00"},
        Texts{"1.25E-08", "3.14159", "250000", "1E+12", "6.02214E+11"}, Texts{"+3", "0", "-4"},
        Texts{"5", ".5", "-.5"}})
    CHECK(back(cells) == cells);
}
