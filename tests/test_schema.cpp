#include <filesystem>

#include "core/error.h"
#include "core/table/csv.h"
#include "core/table/schema.h"
#include "tests/support.h"

using namespace meg;

namespace {

ColumnSchema column(const std::vector<std::string>& cells) {
  std::string text = "x,other\n";
  for (const std::string& cell : cells) text += cell + ",1\n";
  return infer_schema(parse_csv(text, "t.csv"))[0];
}

/// `count` cells: prefix0, prefix1, ...
std::vector<std::string> numbered(const std::string& prefix, int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back(prefix + std::to_string(i));
  return out;
}

}  // namespace

TEST_CASE("column types are inferred from the values") {
  CHECK(column({"1", "-2", "NA", "30"}).type == ColumnType::kInteger);
  CHECK(column({"1.50", "2", "3.25"}).type == ColumnType::kDecimal);
  CHECK(column({"1.50", "2", "3.125"}).decimals == 3);
  CHECK(column({"1.0", "2.0"}).type == ColumnType::kDecimal);
  CHECK(column({"red", "blue", "red"}).type == ColumnType::kCategorical);
  CHECK(column({"TRUE", "FALSE", "TRUE"}).type == ColumnType::kBoolean);
  CHECK(column({"1", "0", "1"}).type == ColumnType::kInteger);
  CHECK(column({"2024-02-29", "1999-12-31"}).type == ColumnType::kDatetime);
  CHECK(column({"2024-02-29", "1999/12/31 23:59"}).type == ColumnType::kCategorical);  // no one format
  CHECK(column({"2023-02-29", "1999-12-31"}).type == ColumnType::kCategorical);        // no such day
  CHECK(column({"1.5e-3", "2"}).decimals == 4);
  CHECK(column({"2024-13-01", "x"}).type == ColumnType::kCategorical);
  CHECK(column(numbered("user", 30)).type == ColumnType::kIdentifier);
  CHECK(column(numbered("", 30)).type == ColumnType::kIdentifier);
  CHECK(column(numbered("some words ", 30)).type == ColumnType::kText);
  CHECK(column({"1", "2", "three"}).type == ColumnType::kCategorical);
}

TEST_CASE("whole numbers that no number is written as are words") {
  for (const auto& codes : std::vector<std::vector<std::string>>{{"02139", "10001", "02139"},
                                                                 {"007", "012", "700"},
                                                                 {"1234567890123456789", "1234567890123456790", "12"},
                                                                 {"9007199254740992", "9007199254740993", "1"},
                                                                 {"+4930123456", "+33140205050", "+33140205050"}}) {
    const ColumnSchema schema = column(codes);
    CAPTURE(codes[0]);
    CHECK(schema.type == ColumnType::kCategorical);
    for (const std::string& code : codes) {
      std::string out;
      append_value(schema, to_number(schema, code), out);
      CHECK(out == code);
    }
  }
  CHECK(column({"0", "-0", "10"}).type == ColumnType::kInteger);
  CHECK(column({"+3", "-2", "0"}).type == ColumnType::kInteger);  // differences
  CHECK(column({"+3", "+150", "+12"}).type == ColumnType::kInteger);
  CHECK(column({"007", "12", "1500"}).type == ColumnType::kInteger);  // one odd cell says nothing of a column
  CHECK(column({"9223372036854775807", "12", "1500"}).type == ColumnType::kInteger);
  CHECK(column({"00.5", "+1.25", "0"}).type == ColumnType::kDecimal);
  CHECK(column({"1e22", "0", "5"}).type == ColumnType::kInteger);
  std::vector<std::string> rising, zips;
  for (int i = 0; i < 30; ++i)
    rising.push_back(std::to_string(1700000000000000000 + i)), zips.push_back("0" + std::to_string(2139 + 7 * i));
  CHECK(column(rising).type == ColumnType::kIdentifier);
  CHECK(column(rising).largest == 0);  // it does not count its rows: no double does
  CHECK(column(zips).type == ColumnType::kIdentifier);
  std::vector<std::string> days, padded;
  for (int i = 0; i < 40; ++i)
    days.push_back(fmt::format("{:02}", i * 7 % 31 + 1)), padded.push_back(fmt::format("{:04}", i + 1));
  CHECK(column(days).type == ColumnType::kCategorical);
  CHECK(column(padded).type == ColumnType::kIdentifier);
  CHECK(column(padded).largest == 40);
  const Table t = parse_csv("zip\n02139\n10001\n", "t.csv");
  CHECK(infer_schema(t, {{"zip", ColumnType::kInteger}})[0].largest == 10001);  // who asks for numbers gets them
}

