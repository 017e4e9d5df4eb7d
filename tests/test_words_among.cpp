#include <fmt/format.h>

#include <map>

#include "core/table/code/coding.h"
#include "core/table/infer/words_among.h"
#include "meg/meg.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

using test::Texts;

/// 400 cells, of which the first third is the word.
Texts with_word(const std::string& word, const auto& cell) {
  Texts out;
  for (int i = 0; i < 400; ++i) out.push_back(i % 3 == 0 ? word : cell(i));
  return out;
}

std::string price(int i) { return fmt::format("{}.{:02}", 3 + i * 7 % 90, i * 37 % 100); }
std::string day(int i) { return fmt::format("{}-{:02}-{:02}", 1990 + i % 30, 1 + i % 12, 1 + i % 28); }
std::string amount(int i) { return fmt::format("${},{:03}", 1 + i % 40, i * 7 % 1000); }

ColumnSchema schema_of(const Texts& cells, const AskedTypes& types = {}) {
  return infer_schema(test::text_column("c", cells), types)[0];
}

}  // namespace

TEST_CASE("a word is its place in a NaN, and nothing else is one") {
  CHECK(word_of(number_of_word(0)) == 0);
  CHECK(word_of(number_of_word(19)) == 19);
  CHECK(std::isnan(number_of_word(3)));
  for (const double x : {0.0, 1.5, -1e300, double(NAN), -double(NAN), double(INFINITY)}) CHECK(word_of(x) == -1);
  CHECK(is_nothing(NAN));
  CHECK_FALSE(is_nothing(number_of_word(0)));
  CHECK_FALSE(is_nothing(1));
}

TEST_CASE("a column is of numbers or dates and a few words, whatever share of the rows these have") {
  for (const std::string word : {"..", ":", "*", "—", "<0.01", "inf", "Landlocked", "ERROR"}) {
    CAPTURE(word);
    const ColumnSchema column = schema_of(with_word(word, price));
    CHECK(column.type == ColumnType::kDecimal);
    CHECK(column.words == Texts{word});
    CHECK(column.missing == 0);
    CHECK(column.decimals == 2);
  }
  const ColumnSchema date = schema_of(with_word("0000-00-00", day));
  CHECK(date.type == ColumnType::kDatetime);
  CHECK(date.format == "%Y-%m-%d");
  CHECK(date.words == Texts{"0000-00-00"});
  const ColumnSchema money = schema_of(with_word("on request", amount));
  CHECK(money.type == ColumnType::kInteger);
  CHECK(money.style.prefix == "$");
  CHECK(money.words == Texts{"on request"});
  Texts rare;
  for (int i = 0; i < 2000; ++i) rare.push_back(i % 50 == 0 ? price(i / 50) : "*");
  CHECK(schema_of(rare).type == ColumnType::kDecimal);
}

TEST_CASE("codes, categories and texts stay what they were") {
  CHECK(schema_of(with_word("none of these", [](int i) { return std::to_string(i % 5); })).type ==
        ColumnType::kCategorical);
  CHECK(schema_of(with_word("x", [](int i) { return fmt::format("{:05}", i * 37); })).words.empty());  // postal codes
  CHECK(schema_of(with_word("x", [](int i) { return fmt::format("A{}", i); })).words.empty());
  CHECK(schema_of(with_word("207a", [](int i) { return std::to_string(200 + i % 50); })).words.empty());
  Texts many;
  for (int i = 0; i < 400; ++i) many.push_back(i % 4 ? price(i) : fmt::format("about {}", i));
  CHECK(schema_of(many).words.empty());
}

TEST_CASE("what says nothing beside empty cells is a word of its own") {
  const Texts numbers = with_word("NA", [](int i) { return i % 3 == 1 ? "" : price(i); });
  const ColumnSchema column = schema_of(numbers);
  CHECK(column.words == Texts{"NA"});
  CHECK(column.missing == 133);
  CHECK(column.missing_word.empty());
  const ColumnSchema words = schema_of(with_word("NA", [](int i) { return i % 3 == 1 ? "" : i % 2 ? "red" : "blue"; }));
  CHECK(words.values == Texts{"NA", "blue", "red"});
  CHECK(words.missing == 133);
  CHECK(schema_of(with_word("NA", price)).missing == 134);  // without empty cells it is missing
  CHECK(schema_of(with_word("\\N", price)).missing == 134);
}

TEST_CASE("words among numbers are encoded, learned and written as they were") {
  const Texts cells = with_word("..", price);
  const InferredTable table = infer_table(test::text_column("c", cells));
  const TableCoding coding(table, 1);
  const Column& column = coding.columns()[0];
  REQUIRE(column.is_word_code(column.codes() - 1));
  const Cell word = column.encode_text("..", 0.5f);
  CHECK(static_cast<int>(word.code) == column.codes() - 1);
  CHECK(column.position(word) == -1);
  const TableCoding again = TableCoding::from_json(coding.to_json());
  for (const std::string& cell : cells) {
    std::string text;
    again.columns()[0].append(again.columns()[0].encode_text(cell, 0.5f), text);
    if (cell == "..") CHECK(text == cell);
  }

  Options options;
  options.meg.any_order = true, options.meg.refine_steps = 0, options.hidden = {16}, options.threads = 1;
  std::string csv = "kind,price\n";
  for (int i = 0; i < 600; ++i) csv += i % 3 == 0 ? "free,..\n" : fmt::format("paid,{}\n", price(i));
  Meg model(options);
  model.load_data(parse_csv(csv, "t.csv"));
  model.train(60);
  const Table rows = model.generate(2000);
  std::size_t words = 0, free = 0, wrong = 0;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const bool is_word = rows["price"].text(r) == "..";
    words += is_word, free += rows["kind"].text(r) == "free";
    wrong += is_word != (rows["kind"].text(r) == "free");
    if (!is_word) CHECK(parse_number(rows["price"].text(r)).has_value());
  }
  CHECK(words > 500);
  CHECK(words < 840);
  CHECK(wrong < 60);
  const Table asked = model.generate(50, 0, {.where = {"price=\"..\""}});
  for (std::size_t r = 0; r < asked.rows(); ++r) CHECK(asked["price"].text(r) == "..");
  const Table range = model.generate(50, 0, {.where = {"price=10..20"}});
  for (std::size_t r = 0; r < range.rows(); ++r) {
    const double number = parse_number(range["price"].text(r)).value_or(0);
    CHECK(number >= 10);
    CHECK(number <= 20);
  }
}

TEST_CASE("rare words are not kept by rare_min") {
  Texts cells = with_word("*", price);
  cells[1] = "secret";
  const InferredTable table = infer_table(test::text_column("c", cells));
  CHECK(table.schema[0].words == Texts{"*", "secret"});
  const TableCoding coding(table, 1, {.rare_min = 5});
  CHECK(coding.to_json().find("secret") == std::string::npos);
  CHECK(coding.schema()[0].words == Texts{"*", ""});
  CHECK(coding.notes().size() == 1);
}
