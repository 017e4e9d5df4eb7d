#include <doctest/doctest.h>

#include <array>

#include "meg/error.h"
#include "meg/table.h"
#include "tests/tables.h"

using namespace meg;

namespace {

Bitmap bits(std::initializer_list<bool> values) {
  Bitmap out;
  for (const bool value : values) out.push_back(value);
  return out;
}

}  // namespace

TEST_CASE("an array holds values of its type, with and without nulls") {
  const Array all = Array::of({.id = TypeId::kInt64}, std::vector<std::int64_t>{3, -1, 7});
  CHECK(all.size() == 3);
  CHECK(all.null_count() == 0);
  CHECK(all.values<std::int64_t>()[1] == -1);
  CHECK_FALSE(all.is_null(1));
  const Array some = Array::of({.id = TypeId::kFloat64}, std::vector<double>{0.5, 0, 2}, bits({true, false, true}));
  CHECK(some.null_count() == 1);
  CHECK(some.is_null(1));
  CHECK(some.values<double>()[2] == 2);
  CHECK_THROWS_WITH_AS(some.values<std::int64_t>(), "a column of type float64 holds double, not std::int64_t", Error);
  CHECK_THROWS_AS(Array::of({.id = TypeId::kFloat64}, std::vector<double>{1, 2}, bits({true})), Error);
  CHECK_THROWS_AS(Array::of({.id = TypeId::kDate}, std::vector<double>{1, 2}), Error);
}

TEST_CASE("texts and dictionaries give back their words") {
  const Array texts = Array::texts(std::array<std::string, 3>{"a", "", "ccc"}, bits({true, false, true}));
  CHECK(texts.text(0) == "a");
  CHECK(texts.is_null(1));
  CHECK(texts.text(2) == "ccc");
  const Array words = Array::dictionary({1, -1, 0, 1}, std::array<std::string, 3>{"no", "yes", "unused"});
  CHECK(words.type().id == TypeId::kDictionary);
  CHECK(words.null_count() == 1);
  CHECK(words.text(0) == "yes");
  CHECK(words.text(1).empty());
  CHECK(words.dictionary().size() == 3);
  CHECK_THROWS_AS(Array::dictionary({0, 3}, std::array<std::string, 1>{"one"}), Error);
}

TEST_CASE("slices share memory and count their own nulls") {
  Bitmap valid(200, true);
  for (const std::size_t i : {0u, 3u, 70u, 71u, 140u, 199u}) valid.set(i, false);
  std::vector<std::int64_t> values(200);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  const Array all = Array::of({.id = TypeId::kTimestamp, .unit = TimeUnit::kMicro}, values, valid);
  CHECK(all.null_count() == 6);
  for (const auto& [first, count] :
       {std::pair<std::size_t, std::size_t>{1, 199}, {3, 68}, {70, 71}, {199, 1}, {200, 0}}) {
    const Array part = all.slice(first, count);
    std::size_t nulls = 0;
    for (std::size_t i = first; i < first + count; ++i) nulls += !valid[i];
    CHECK(part.null_count() == nulls);
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(part.is_null(i) == !valid[first + i]);
      CHECK(part.values<std::int64_t>()[i] == values[first + i]);
    }
    if (count > 0) CHECK(part.values<std::int64_t>().data() == all.values<std::int64_t>().data() + first);
  }
  CHECK_THROWS_AS(all.slice(150, 51), Error);
}

TEST_CASE("a table's columns have one length and different names") {
  const Array two = Array::of({.id = TypeId::kInt64}, std::vector<std::int64_t>{1, 2});
  const Array one = Array::of({.id = TypeId::kInt64}, std::vector<std::int64_t>{1});
  CHECK_THROWS_AS(Table({{"a", two}, {"b", one}}), Error);
  CHECK_THROWS_AS(Table({{"a", two}, {"a", two}}), Error);
  const Table table({{"a", two}, {"b", two}});
  CHECK(table.rows() == 2);
  CHECK(table.place_of("b") == 1);
  CHECK_FALSE(table.find("c"));
  CHECK_THROWS_WITH_AS(table["c"], "there is no column 'c'; the table has a, b", Error);
  CHECK(table.slice(1, 1)["a"].values<std::int64_t>()[0] == 2);
}