TEST_CASE("missing values are counted in every spelling, and a column of nothing else has no values") {
  const ColumnSchema c = column({"", "NA", "n/a", "NaN", "null", "None", "?", " ", "7"});
  CHECK(c.missing == 8);
  CHECK(c.distinct == 1);
  CHECK(c.type == ColumnType::kInteger);
  const ColumnSchema empty = column({"", "NA"});
  CHECK(empty.type == ColumnType::kCategorical);
  CHECK(empty.values.empty());
}

TEST_CASE("numbers are whole cells, and never infinite") {
  CHECK(parse_number(" +1e3 ") == 1000);
  for (const char* cell : {"", "1x", "inf", "nan", "1,5", "-", "0x10", "1e999"}) {
    CAPTURE(cell);
    CHECK_FALSE(parse_number(cell).has_value());
  }
}

TEST_CASE("titanic's columns are what a person would call them") {
  const std::filesystem::path path = std::filesystem::path(MEG_SHARED_DATA) / "titanic.csv";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: " << path.string() << " is not here");
    return;
  }
  const Schema schema = infer_schema(read_csv(path));
  const std::vector<std::string_view> expected{"identifier",  "integer", "integer", "text",
                                               "categorical", "decimal", "integer", "integer",
                                               "text",        "decimal", "text",    "categorical"};
  REQUIRE(schema.size() == expected.size());
  for (std::size_t c = 0; c < expected.size(); ++c) {
    CAPTURE(schema[c].name);
    CHECK(type_name(schema[c].type) == expected[c]);
  }
  CHECK(schema[5].missing == 177);   // Age
  CHECK(schema[10].missing == 687);  // Cabin
  CHECK(schema[11].values == std::vector<std::string>{"C", "Q", "S"});
}

TEST_CASE("a type can be asked for, and columns dropped; what cannot be is one sentence") {
  const Table t = parse_csv("a,b,c\n1,x,2020-01-01\n2,y,2020-01-02\n", "t.csv");
  const Schema schema = infer_schema(t, {{"a", ColumnType::kCategorical}}, {"c"});
  REQUIRE(schema.size() == 2);
  CHECK(schema[0].type == ColumnType::kCategorical);
  CHECK(schema[0].values == std::vector<std::string>{"1", "2"});
  CHECK_THROWS_WITH_AS(infer_schema(t, {{"b", ColumnType::kDecimal}}), "column 'b' cannot be decimal: 'x' is no number",
                       Error);
  CHECK_THROWS_WITH_AS(infer_schema(t, {{"z", ColumnType::kDecimal}}), "there is no column 'z'; the table has a, b, c",
                       Error);
  CHECK_THROWS_AS(infer_schema(t, {}, {"z"}), Error);
  CHECK_THROWS_AS(infer_schema(t, {}, {"a", "b", "c"}), Error);
}

TEST_CASE("a schema survives JSON") {
  const Table t = parse_csv("a,b,c,d\n1.5,x,2020-01-01 10:00,7\n2,NA,2020-01-02 11:30,9\n", "t.csv");
  const Schema schema = infer_schema(t), back = schema_from_json(schema_to_json(schema));
  CHECK(schema_to_json(back) == schema_to_json(schema));
  CHECK(back[0].trailing_zeros == false);
  CHECK(back[1].missing_word == "NA");
  CHECK(back[2].format == "%Y-%m-%d %H:%M");
}

TEST_CASE("every cell of a column comes back from its number as it was spelled") {
  const std::vector<std::vector<std::string>> columns{{"7.25", "8", "-0.5", "71.2833"},
                                                      {"1.50", "2.25", "-3.00"},
                                                      {"0", "-12", "9007199254740991"},
                                                      {"31/12/1999", "01/02/2024"},
                                                      {"2024-02-29T23:59:59.250Z", "1969-12-31T00:00:00.125Z"},
                                                      {"yes", "no", "yes"},
                                                      {"12/31/1999 07:05", "01/13/2024 00:00"}};
  for (const auto& cells : columns) {
    const ColumnSchema schema = column(cells);
    for (const std::string& cell : cells) {
      std::string out;
      append_value(schema, to_number(schema, cell), out);
      CHECK(out == cell);
    }
  }
}
