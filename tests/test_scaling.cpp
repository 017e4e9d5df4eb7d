#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/model/classic/scaling.h"
#include "meg/error.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using test::cell;

namespace {

const char* const kText =
    "age,price,colour,constant,empty\n"
    "20,1.25,red,5,\n"
    "35,9.75,blue,5,\n"
    "64,3.00,red,5,\n"
    "50,2.50,green,5,\n";

TableScaling fitted(const Table& table) { return TableScaling(infer_table(table)); }

std::vector<float> encoded(const TableScaling& scaling, const Table& table) {
  return scaling.encode(ReadTable(scaling.schema(), table));
}

std::vector<double> unscaled(const TableScaling& scaling, const std::vector<float>& rows) {
  std::vector<double> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    out.push_back(scaling.columns()[i % scaling.columns().size()].unscale(rows[i]));
  return out;
}

/// Scaled rows as text.
Table made(const TableScaling& scaling, const std::vector<float>& rows, std::uint64_t seed = 0,
           std::uint64_t first_row = 0) {
  const Schema& schema = scaling.schema();
  return test::as_text(test::table_of(schema, scaling.made_columns(unscaled(scaling, rows), seed, first_row)), schema);
}

}  // namespace

TEST_CASE("scaled columns reach 1, stay inside [-1, 1] and give every cell back as it was spelled") {
  const Table table = parse_csv(kText, "t.csv");
  const TableScaling scaling = fitted(table);
  REQUIRE(scaling.width() == 5);
  const std::vector<float> x = encoded(scaling, table);
  for (std::size_t c = 0; c < 5; ++c) {
    float reach = 0;
    for (std::size_t r = 0; r < 4; ++r) reach = std::max(reach, std::abs(x[r * 5 + c]));
    CHECK(reach == doctest::Approx(c < 3 ? 1.0 : 0.0));
  }
  CHECK(to_csv(made(scaling, x)) == kText);
}

TEST_CASE("what comes out is on the column's grid and in its range, whatever the network says") {
  const TableScaling scaling = fitted(parse_csv(kText, "t.csv"));
  for (const float scaled : {-1.0f, -0.31f, 0.0f, 0.77f, 1.0f}) {
    const Table out = made(scaling, std::vector<float>(5, scaled), 0, 0);
    const double age = parse_number(cell(out, 0, 0)).value();
    CHECK(age >= 20);
    CHECK(age <= 64);
    CHECK(age == std::floor(age));
    CHECK(cell(out, 0, 3) == "5");
  }
}

TEST_CASE("numbers of any size are scaled, and come back as they were spelled") {
  for (const char* text : {"a,b\n1e-200,1\n2e-200,2\n4e-200,3\n", "a,b\n1.25e-20,1\n2.5e-20,2\n5e-20,3\n",
                           "a,b\n5e+30,1\n6e+30,2\n-8e+30,3\n",
                           "a,b\n123456789012345680,1\n223456789012345600,2\n323456789012345600,3\n"}) {
    const Table table = parse_csv(text, "t.csv");
    const TableScaling scaling = fitted(table);
    const std::vector<float> x = encoded(scaling, table);
    CHECK(*std::max_element(x.begin(), x.end()) == 1);
    const Table back = made(scaling, x);
    for (std::size_t r = 0; r < table.rows(); ++r)
      CHECK(parse_number(cell(back, r, 0)).value() == doctest::Approx(*parse_number(cell(table, r, 0))).epsilon(1e-6));
  }
  const auto text_of = [](double value, int decimals) {
    std::string out;
    append_number(value, decimals, decimals, out);
    return out;
  };
  CHECK(text_of(2.5e-20, 21) == "2.5e-20");
  CHECK(text_of(2.4999999e-20, 21) == "2.5e-20");
  CHECK(text_of(1e-30, 21) == "0");
  CHECK(text_of(0, 21) == "0");
  CHECK(text_of(-1e300, 0) == "-1e+300");
  CHECK(text_of(123456789012345680.0, 0) == "123456789012345680");
  CHECK(text_of(1e20, 0) == "100000000000000000000");
  CHECK_THROWS_AS(fitted(parse_csv("a\n1.7e308\n-1.7e308\n1.7e308\n", "t.csv")), Error);
}

TEST_CASE("missing cells come out in their joint patterns, at their rate, spelled as they were") {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 100; ++i) text += i % 4 == 0 ? "NA,NA,1\n" : std::to_string(i) + ",x,2\n";
  const Table table = parse_csv(text, "t.csv");
  const TableScaling scaling = fitted(table);
  for (const float x : encoded(scaling, table)) CHECK(std::isfinite(x));
  const Table out = made(scaling, std::vector<float>(3 * 4000, 0.1f), 7, 0);
  std::size_t missing = 0;
  for (std::size_t r = 0; r < out.rows(); ++r) {
    CHECK((cell(out, r, 0) == "NA") == (cell(out, r, 1) == "NA"));
    missing += cell(out, r, 0) == "NA";
  }
  CHECK(missing == doctest::Approx(1000).epsilon(0.1));  // 3.6 standard deviations
}

