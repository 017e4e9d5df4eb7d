#include <fmt/format.h>

#include <array>
#include <string>

#include "core/table/infer/datetime.h"
#include "core/table/infer/schema.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

std::string there_and_back(std::string_view cell, std::string_view format) {
  const std::optional<double> seconds = parse_datetime(cell, format);
  std::string out;
  if (seconds) append_datetime(*seconds, format, 6, out);
  return out;
}

}  // namespace

TEST_CASE("dates of every format are read and written as they were") {
  for (const auto& [cell, format] : std::array<std::array<std::string_view, 2>, 19>{{
           {"9/24/06", "%-m/%-d/%y"},
           {"24-Sep-06", "%d-%b-%y"},
           {"9/24/06 8:05", "%-m/%-d/%y %-H:%M"},
           {"01/01/69", "%d/%m/%y"},
           {"01/01/68", "%d/%m/%y"},
           {"2020-W07", "%G-W%V"},
           {"2020-W53", "%G-W%V"},
           {"2021-W01", "%G-W%V"},
           {"2020Q1", "%YQ%q"},
           {"Q4 2020", "Q%q %Y"},
           {"Dec  4, 2018", "%b %e, %Y"},
           {"Dec 14, 2018", "%b %e, %Y"},
           {"2020-01-02T03:04:05", "%Y-%m-%dT%H:%M:%S%-f"},
           {"2020-01-02T03:04:05.000120", "%Y-%m-%dT%H:%M:%S%-f"},
           {"7:02pm", "%-I:%M%P"},
           {"12:02am", "%-I:%M%P"},
           {"20200102030405", "%Y%m%d%H%M%S"},
           {"2019/05/03 7:02:11 PM GMT+8", "%Y/%m/%d %-I:%M:%S %p GMT+8"},
           {"15550217", "%Y%m%d"},
       }}) {
    CAPTURE(cell);
    CHECK(there_and_back(cell, format) == cell);
    CHECK(unknown_directive(format).empty());
  }
  // By hand: the pivot of POSIX; ISO 8601's week 1 of 2021 begins on 4 January; 24:00 ends the day.
  CHECK(*parse_datetime("01/01/69", "%d/%m/%y") == *parse_datetime("1969-01-01", "%Y-%m-%d"));
  CHECK(*parse_datetime("01/01/68", "%d/%m/%y") == *parse_datetime("2068-01-01", "%Y-%m-%d"));
  CHECK(*parse_datetime("2021-W01", "%G-W%V") == *parse_datetime("2021-01-04", "%Y-%m-%d"));
  CHECK(*parse_datetime("2020-01-02 24:00", "%Y-%m-%d %H:%M") == *parse_datetime("2020-01-03 00:00", "%Y-%m-%d %H:%M"));
  CHECK(*parse_datetime("2020Q3", "%YQ%q") == *parse_datetime("2020-07-01", "%Y-%m-%d"));
  CHECK(zone_seconds(" GMT+8") == 8 * 3600);
  for (const auto& [cell, format] : std::array<std::array<std::string_view, 2>, 6>{{{"2021-W53", "%G-W%V"},
                                                                                  {"2020-W00", "%G-W%V"},
                                                                                  {"2020Q5", "%YQ%q"},
                                                                                  {"2020-01-02 24:01", "%Y-%m-%d %H:%M"},
                                                                                  {"Dec 4, 2018", "%b %e, %Y"},
                                                                                  {"7:02PM", "%-I:%M%P"}}}) {
    CAPTURE(cell);
    CHECK_FALSE(parse_datetime(cell, format));
  }
}

TEST_CASE("columns of dates are recognised, and get the type that fits") {
  const auto schema_of = [](const auto& cell) {
    test::Texts cells;
    for (int i = 0; i < 120; ++i) cells.push_back(cell(i));
    return infer_schema(test::text_column("c", cells))[0];
  };
  CHECK(schema_of([](int i) { return fmt::format("{}/{}/{:02}", 1 + i % 12, 1 + i % 28, (i + 95) % 100); }).format == "%-m/%-d/%y");
  CHECK(schema_of([](int i) { return fmt::format("{}-W{:02}", 2019 + i % 3, 1 + i % 52); }).format == "%G-W%V");
  CHECK(schema_of([](int i) { return fmt::format("{}Q{}", 1990 + i / 4, 1 + i % 4); }).format == "%YQ%q");
  CHECK(schema_of([](int i) { return fmt::format("{}{:02}{:02}{:02}{:02}{:02}", 2019, 1 + i % 12, 1 + i % 28, i % 24, i % 60, i % 59); }).format == "%Y%m%d%H%M%S");
  CHECK(schema_of([](int i) { return fmt::format("{}{:02}{:02}", i == 7 ? 1555 : 2019, 1 + i % 12, 1 + i % 28); }).format == "%Y%m%d");
  const ColumnSchema iso = schema_of([](int i) { return fmt::format("2020-01-{:02}T10:00:{:02}{}", 1 + i % 28, i % 60, i % 5 ? fmt::format(".{:06}", i * 971) : ""); });
  CHECK(iso.format == "%Y-%m-%dT%H:%M:%S%-f");
  CHECK(iso.decimals == 6);
  CHECK(schema_of([](int i) { return std::to_string(10000000 + i * 7919); }).type != ColumnType::kDatetime);
}
