#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "meg/error.h"
#include "meg/files.h"
#include "tests/coded.h"
#include "tests/support.h"

using namespace meg;
using test::cell;
using test::decoded;
using test::encoded;

namespace {

/// `count` numbers with two digits behind the point, spread like 10 exp(normal).
std::vector<std::string> skewed_decimals(std::size_t count) {
  std::vector<std::string> out;
  for (const float z : test::random(count, 3)) out.push_back(fmt::format("{:.2f}", 10 * std::exp(z)));
  return out;
}

TableCoding coding_of(const Table& table) { return TableCoding(infer_table(table), 5); }

}  // namespace

TEST_CASE("a table of every kind comes back as it was, text aside, also after JSON") {
  std::string text = "id,note,age,pay,day,sex,member,empty,one\n";
  const std::vector<std::string> pay = skewed_decimals(300);
  for (std::size_t i = 0; i < 300; ++i) {
    std::string day;
    append_datetime(86400.0 * static_cast<double>(i * i), "%d/%m/%Y", 0, day);
    text += fmt::format("{},{},{},{},{},{},{},,7\n", i + 4, i % 3 ? fmt::format("said {} once", i) : "", 20 + i % 60,
                        i % 7 ? pay[i] : "", day, i % 2 ? "f" : "m", i % 5 ? "no" : "yes");
  }
  const Table table = parse_csv(text, "t.csv");
  const TableCoding coding = coding_of(table);
  REQUIRE(coding.columns().size() == 8);
  CHECK(coding.schema_column(0) == 1);
  CHECK(coding.columns()[0].codes() == 2);
  const Coded rows = encoded(coding, table, 5);
  const Table back = decoded(coding, rows);
  for (std::size_t r = 0; r < 300; ++r)
    for (std::size_t c = 0; c < 9; ++c) {
      if (c == 0)
        CHECK(cell(back, r, c) == std::to_string(r + 4));
      else if (c == 1)
        CHECK(cell(back, r, c).empty() == cell(table, r, c).empty());
      else
        CHECK(cell(back, r, c) == cell(table, r, c));
    }
  const TableCoding restored = TableCoding::from_json(coding.to_json());
  CHECK(restored.to_json() == coding.to_json());
  const Coded again = encoded(restored, table, 5);
  CHECK(again.code == rows.code);
  CHECK(again.z == rows.z);
  CHECK(to_csv(decoded(restored, rows)) == to_csv(back));
  for (std::size_t c = 0; c < coding.columns().size(); ++c) {
    const auto a = coding.columns()[c].z_positions(), b = restored.columns()[c].z_positions();
    CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
}

TEST_CASE("noise depends on seed, row and column alone") {
  const std::vector<std::string> pay = skewed_decimals(300);
  std::string text = "a,b\n";
  for (const std::string& cell : pay) text += cell + "," + cell + "\n";
  const Table table = parse_csv(text, "t.csv");
  const TableCoding coding = coding_of(table);
  const Coded a = encoded(coding, table, 1), b = encoded(coding, table, 1), c = encoded(coding, table, 2);
  CHECK(a.z == b.z);
  CHECK(a.z != c.z);
  CHECK(a.z[0] != a.z[1]);
}

TEST_CASE("what does not fit the fitted table is named") {
  const Table table = parse_csv("age,colour\n1,red\n2,blue\n", "t.csv");
  const TableCoding coding = coding_of(table);
  const auto encode = [&](const std::string& rows) { encoded(coding, parse_csv("age,colour\n" + rows, "t.csv"), 0); };
  CHECK_THROWS_WITH_AS(encode("1,pink\n"), "column 'colour' has no category 'pink' in the table it was fitted on",
                       Error);
  CHECK_THROWS_WITH_AS(encode("old,red\n"), "column 'age' is integer, but 'old' is not", Error);
  CHECK_THROWS_WITH_AS(encode("NA,red\n"),
                       "column 'age' has no missing values in the table it was fitted on; fill this one, or leave its "
                       "row out",
                       Error);
  CHECK_THROWS_WITH_AS(encoded(coding, parse_csv("age\nx\n", "t.csv"), 0),
                       "the table has no column 'colour', which the model has learned", Error);
  const Table words = parse_csv("a\nsome words here\nother words there\n", "t.csv");
  CHECK_THROWS_WITH_AS(TableCoding(infer_table(words, {{"a", ColumnType::kText}}), 0),
                       "no column is left to model: all are identifiers or free text", Error);
}

TEST_CASE("real tables come back: every cell of adult_train.csv, and fast") {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const Table table = read_table(MEG_TABLES "/adult_train.csv");
  const InferredTable inferred = infer_table(table);
  const auto start = Clock::now();
  const TableCoding coding(inferred, 5);
  const double fitted = seconds(start);
  const auto before_encode = Clock::now();
  const Coded rows = encoded(coding, table, 6);
  const double encoded = seconds(before_encode);
  const auto before_decode = Clock::now();
  const Table back = decoded(coding, rows);
  const double made = seconds(before_decode);
  MESSAGE("adult_train: fit " << fitted << " s, encode " << encoded << " s, decode " << made << " s");
  std::size_t differ = 0;
  for (std::size_t r = 0; r < table.rows(); ++r)
    for (std::size_t c = 0; c < table.columns(); ++c) {
      if (cell(back, r, c) == cell(table, r, c)) continue;
      ++differ;
      REQUIRE(table.names()[c] == "fnlwgt");
      CHECK(std::abs(parse_number(cell(back, r, c)).value() - *parse_number(cell(table, r, c))) <= 1);
    }
  MESSAGE(differ << " of " << table.rows() << " fnlwgt cells differ by 1");
  const auto gain = table.place_of("capital.gain");
  CHECK(coding.columns()[gain].continuous_code() == -1);  // a list
}

TEST_CASE("the lists of a table have 2000 codes in all: what is left is continuous") {
  std::string text;
  for (int c = 0; c < 4; ++c) text += fmt::format("{}price {}", c > 0 ? "," : "", c);
  for (int r = 0; r < 8400; ++r)
    for (int c = 0; c < 4; ++c) {
      const int price = (r + c) % 700;
      text += fmt::format("{}{}.95", c > 0 ? "," : "\n", 7 * price + price * price % 5);
    }
  const Table table = parse_csv(text, "t.csv");
  const TableCoding coding(infer_table(table), 5, {});
  REQUIRE(coding.columns().size() == 4);
  for (std::size_t c = 0; c < 4; ++c) CHECK((coding.columns()[c].continuous_code() < 0) == (c < 2));
}

TEST_CASE("how many threads learn the columns and encode the rows changes nothing, nor which error there is") {
  std::string text = "age,pay,word,twice\n";
  const std::vector<std::string> pay = skewed_decimals(3000);
  for (std::size_t i = 0; i < pay.size(); ++i)
    text += fmt::format("{},{},{},{}\n", 20 + i * i % 61, pay[i], i % 7 ? "yes" : "", 2 * (20 + i * i % 61));
  const Table table = parse_csv(text, "t.csv");
  const auto learned = [&](int threads) {
    const TableCoding coding(infer_table(table, {}, {}, threads), 5, {.relations = true}, {}, threads);
    const Coded coded = encoded(coding, table, 6, threads);
    return std::tuple(coding.to_json(), coded.code, coded.z);
  };
  CHECK(learned(1) == learned(3));
  const Table words = parse_csv("a,b,c\n1,x,y\n2,z,z\n", "t.csv");
  for (const int threads : {1, 3})
    CHECK_THROWS_WITH_AS(infer_schema(words, {{"c", ColumnType::kInteger}, {"b", ColumnType::kInteger}}, {}, threads),
                         doctest::Contains("'b'"), Error);
}

TEST_CASE("a column of very many categories stands there in two parts, and comes back as one, also after JSON") {
  std::string text = "pay,town,sex\n";
  const std::vector<std::string> pay = skewed_decimals(600);
  for (std::size_t i = 0; i < 600; ++i)
    text += fmt::format("{},{},{}\n", pay[i], i % 9 ? fmt::format("town {}", i * i % 211) : "", i % 2 ? "f" : "m");
  const Table table = parse_csv(text, "t.csv");
  for (const auto& order : {std::vector<std::string>{}, {"sex", "town"}}) {
    const TableCoding coding(infer_table(table), 5, {.most_categories = 50}, order);
    REQUIRE(coding.columns().size() == 4);
    CHECK(coding.names() == (order.empty() ? std::vector<std::string>{"pay", "town", "sex"}
                                           : std::vector<std::string>{"sex", "town", "pay"}));
    CHECK(coding.place_of(1) == 1);
    CHECK(coding.schema_column(2) == 1);
    const Column &block = coding.columns()[1], &place = coding.columns()[2];
    CHECK(block.part() == Column::Part::kBlock);
    CHECK(place.part() == Column::Part::kPlace);
    CHECK(block.codes() * place.codes() >= 107);  // the squares modulo 211 and missing
    CHECK(block.codes() + place.codes() < 25);
    CHECK(block.code_positions().size() == static_cast<std::size_t>(block.codes()));
    CHECK(place.position(place.encode_text("town 4", 0.5f)) == -1);
    CHECK(block.encode_text("", 0.5f).code == static_cast<std::uint32_t>(block.missing_code()));
    CHECK_THROWS_WITH(block.encode_text("town 2", 0.5f), doctest::Contains("'town' has no category 'town 2'"));
    const Coded rows = encoded(coding, table, 5);
    CHECK(to_csv(decoded(coding, rows)) == to_csv(table));
    const TableCoding again = TableCoding::from_json(coding.to_json());
    CHECK(again.to_json() == coding.to_json());
    CHECK(again.names() == coding.names());
    CHECK(encoded(again, table, 5).code == rows.code);
    CHECK(to_csv(decoded(again, rows)) == to_csv(table));
  }
}

TEST_CASE("rare categories are hidden before a column is split") {
  std::string text = "town,x\n";
  for (std::size_t i = 0; i < 900; ++i) text += fmt::format("t{},{}\n", i < 800 ? i % 100 : i, i % 7);
  const Table table = parse_csv(text, "t.csv");
  const TableCoding coding(infer_table(table), 5, {.rare_min = 5, .most_categories = 50});
  REQUIRE(coding.columns().size() == 3);
  CHECK(coding.notes().size() == 1);
  const Table back = decoded(coding, encoded(coding, table, 5));
  CHECK(cell(back, 0, 0) == "t0");
  CHECK(cell(back, 850, 0) == "other");
}

TEST_CASE("dates far from 1970, times of the day and times of a zone come back through their types") {
  struct Case {
    std::string format, type;
    int decimals;
  };
  const std::vector<Case> formats{{"%d/%m/%Y", "date", 0},
                                  {"%H:%M", "time[s]", 0},
                                  {"%Y-%m-%d %H:%M:%S.%f", "timestamp[ms]", 2},
                                  {"%Y-%m-%dT%H:%M:%SZ", "timestamp[s, UTC]", 0},
                                  {"%Y-%m-%dT%H:%M:%S+02:00", "timestamp[s, +02:00]", 0},
                                  {"%Y-%m-%d %H:%M:%S.%f -0530", "timestamp[ms, -05:30]", 3}};
  for (const Case& c : formats) {
    CAPTURE(c.format);
    std::string text = "at,x\n";
    for (int i = 0; i < 60; ++i) {
      append_datetime(-3e9 + 2.5e8 * i + 45000.125 * i * i, c.format, c.decimals, text);
      text += fmt::format(",{}\n", i % 3);
    }
    const Table table = parse_csv(text, "t.csv");
    const TableCoding coding = coding_of(table);
    REQUIRE(coding.schema()[0].type == ColumnType::kDatetime);
    REQUIRE(coding.schema()[0].format == c.format);
    CHECK(to_string(empty_table(coding.schema())[0].type()) == c.type);
    CHECK((to_csv(decoded(coding, encoded(coding, table, 5))) == text));
    // And what was made is read again as it was.
    const ReadTable read(coding.schema(), table);
    const Table typed = test::table_of(coding.schema(), {read[0], read[1]});
    const ReadTable again(coding.schema(), typed);
    std::size_t differ = 0;
    for (std::size_t r = 0; r < table.rows(); ++r) differ += again.number(r, 0) != read.number(r, 0);
    CHECK(differ == 0);
  }
}