TEST_CASE("identifiers and text are made anew in the same shape, and nothing of single ones is kept") {
  std::string text = "row,code,note,x\n";
  for (int i = 0; i < 40; ++i) text += fmt::format("{},AB-{:04},Some words {} long.,{}\n", 100 + i, i * 37, i, i % 3);
  const Table table = parse_csv(text, "t.csv");
  const TableScaling scaling = fitted(table);
  CHECK(scaling.modelled() == std::vector<std::string>{"x"});
  for (const char* part : {"words 1", "0370", "1 long"}) CHECK(scaling.to_json().find(part) == std::string::npos);
  const Table out = made(scaling, std::vector<float>(50, 0.0f), 3, 20);
  std::set<std::string> codes;
  for (std::size_t r = 0; r < 50; ++r) {
    CHECK(cell(out, r, 0) == std::to_string(120 + r));
    const std::string code = cell(out, r, 1);
    REQUIRE(code.size() == 7);
    CHECK(code.starts_with("AB-"));
    CHECK((code[3] >= '0' && code[3] <= '9'));
    CHECK(cell(out, r, 2).starts_with("Some words "));
    CHECK(cell(out, r, 2).ends_with(" long."));
    codes.insert(code);
  }
  CHECK(codes.size() > 45);
}

TEST_CASE("running numbers go on, padded with zeros where they were") {
  std::string text = "padded,plain,x\n";
  for (int i = 0; i < 40; ++i) text += fmt::format("{:04},{},{}\n", i + 1, 98 + i, i % 3);
  const TableScaling scaling = fitted(parse_csv(text, "t.csv"));
  const Table out = made(scaling, std::vector<float>(20'000, 0.0f), 3, 0);
  CHECK(cell(out, 0, 0) == "0001");
  CHECK(cell(out, 99, 0) == "0100");
  CHECK(cell(out, 19'999, 0) == "20000");
  CHECK(cell(out, 0, 1) == "98");
  CHECK(cell(out, 2, 1) == "100");
}

TEST_CASE("letters of every alphabet are made anew, capitals as capitals, and signs stay") {
  const std::vector<std::string> cells{"Иван Петров",    "Ольга Ёлкина", "Müller-Lüdenscheidt",
                                       "Łukasz Żółć",    "Ωμέγα",        "Phương Ước",
                                       "王小明（北京）", "محمد",         "£5 – 7 €"};
  const std::set<std::string> capitals{"И", "П", "О", "Ё", "Ł", "Ż", "Ω", "Ư"};
  std::string text = "name,x\n";
  for (std::size_t i = 0; i < 5 * cells.size(); ++i)
    text += fmt::format("{}{},{}\n", cells[i % cells.size()], i / cells.size() < 1 ? "" : fmt::format(" {}", i), i % 3);
  const TableScaling scaling = fitted(parse_csv(text, "t.csv"));
  REQUIRE(scaling.modelled() == std::vector<std::string>{"x"});
  const std::string json = scaling.to_json();
  CHECK(TableScaling::from_json(json).to_json() == json);
  const Table out = made(scaling, std::vector<float>(900, 0.0f), 3, 0);
  int russian = 0, signs = 0;
  for (std::size_t i = 0; i + 1 < cells.size(); ++i) CHECK(json.find(cells[i].substr(0, 9)) == std::string::npos);
  for (std::size_t r = 0; r < out.rows(); ++r) {
    const std::string name = cell(out, r, 0);
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) CHECK(name.find(cells[i]) == std::string::npos);
    signs += name.starts_with("£") && name.find(" – ") == 3;
    // Of the shapes only the Russian ones have a word of four letters of two bytes first.
    if (name.size() < 11 || name[8] != ' ' || name.find_first_of("abcdefghijklmnopqrstuvwxyz") < 9) continue;
    if (name.starts_with("£") || static_cast<unsigned char>(name[0]) >= 0xD8) continue;  // Arabic, Chinese
    ++russian;
    for (const std::size_t at : {0u, 9u}) CHECK(capitals.contains(name.substr(at, 2)));
    for (const std::size_t at : {2u, 4u, 6u, 11u}) CHECK(!capitals.contains(name.substr(at, 2)));
  }
  CHECK(signs > 20);
  CHECK(russian > 20);
}

TEST_CASE("model files from before the alphabets keep their texts' letters") {
  ColumnSchema name;
  name.type = ColumnType::kText;
  std::string out;
  TextColumns::from_json(R"([[["Aäa-9", 3]]])").append(name, 0, 1, 0, out);
  CHECK(out.size() == 6);
  CHECK(out.substr(1, 2) == "ä");
}

TEST_CASE("a scaling survives JSON and names cells and columns that do not fit") {
  const Table table = parse_csv(kText, "t.csv");
  const TableScaling scaling = fitted(table), back = TableScaling::from_json(scaling.to_json());
  CHECK(back.to_json() == scaling.to_json());
  CHECK(encoded(back, table) == encoded(scaling, table));
  CHECK_THROWS_WITH_AS(encoded(back, parse_csv("age,price,colour,constant,empty\n1,1,pink,5,\n", "t.csv")),
                       "column 'colour' has no category 'pink' in the table it was fitted on", Error);
  CHECK_THROWS_WITH_AS(encoded(back, parse_csv("age,price,colour,constant,empty\nold,1,red,5,\n", "t.csv")),
                       "column 'age' is integer, but 'old' is not", Error);
  CHECK_THROWS_WITH_AS(encoded(back, parse_csv("age,price\n1,1\n", "t.csv")),
                       "the table has no column 'colour', which the model has learned", Error);
  const Table text_only = parse_csv("a\nsome words here\nother words there\n", "t.csv");
  CHECK_THROWS_AS(TableScaling(infer_table(text_only, {{"a", ColumnType::kText}})), Error);
}
