#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "core/table/infer/schema.h"
#include "core/table/read/csv.h"
#include "meg/error.h"
#include "meg/files.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using test::Texts;

namespace {

ColumnSchema column(const std::vector<std::string>& cells) {
  std::string text = "x,other\n";
  for (const std::string& cell : cells) text += "\"" + cell + "\",1\n";
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

TEST_CASE("words for no number are missing among numbers and dates, and values elsewhere") {
  for (const char* gap : {"n.a.", "-", "--", ".", "#N/A", "NaT", "<NA>", "nil", "Unknown", "#VALUE!"}) {
    CAPTURE(gap);
    const ColumnSchema numbers = column({"1", "5", gap, "3", ""}), dates = column({"2024-01-02", gap, "2024-02-03"});
    CHECK(numbers.type == ColumnType::kInteger);
    CHECK(numbers.missing == 2);
    CHECK(numbers.distinct == 3);
    CHECK(is_missing(numbers, gap));
    CHECK(dates.type == ColumnType::kDatetime);
    CHECK(dates.missing == 1);
    CHECK(dates.missing_word == gap);
    const ColumnSchema words = column({"a", gap, "b", "a"}), codes = column({"02139", gap, "10001"});
    CHECK(words.values.size() == 3);
    CHECK(words.missing == 0);
    CHECK_FALSE(is_missing(words, gap));
    CHECK(codes.type == ColumnType::kCategorical);
    CHECK(codes.missing == 0);
    CHECK(column({gap, gap}).values == std::vector<std::string>{gap});
    CHECK(column({gap, "abc", "1"}).type == ColumnType::kCategorical);
  }
  CHECK_THROWS_WITH_AS(infer_schema(parse_csv("x\n1\n-\nabc\n", "t.csv"), {{"x", ColumnType::kDecimal}}),
                       "column 'x' cannot be decimal: 'abc' is no number", Error);
}

TEST_CASE("what a double's last digits add to a number is no decimal of it") {
  const ColumnSchema one = column({"0.1", "0.2", "0.30000000000000004", "1.5"});
  CHECK(one.decimals == 1);
  std::string out;
  append_value(one, 0.30000000000000004, out);
  CHECK(out == "0.3");
  CHECK(column({"7.2500000000000000", "1.1"}).decimals == 2);
  CHECK(column({"-2.0000000000000001e-05", "1"}).decimals == 5);
  CHECK(column({"0.123456789012345", "1"}).decimals == 15);
  for (const char* cell : {"0e99999999999", "1e-99999999999", "0e-99999999999999999999"}) {
    CAPTURE(cell);
    CHECK(written_digits(cell).decimals <= 340);
  }
  CHECK(written_digits("0e99999999999").decimals == 0);
  CHECK(written_digits("0.00120").significant == 3);
  CHECK(written_digits("-12300").significant == 3);
  CHECK(written_digits("1.25e-8").decimals == 10);
}

TEST_CASE("numbers of many decimals are as short as they are") {
  const auto text_of = [](double value, int decimals, int fewest) {
    std::string out;
    append_number(value, decimals, fewest, out);
    return out;
  };
  CHECK(text_of(0.5, 13, 0) == "0.5");
  CHECK(text_of(0.1, 17, 0) == "0.1");
  CHECK(text_of(-1e-14, 10, 0) == "0");
  CHECK(text_of(-1e-14, 10, 10) == "0.0000000000");
  CHECK(text_of(0.1234567890123, 12, 0) == "0.123456789012");
  CHECK(text_of(100, 12, 0) == "100");
  CHECK(text_of(1e-12, 12, 0) == "0.000000000001");
  CHECK(text_of(1e20, 2, 0) == "100000000000000000000");
  CHECK(text_of(2.5e15, 2, 2) == "2500000000000000.00");
  CHECK(text_of(0, 2, 1) == "0.0");
  CHECK(text_of(2.5, 2, 1) == "2.5");
  CHECK(text_of(2.25, 2, 1) == "2.25");
  CHECK(text_of(3, 12, 1) == "3.0");
  CHECK(text_of(-0.001, 2, 1) == "0.0");
}

TEST_CASE("numbers far apart keep the significant digits they are written with") {
  const std::vector<std::string> cells{"1.25e-08", "3.14159", "250000", "1e+12", "6.02214e+11", "-0.00123457", "42.5"};
  const ColumnSchema schema = column(cells);
  CHECK(schema.type == ColumnType::kDecimal);
  CHECK(schema.significant == 6);
  for (const std::string& cell : cells) {
    std::string out;
    append_value(schema, to_number(schema, cell), out);
    CHECK(out == cell);
  }
  std::string out;
  append_value(schema, 123456789.123, out);
  CHECK(out == "1.23457e+08");
  CHECK(schema_from_json(schema_to_json({schema}))[0].significant == 6);
  CHECK(column({"0.01", "12345.67", "99"}).significant == 0);
  CHECK(column({"0.0001", "1000000", "2.5"}).significant == 0);  // no exponents: decimals as they are
  CHECK(column({"1.5e-3", "2"}).significant == 0);
}

TEST_CASE("dates and times of many formats come back as they were written") {
  struct Case {
    std::string format;
    std::vector<std::string> cells;
  };
  const std::vector<Case> columns{
      {"%H:%M", {"19:42", "00:05"}},
      {"%-H:%M:%S", {"7:42:05", "19:00:00"}},
      {"%H:%M:%S", {"19:42:05", "07:00:59"}},
      {"%Y-%m", {"1951-09", "2020-12"}},
      {"%-d/%-m/%Y", {"28/9/1951", "1/12/2006"}},
      {"%-m/%-d/%Y %-H:%M", {"9/28/1951 7:05", "12/1/2006 17:00"}},
      {"%d-%b-%Y", {"12-Dec-2006", "01-May-1999"}},
      {"%d-%^b-%Y", {"12-DEC-2006", "01-MAY-1999"}},
      {"%b %d %Y", {"Sep 28 1951", "May 01 2001"}},
      {"%B %-d, %Y", {"September 28, 1951", "May 1, 2001"}},
      {"%d/%m/%Y %I:%M %p", {"12/12/2006 10:53 PM", "01/02/2006 12:00 AM", "01/02/2006 12:01 PM"}},
      {"%Y-%m-%dT%H:%M:%SZ", {"2024-02-29T23:59:59Z", "1969-12-31T00:00:00Z"}},
      {"%Y-%m-%dT%H:%M:%S+02:00", {"2024-02-29T23:59:59+02:00", "2024-07-31T00:00:00+02:00"}},
      {"%Y-%m-%d %H:%M:%S.%f -0500", {"2024-02-29 23:59:59.250 -0500", "2024-07-31 00:00:00.125 -0500"}}};
  for (const Case& c : columns) {
    CAPTURE(c.format);
    const ColumnSchema schema = column(c.cells);
    REQUIRE(schema.type == ColumnType::kDatetime);
    CHECK(schema.format == c.format);
    for (const std::string& cell : c.cells) {
      std::string out;
      append_value(schema, to_number(schema, cell), out);
      CHECK(out == cell);
    }
  }
  for (const std::string& format : datetime_formats()) {
    CAPTURE(format);
    CHECK(unknown_directive(format).empty());
    std::string out, again;
    append_datetime(1127917325.25, format, 2, out);
    REQUIRE(parse_datetime(out, format).has_value());
    append_datetime(*parse_datetime(out, format), format, 2, again);
    CHECK(out == again);
  }
  for (const auto& cells : std::vector<std::vector<std::string>>{{"24:01 h", "19:42 h"},
                                                                 {"1951-13", "1951-09"},
                                                                 {"31/9/1951", "1/1/1951"},
                                                                 {"12-dec-2006", "01-May-1999"},
                                                                 {"12/12/2006 13:53 PM", "12/12/2006 10:53 PM"},
                                                                 {"2024-02-29T23:59:59+02:00", "2024-02-29T23:59:59Z"}})
    CHECK(column(cells).type == ColumnType::kCategorical);
}

TEST_CASE("whole numbers of eight digits that are all dates are dates") {
  std::vector<std::string> days, numbers;
  for (int i = 0; i < 40; ++i) {
    append_datetime(86400.0 * (9000 + 217 * i), "%Y%m%d", 0, days.emplace_back());
    numbers.push_back(std::to_string(20000101 + 217 * i));
  }
  CHECK(column(days).type == ColumnType::kDatetime);
  CHECK(column(days).format == "%Y%m%d");
  CHECK(column(numbers).type == ColumnType::kInteger);
  CHECK(column({days.begin(), days.begin() + 9}).type == ColumnType::kInteger);  // too few to say
  days.push_back("18991231");
  CHECK(column(days).type == ColumnType::kDatetime);
  days.push_back("18991331");  // no date: a word among dates
  CHECK(column(days).type == ColumnType::kDatetime);
  CHECK(column(days).words == Texts{"18991331"});
  days.push_back("0");
  CHECK(column(days).words == Texts{"0", "18991331"});
  for (int i = 0; i < 4; ++i) days.push_back(std::to_string(20009900 + i));  // too many of these
  CHECK(column(days).type == ColumnType::kInteger);
}

TEST_CASE("different whole numbers in a column that is named like an identifier are names") {
  std::string csv = "User ID,user_key,customerId,paid,grid,uuid\n";
  for (int i = 0; i < 60; ++i) {
    const int number = 15000000 + i * i * 37;
    csv += fmt::format("{0},{0},{0},{0},{0},{1}\n", number, i % 7);
  }
  const Schema schema = infer_schema(parse_csv(csv, "t.csv"));
  const std::vector<std::string_view> expected{"identifier", "identifier", "identifier",
                                               "integer",    "integer",    "integer"};
  for (std::size_t c = 0; c < expected.size(); ++c) {
    CAPTURE(schema[c].name);
    CHECK(type_name(schema[c].type) == expected[c]);
  }
}

TEST_CASE("a schema file says types and formats, and what it says wrong is one sentence") {
  const std::string path = (std::filesystem::temp_directory_path() / "meg_schema_test.json").string();
  const auto asked = [&](const std::string& json) {
    std::ofstream(path) << json;
    return read_schema_file(path).types;
  };
  const Table table = parse_csv("day,yes\n01/02/2024,foo\n03/04/2024,bar\n05/06/2024,baz\n", "t.csv");
  CHECK(infer_schema(table)[0].format == "%d/%m/%Y");
  const Schema schema =
      infer_schema(table, asked(R"([{"name": "day", "type": "datetime", "format": "%m/%d/%Y", "smallest": 3}])"));
  CHECK(schema[0].format == "%m/%d/%Y");
  CHECK(schema[0].smallest == 86400.0 * 19724);
  CHECK(infer_schema(table, asked(schema_to_json(schema)))[0].format == "%m/%d/%Y");
  CHECK_THROWS_WITH_AS(infer_schema(table, asked(R"([{"name": "day", "type": "datetime", "format": "%Y-%m-%d"}])")),
                       doctest::Contains("column 'day' cannot be datetime, written %Y-%m-%d: '0"), Error);
  CHECK_THROWS_WITH_AS(infer_schema(table, asked(R"([{"name": "day", "type": "datetime", "format": "%x"}])")),
                       doctest::Contains("column 'day': its format %x has '%x'"), Error);
  CHECK_THROWS_WITH_AS(asked(R"([{"name": "day", "type": "text", "colour": 3}])"),
                       doctest::Contains("column 'day' has 'colour', which is nothing that a schema says"), Error);
  CHECK_THROWS_WITH_AS(asked(R"([{"name": "day", "type": "text"}, {"name": "day", "type": "datetime"}])"),
                       doctest::Contains("has column 'day' twice"), Error);
  CHECK_THROWS_WITH_AS(asked(R"([{"name": "day"}])"), doctest::Contains("is no schema"), Error);
  CHECK_THROWS_WITH_AS(infer_schema(table, {{"yes", ColumnType::kBoolean}}),
                       doctest::Contains("column 'yes' cannot be boolean: '"), Error);
  const Table truths = parse_csv("a,b\n1,Yes\n0,no\n1,yes\n", "t.csv");
  CHECK(infer_schema(truths, {{"a", ColumnType::kBoolean}})[0].values.size() == 2);
  CHECK_THROWS_WITH_AS(infer_schema(truths, {{"b", ColumnType::kBoolean}}),
                       "column 'b' cannot be boolean: it has 3 different values", Error);
  std::filesystem::remove(path);
}

TEST_CASE("titanic's columns are what a person would call them") {
  const Schema schema = infer_schema(read_table(MEG_TABLES "/titanic.csv"));
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
  CHECK(back[0].fewest_decimals == 0);
  CHECK(back[0].decimals == 1);
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

TEST_CASE("models from before fewest_decimals say whether zeros are written at the end") {
  const std::string json = R"([{"name":"x","type":"decimal","missing":0,"distinct":2,"missing_word":"","decimals":2,)";
  CHECK(schema_from_json(json + R"("trailing_zeros":true}])")[0].fewest_decimals == 2);
  CHECK(schema_from_json(json + R"("trailing_zeros":false}])")[0].fewest_decimals == 0);
  CHECK(schema_from_json(json + R"("fewest_decimals":1}])")[0].fewest_decimals == 1);
}

TEST_CASE("what was said to be missing is missing, and comes out so") {
  Texts readings, notes;
  for (int i = 0; i < 60; ++i) {
    readings.push_back(i % 5 == 0 ? "-999" : i % 10 == 1 ? "" : std::to_string(i * 37 % 101));
    notes.push_back(i % 4 == 0 ? " n/k " : i % 2 == 0 ? "open" : "shut");
  }
  const Table table({{"reading", Array::texts(readings)}, {"note", Array::texts(notes)}}, /*is_text=*/true);
  const Schema without = infer_schema(table), schema = infer_schema(table, {}, {}, 1, {"-999", "n/k"});
  CHECK(without[0].smallest == -999);
  CHECK(without[1].values.size() == 3);
  const Schema back = schema_from_json(schema_to_json(schema));
  for (const Schema& s : {schema, back}) {
    CHECK(s[0].type == ColumnType::kInteger);
    CHECK(s[0].missing == 18);
    CHECK(s[0].smallest >= 0);
    CHECK(s[0].missing_word == "-999");
    CHECK(is_missing(s[0], "-999"));
    CHECK(is_missing(s[1], "n/k"));
    CHECK_FALSE(is_missing(s[1], "open"));
    CHECK(s[1].values == Texts{"open", "shut"});
    CHECK(read_column(s[0], table[0], true).null_count() == 18);
    CHECK(read_column(s[1], table[1], true).null_count() == 15);
  }
}

TEST_CASE("numbers whose spelling counts are categories") {
  const auto of = [](const Texts& values) {
    Texts cells;
    for (int i = 0; i < 120; ++i) cells.push_back(values[static_cast<std::size_t>(i * 7) % values.size()]);
    return infer_schema(test::text_column("code", cells))[0];
  };
  CHECK(of({"3.8", "3.9", "3.10", "3.11", "3.12"}).type == ColumnType::kCategorical);
  CHECK(of({"250.00", "250.0", "401.9", "414.1"}).type == ColumnType::kCategorical);
  CHECK(of({"250", "250.00", "401.9"}).type == ColumnType::kCategorical);
  CHECK(of({"038.9", "401.9", "041.4"}).values == Texts{"038.9", "041.4", "401.9"});
  // These are numbers: a zero alone in two ways, fixed digits, no step from one digit to two.
  CHECK(of({"0", "0.0", "1.5", "2.5"}).type == ColumnType::kDecimal);
  CHECK(of({"1.50", "2.00", "0.10", "10.90"}).type == ColumnType::kDecimal);
  CHECK(of({"1.5", "1.25", "1.75", "0.5"}).type == ColumnType::kDecimal);
  // And where they do not repeat.
  Texts many;
  for (int i = 0; i < 120; ++i) many.push_back(i % 3 == 0 ? fmt::format("{}.0", i) : fmt::format("{}.{}", i, i % 9));
  many.push_back("3");
  CHECK(infer_schema(test::text_column("x", many))[0].type == ColumnType::kDecimal);
}

TEST_CASE("whole numbers that rise by one are numbers where they say something of their rows") {
  const auto table_of = [](const std::string& name, int first, const auto& other, bool with_blank_row = false) {
    Texts running, others;
    for (int i = 0; i < 100; ++i) {
      running.push_back(with_blank_row && i == 40 ? "" : std::to_string(first + i - (with_blank_row && i > 40)));
      others.push_back(other(i));
    }
    return Table({{name, Array::texts(running)}, {"other", Array::texts(others)}}, /*is_text=*/true);
  };
  const auto grows = [](int i) { return fmt::format("{:.1f}", 5 + 0.5 * i + i % 3); };
  const auto wanders = [](int i) { return std::to_string(i * 37 % 101); };
  const auto type = [&](const std::string& name, int first, const auto& other) {
    return infer_schema(table_of(name, first, other))[0].type;
  };
  CHECK(type("season", 1921, wanders) == ColumnType::kInteger);  // years by what they are
  CHECK(type("age", 0, wanders) == ColumnType::kInteger);        // by its name
  CHECK(type("position", 1, grows) == ColumnType::kInteger);     // the other column follows
  CHECK(type("position", 1, wanders) == ColumnType::kIdentifier);
  CHECK(type("id", 1, grows) == ColumnType::kIdentifier);
  CHECK(type("row_no", 1921, grows) == ColumnType::kIdentifier);
  CHECK(type("column_1", 1921, grows) == ColumnType::kIdentifier);
  Texts index;  // of rows that were left out of a larger table
  for (int i = 0; i < 100; ++i) index.push_back(std::to_string(3 * i + i % 2));
  CHECK(infer_schema(test::text_column("column_1", index))[0].type == ColumnType::kIdentifier);
  CHECK(infer_schema(test::text_column("height", index))[0].type == ColumnType::kInteger);
  std::swap(index[3], index[4]);
  CHECK(infer_schema(test::text_column("column_1", index))[0].type == ColumnType::kInteger);
  const Table table = table_of("age", 0, wanders, /*with_blank_row=*/true);
  const InferredTable read = infer_table(table);
  CHECK(read.schema[0].type == ColumnType::kInteger);
  CHECK_FALSE(read.schema[0].typed_as.has_value());
  CHECK(read.columns[0].is_null(40));
  CHECK(read.columns[0].values<double>()[99] == 98);
  CHECK(infer_schema(table, {{"age", ColumnType::kIdentifier}})[0].type == ColumnType::kIdentifier);
  // A typed column keeps its type.
  std::vector<std::int64_t> ages(100);
  for (std::size_t i = 0; i < 100; ++i) ages[i] = static_cast<std::int64_t>(i);
  const Table typed({{"age", Array::of({.id = TypeId::kInt64}, ages)}});
  const InferredTable of_typed = infer_table(typed);
  CHECK(of_typed.schema[0].type == ColumnType::kInteger);
  CHECK(of_typed.schema[0].typed_as->id == TypeId::kInt64);
  CHECK(of_typed.columns[0].values<double>()[99] == 99);
}

TEST_CASE("an error about numbers names the cell that is none") {
  const auto error_of = [](const Texts& cells) -> std::string {
    try {
      infer_schema(test::text_column("share", cells), {{"share", ColumnType::kDecimal}});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(error_of({"80%", "33%", "46%", "<1%", "68%"}) == "column 'share' cannot be decimal: '<1%' is no number");
  CHECK(error_of({"<1", "33", "46", "12", "68"}) == "column 'share' cannot be decimal: '<1' is no number");
}