TEST_CASE("tables are put one after the other, dictionaries united") {
  const auto table = [](std::vector<std::int32_t> places, std::vector<std::string> words,
                        std::vector<std::int32_t> days) {
    return Table({{"word", Array::dictionary(places, words)},
                  {"day", Array::of({.id = TypeId::kDate}, days)},
                  {"text", Array::texts(std::vector<std::string>(days.size(), "x"))}});
  };
  const std::array parts{table({0, 1}, {"a", "b"}, {5, 6}), table({1, -1, 0}, {"c", "b"}, {7, 8, 9})};
  const Table all = Table::concatenate(parts);
  REQUIRE(all.rows() == 5);
  CHECK(all["word"].text(1) == "b");
  CHECK(all["word"].text(2) == "b");
  CHECK(all["word"].is_null(3));
  CHECK(all["word"].text(4) == "c");
  CHECK(all["day"].values<std::int32_t>()[4] == 9);
  CHECK(all["text"].text(4) == "x");
  const std::array differ{Table({{"a", Array::of({.id = TypeId::kInt64}, std::vector<std::int64_t>{1})}}),
                          Table({{"a", Array::of({.id = TypeId::kFloat64}, std::vector<double>{1})}})};
  CHECK_THROWS_WITH_AS(Table::concatenate(differ),
                       "column 'a' is int64 in one part of the table and float64 in another", Error);
}

TEST_CASE("some of the rows are taken in any order, also of slices, of every type") {
  const Bitmap valid = bits({true, false, true, true});
  const DataType dictionary{.id = TypeId::kDictionary, .ordered = true, .stored = "c"};
  const Table all(
      {{"bool", Array::bools(bits({true, true, false, true}), valid)},
       {"whole", Array::of({.id = TypeId::kInt64}, std::vector<std::int64_t>{1, 2, 3, 4}, valid)},
       {"number", Array::of({.id = TypeId::kFloat64}, std::vector<double>{0.1, 0.2, 0.3, 0.4})},
       {"text", Array::texts(std::array<std::string, 4>{"a", "", "ccc", "dd"}, valid)},
       {"word", Array::dictionary({0, -1, 1, 0}, std::array<std::string, 3>{"no", "yes", "u"}, dictionary)},
       {"day", Array::of({.id = TypeId::kDate}, std::vector<std::int32_t>{5, 6, 7, 8}, valid)},
       {"at", Array::of({.id = TypeId::kTimestamp}, std::vector<std::int64_t>{5, 6, 7, 8})},
       {"time", Array::of({.id = TypeId::kTime}, std::vector<std::int32_t>{5, 6, 7, 8})},
       {"fine", Array::of({.id = TypeId::kTime, .unit = TimeUnit::kNano}, std::vector<std::int64_t>{5, 6, 7, 8})},
       {"long", Array::of({.id = TypeId::kDuration}, std::vector<std::int64_t>{5, 6, 7, 8})}});
  const std::array<std::size_t, 4> some{3, 1, 3, 2};
  for (const std::size_t first : {0u, 1u}) {
    const Table from = all.slice(first, 4 - first);
    const std::vector<std::size_t> rows{3 - first, 1 - first, 3 - first, 2 - first};
    const Table taken = from.take(rows);
    REQUIRE(taken.rows() == 4);
    CHECK(taken.names() == all.names());
    CHECK_FALSE(taken.is_text());
    for (std::size_t c = 0; c < all.columns(); ++c) {
      CHECK(taken[c].type() == all[c].type());
      for (std::size_t i = 0; i < 4; ++i) {
        CAPTURE(all.name(c));
        CAPTURE(i);
        CHECK(taken[c].is_null(i) == all[c].is_null(some[i]));
        CHECK(test::cell(taken, i, c) == test::cell(all, some[i], c));
      }
    }
    CHECK(taken["word"].dictionary().size() == 3);
  }
  CHECK(all.take({}).rows() == 0);
  CHECK(all.take({})["word"].dictionary().size() == 3);
  const Table texts = test::text_column("x", {"1", "NA"});
  CHECK(texts.take(std::array<std::size_t, 1>{1}).is_text());
  CHECK_THROWS_WITH_AS(texts.take(std::array<std::size_t, 1>{2}), "row 2 of 2 is asked for", Error);
}
