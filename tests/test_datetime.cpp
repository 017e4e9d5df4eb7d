#include <fmt/format.h>

#include <array>
#include <string>

#include "core/table/infer/datetime.h"
#include "core/table/infer/schema.h"
#include "core/table/write/write_column.h"
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
  for (const auto& [cell, format] :
       std::array<std::array<std::string_view, 2>, 6>{{{"2021-W53", "%G-W%V"},
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
  CHECK(schema_of([](int i) { return fmt::format("{}/{}/{:02}", 1 + i % 12, 1 + i % 28, (i + 95) % 100); }).format ==
        "%-m/%-d/%y");
  CHECK(schema_of([](int i) { return fmt::format("{}-W{:02}", 2019 + i % 3, 1 + i % 52); }).format == "%G-W%V");
  CHECK(schema_of([](int i) { return fmt::format("{}Q{}", 1990 + i / 4, 1 + i % 4); }).format == "%YQ%q");
  CHECK(schema_of([](int i) {
          return fmt::format("{}{:02}{:02}{:02}{:02}{:02}", 2019, 1 + i % 12, 1 + i % 28, i % 24, i % 60, i % 59);
        }).format == "%Y%m%d%H%M%S");
  CHECK(schema_of([](int i) {
          return fmt::format("{}{:02}{:02}", i == 7 ? 1555 : 2019, 1 + i % 12, 1 + i % 28);
        }).format == "%Y%m%d");
  const ColumnSchema iso = schema_of([](int i) {
    return fmt::format("2020-01-{:02}T10:00:{:02}{}", 1 + i % 28, i % 60, i % 5 ? fmt::format(".{:06}", i * 971) : "");
  });
  CHECK(iso.format == "%Y-%m-%dT%H:%M:%S%-f");
  CHECK(iso.decimals == 6);
  CHECK(schema_of([](int i) { return std::to_string(10000000 + i * 7919); }).type != ColumnType::kDatetime);
}

TEST_CASE("lengths of time are read and written as they were") {
  for (const auto& [cell, format] : std::array<std::array<std::string_view, 2>, 21>{{
           {"26:15:00", "[%H]:%M:%S"},
           {"04:28:17", "[%H]:%M:%S"},
           {"126:15:00", "[%H]:%M:%S"},
           {"4:28:17", "[%-H]:%M:%S"},
           {"-4:28:17", "[%-H]:%M:%S"},
           {"4:28:17.25", "[%-H]:%M:%S%-f"},
           {"26:15", "[%H]:%M"},
           {"3:45", "[%-M]:%S"},
           {"1 day, 2:03:04", "[%d days, ]%-H:%M:%S%-f"},
           {"2 days, 18:27:26", "[%d days, ]%-H:%M:%S%-f"},
           {"5:20:25", "[%d days, ]%-H:%M:%S%-f"},
           {"-1 day, 23:59:59", "[%d days, ]%-H:%M:%S%-f"},
           {"1 days 02:03:04", "[%d] days %H:%M:%S%-f"},
           {"0 days 00:00:00.5", "[%d] days %H:%M:%S%-f"},
           {"-1 days +12:00:00", "[%d] days %H:%M:%S%-f"},
           {"PT1H", "P[%d]DT%-HH%-MM%-SS"},
           {"PT0S", "P[%d]DT%-HH%-MM%-SS"},
           {"P1DT2H3M4S", "P[%d]DT%-HH%-MM%-SS"},
           {"P3D", "P[%d]DT%-HH%-MM%-SS"},
           {"PT90M", "P[%d]DT%-HH%-MM%-SS"},
           {"-PT5.5S", "P[%d]DT%-HH%-MM%-SS"},
       }}) {
    CAPTURE(cell);
    const std::optional<double> seconds = parse_datetime(cell, format);
    REQUIRE(seconds.has_value());
    const bool python = cell.find('.') != cell.npos;
    std::string out;
    append_datetime(*seconds, format, python ? (cell == "4:28:17.25" ? 2 : 1) : 0, out);
    CHECK(out == (cell == "PT90M" ? "PT1H30M" : cell));
    CHECK(unknown_directive(format).empty());
    CHECK_FALSE(has_date(format));
  }
  CHECK(*parse_datetime("1 day, 2:03:04", "[%d days, ]%-H:%M:%S%-f") == 86400 + 7384);
  CHECK(*parse_datetime("-1 day, 23:59:59", "[%d days, ]%-H:%M:%S%-f") == -1);
  CHECK(*parse_datetime("P1W", "P[%d]DT%-HH%-MM%-SS") == 604800);
  for (const auto& [cell, format] :
       std::array<std::array<std::string_view, 2>, 9>{{{"26:60:00", "[%H]:%M:%S"},
                                                       {"4:28:17", "[%H]:%M:%S"},
                                                       {"26:15:00x", "[%H]:%M:%S"},
                                                       {"1 day, 25:00:00", "[%d days, ]%-H:%M:%S%-f"},
                                                       {"P", "P[%d]DT%-HH%-MM%-SS"},
                                                       {"PT", "P[%d]DT%-HH%-MM%-SS"},
                                                       {"P1H", "P[%d]DT%-HH%-MM%-SS"},
                                                       {"PT1S2H", "P[%d]DT%-HH%-MM%-SS"},
                                                       {"", "[%H]:%M:%S"}}}) {
    CAPTURE(cell);
    CHECK_FALSE(parse_datetime(cell, format).has_value());
  }
}

namespace {

/// 200 cells, made by cell(i), as a column of that name.
template <class Cell>
ColumnSchema schema_of(const std::string& name, const Cell& cell) {
  test::Texts cells;
  for (int i = 0; i < 200; ++i) cells.push_back(cell(i));
  return infer_schema(test::text_column(name, cells))[0];
}

}  // namespace

TEST_CASE("columns of lengths of time are durations") {
  const ColumnSchema clock =
      schema_of("run", [](int i) { return fmt::format("{:02}:{:02}:{:02}", i * 7 % 40, i % 60, i * 11 % 60); });
  CHECK(clock.type == ColumnType::kDatetime);
  CHECK(clock.format == "[%H]:%M:%S");
  CHECK(output_type(clock) == DataType{.id = TypeId::kDuration});
  CHECK(schema_of("run", [](int i) {
          return fmt::format("{:02}:{:02}:{:02}", i * 7 % 24, i % 60, i * 11 % 60);
        }).format == "%H:%M:%S");
  const ColumnSchema python = schema_of("run", [](int i) {
    const std::string time = fmt::format("{}:{:02}:{:02}", i * 7 % 24, i % 60, i * 11 % 60);
    return i % 3 == 0 ? time : fmt::format("{} day{}, {}", i % 3, i % 3 == 1 ? "" : "s", time);
  });
  CHECK(python.format == "[%d days, ]%-H:%M:%S%-f");
  CHECK(python.largest < 3 * 86400);
  std::string out;
  append_value(python, 86400 + 7384, out);
  CHECK(out == "1 day, 2:03:04");
}

TEST_CASE("offsets of summer and winter follow from the date") {
  // Two days a week over three years; the clock goes forward in April and back in November.
  const auto cell = [](int i) {
    const int day = i * 11 % 1095, of_year = day % 365;
    std::string out;
    append_datetime(1577836800.0 + 86400.0 * day + 977.0 * i, "%Y-%m-%d %H:%M:%S", 0, out);
    return out + (of_year > 95 && of_year < 305 ? "+02:00" : "+01:00");
  };
  const ColumnSchema column = schema_of("at", cell);
  CHECK(column.type == ColumnType::kDatetime);
  CHECK(column.format == "%Y-%m-%d %H:%M:%S%z");
  CHECK(column.offsets.size() == 7);
  const ColumnSchema back = schema_from_json(schema_to_json({column}))[0];
  for (int i = 0; i < 200; ++i) {
    std::string out;
    append_value(back, to_number(column, cell(i)), out);
    CHECK(out == cell(i));
  }
  // Typed, they are instants.
  const DataType type = output_type(column);
  CHECK(type == DataType{.id = TypeId::kTimestamp, .time_zone = "UTC"});
  const double summer = *parse_datetime("2020-07-01 12:00:00", "%Y-%m-%d %H:%M:%S");
  CHECK(ahead_of_utc(column, type, summer) == 7200);
  const Array utc = Array::of(type, std::vector<std::int64_t>{static_cast<std::int64_t>(summer) - 7200});
  CHECK(number_of(column, utc, 0) == summer);
  // Offsets of rows, which say nothing of the date, are not read so.
  CHECK(schema_of("at", [&](int i) { return cell(i).substr(0, 19) + (i * 7 % 5 < 2 ? "+02:00" : "+01:00"); }).type !=
        ColumnType::kDatetime);
}

TEST_CASE("whole numbers in a column that is named like a time are seconds or milliseconds since 1970") {
  const auto seconds = [](int i) { return std::to_string(1577836800 + 40009 * i); };
  const ColumnSchema column = schema_of("created_at", seconds);
  CHECK(column.type == ColumnType::kDatetime);
  CHECK(column.format == "%s");
  CHECK(has_time_of_day(column.format));
  CHECK(column.smallest == 1577836800);
  std::string out;
  append_value(column, 1577836801, out);
  CHECK(out == "1577836801");
  CHECK(output_type(column) == DataType{.id = TypeId::kTimestamp, .time_zone = "UTC"});
  const auto milliseconds = [](int i) { return std::to_string(1577836800123 + 40009007LL * i); };
  const ColumnSchema of_ms = schema_of("timestamp_ms", milliseconds);
  CHECK(of_ms.format == "%Q");
  CHECK(of_ms.decimals == 3);
  for (int i = 0; i < 200; ++i) {
    std::string text;
    append_value(of_ms, to_number(of_ms, milliseconds(i)), text);
    CHECK(text == milliseconds(i));
  }
  CHECK(schema_of("visitors", seconds).type == ColumnType::kInteger);
  CHECK(schema_of("time", [](int i) { return std::to_string(i * 17); }).type == ColumnType::kInteger);
}

TEST_CASE("a schema that is written asks for the same when it is given back") {
  const auto again = [](const std::string& name, const test::Texts& cells) {
    const Table table = test::text_column(name, cells);
    const ColumnSchema first = infer_schema(table)[0];
    AskedType asked(first.type, first.format);
    if (!first.style.is_plain()) asked.style = first.style;
    return std::pair(first, infer_schema(table, {{name, asked}})[0]);
  };
  test::Texts days, dates, dotted;
  for (int i = 0; i < 60; ++i) {
    append_datetime(86400.0 * (9000 + 217 * i), "%Y%m%d", 0, days.emplace_back());
    append_datetime(86400.0 * (9000 + 217 * i), "%d/%m/%Y", 0, dates.emplace_back());
    append_datetime(86400.0 * (9000 + 217 * i) + i + (i % 2) * 0.5, "%d.%m.%Y %H:%M:%S%-f", 1, dotted.emplace_back());
  }
  days[7] = "0", dates[7] = "..", dotted[7] = "..";
  for (const test::Texts& cells : {days, dates, dotted}) {
    const auto [first, second] = again("when", cells);
    CHECK(first.type == ColumnType::kDatetime);
    CHECK(first.words.size() == 1);
    CHECK(schema_to_json({first}) == schema_to_json({second}));
  }
  CHECK(again("when", dotted).first.decimals == 1);
  // A format that is asked for decides what is a word.
  test::Texts american;
  for (int i = 0; i < 60; ++i)
    american.push_back(fmt::format("{:02}/{:02}/2020", 1 + i % 12, i < 40 ? 1 + i % 12 : 25));
  const ColumnSchema asked =
      infer_schema(test::text_column("d", american), {{"d", AskedType(ColumnType::kDatetime, "%m/%d/%Y")}})[0];
  CHECK(asked.words.empty());
  // Of Apache's log: the blank is the zone's.
  CHECK(*parse_datetime("10/Oct/2000:13:55:36 -0700", "%d/%b/%Y:%H:%M:%S %z") ==
        *parse_datetime("10/Oct/2000:13:55:36", "%d/%b/%Y:%H:%M:%S"));
  CHECK(unknown_directive("%z %Y") == "%z");
  CHECK_FALSE(parse_datetime("inf", "%s").has_value());
  CHECK_FALSE(parse_datetime("1e300", "%s").has_value());
}

TEST_CASE("the ends of days and of the calendar stay where they are") {
  std::string out;
  append_datetime(*parse_datetime("24:00", "%H:%M"), "%H:%M", 0, out);
  CHECK(out == "24:00");
  out.clear();
  append_datetime(*parse_datetime("9999-12-31 23:59:59.999999", "%Y-%m-%d %H:%M:%S.%f"), "%Y-%m-%d %H:%M:%S.%f", 6,
                  out);
  CHECK(out == "9999-12-31 23:59:59.999999");
  // Beyond what nanoseconds of 64 bits reach, microseconds do.
  const ColumnSchema far = schema_of("until", [](int i) {
    return i % 4 == 0 ? std::string("9999-12-31 23:59:59.9999999")
                      : fmt::format("2011-03-02 03:28:{:02}.1234567", i % 60);
  });
  CHECK(output_type(far) == DataType{.id = TypeId::kTimestamp, .unit = TimeUnit::kMicro});
}

TEST_CASE("typed dates are those of the text: months begin, zones have names that others know") {
  const ColumnSchema months = schema_of("m", [](int i) { return fmt::format("{}-{:02}", 2000 + i % 20, 1 + i % 12); });
  const Array read = read_values(months, {*parse_datetime("2006-05-25", "%Y-%m-%d")});
  const Array written = write_column(months, read, output_type(months));
  CHECK(written.values<std::int32_t>()[0] * 86400.0 == *parse_datetime("2006-05-01", "%Y-%m-%d"));
  const ColumnSchema zone =
      schema_of("z", [](int i) { return fmt::format("2018-09-{:02} 21:42:05+0545", 1 + i % 28); });
  CHECK(output_type(zone).time_zone == "+05:45");
}

TEST_CASE("words stand among dates with offsets, and below dates that are whole numbers") {
  const ColumnSchema offsets = schema_of("at", [](int i) {
    return i % 9 == 0 ? std::string("open")
                      : fmt::format("2020-{:02}-{:02}T10:{:02}:00{}", 1 + i % 12, 1 + i % 28, i % 60,
                                    i % 12 > 3 && i % 12 < 9 ? "+02:00" : "+01:00");
  });
  CHECK(offsets.format == "%Y-%m-%dT%H:%M:%S%z");
  CHECK(offsets.words == test::Texts{"open"});
  const ColumnSchema whole = schema_of("d", [](int i) {
    return i % 9 == 0 ? std::string("-1") : fmt::format("20{:02}{:02}{:02}", i % 20, 1 + i % 12, 1 + i % 28);
  });
  CHECK(whole.format == "%Y%m%d");
  CHECK(whole.words == test::Texts{"-1"});
}
