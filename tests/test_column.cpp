#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/model/classic/masks.h"
#include "core/table/code/category_blocks.h"
#include "core/table/code/column.h"
#include "core/table/code/normal_scores.h"
#include "core/table/code/packed_numbers.h"
#include "meg/error.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

using test::Texts;

/// The column of a table of these cells.
Column fit(const Texts& cells, AskedTypes types = {}, const ColumnOptions& options = {}) {
  const ColumnSchema schema = infer_schema(test::text_column("x", cells), types)[0];
  return Column::fit(schema, test::numbers_of(schema, cells), 5, 0, options);
}

std::string text_of(const Column& column, Cell cell) {
  std::string out;
  column.append(cell, out);
  return out;
}

std::string there_and_back(const Column& column, std::string_view text, float uniform = 0.5f) {
  return text_of(column, column.encode_text(text, uniform));
}

/// `count` texts of format(number), numbers spread like exp(normal) from 0 on.
template <class Format>
Texts skewed(int count, const Format& format) {
  Texts out;
  for (const float z : test::random(static_cast<std::size_t>(count), 3)) out.push_back(format(std::exp(z)));
  return out;
}

Texts skewed_decimals(int count) {
  return skewed(count, [](float x) { return fmt::format("{:.2f}", 10 * x); });
}

}  // namespace

TEST_CASE("categories, booleans and few numbers have a code each, in order, and come back as they were spelled") {
  struct Case {
    Texts cells, values;
  };
  for (const Case& c :
       {Case{{"red", "blue", "red", "green"}, {"blue", "green", "red"}},
        Case{{"TRUE", "FALSE", "TRUE"}, {"FALSE", "TRUE"}}, Case{{"30", "-4", "7", "7"}, {"-4", "7", "30"}},
        Case{{"1.50", "0.25", "12.00"}, {"0.25", "1.50", "12.00"}}, Case{{"1.5", "0.25", "12"}, {"0.25", "1.5", "12"}},
        Case{{"2024-02-29", "1999-12-31"}, {"1999-12-31", "2024-02-29"}}}) {
    const Column column = fit(c.cells);
    CAPTURE(c.values[0]);
    REQUIRE(column.codes() == static_cast<int>(c.values.size()));
    CHECK(column.continuous_code() == -1);
    CHECK(column.missing_code() == -1);
    CHECK(column.z_positions().empty());
    for (std::uint32_t i = 0; i < c.values.size(); ++i) {
      CHECK(column.encode_text(c.values[i], 0.1f) == Cell{i, 0});
      CHECK(text_of(column, {i, 0}) == c.values[i]);
      if (is_categorical(column.schema().type))
        CHECK(column.position({i, 0}) == -1);
      else
        CHECK(column.value({i, 0}) == to_number(column.schema(), c.values[i]));
    }
  }
}

TEST_CASE("a number that an exact column had not takes the nearest that it had") {
  const Column column = fit({"10", "20", "40"});
  for (const auto& [text, nearest] : {std::pair{"-5", "10"}, {"14", "10"}, {"15", "10"}, {"16", "20"}, {"99", "40"}})
    CHECK(there_and_back(column, text) == nearest);
}

TEST_CASE("often repeated values of a continuous column are spikes, and every cell comes back exactly") {
  Texts cells = skewed(3000, [](float x) { return fmt::format("{}", std::lround(1000 * x)); });
  for (std::size_t i = 0; i < cells.size(); i += 10) cells[i] = i % 20 == 0 ? "0" : "2174";
  const Column column = fit(cells);
  REQUIRE(column.codes() == 3);
  CHECK(column.continuous_code() == 2);
  CHECK(column.encode_text("0", 0.5f) == Cell{0, 0});
  CHECK(column.encode_text("2174", 0.5f) == Cell{1, 0});
  for (const std::string& cell : cells)
    for (const float uniform : {0.001f, 0.5f, 0.999f}) CHECK(there_and_back(column, cell, uniform) == cell);
  CHECK(there_and_back(column, "-7") == std::to_string(std::lround(column.value({2, column.z_low()}))));
  CHECK(there_and_back(column, "99999999") == text_of(column, {2, 100.0f}));
}

TEST_CASE("numbers of a list have a code each: far apart on their grid, each held by many rows") {
  const auto cells = [](int values, int rows_each, int apart, int zeros = 0) {
    Texts out;
    for (int i = 0; i < values * rows_each; ++i) {
      const auto value = static_cast<std::uint32_t>(i % values);
      const auto off = Philox(1, Stream::kMeasure).bits(value, 0)[0] % static_cast<std::uint32_t>(apart);
      out.push_back(fmt::format("{:.2f}", 5 + 0.01 * (value * static_cast<std::uint32_t>(apart) + off)));
    }
    for (int i = 0; i < zeros; ++i) out.push_back("0.00");
    return out;
  };
  const auto is_list = [&](const Texts& of, const ColumnOptions& options = {}) {
    const Column column = fit(of, {}, options);
    if (column.continuous_code() >= 0) return false;
    for (const std::string& cell : of) REQUIRE(there_and_back(column, cell) == cell);
    return true;
  };
  CHECK(is_list(cells(150, 12, 20)));
  CHECK_FALSE(is_list(cells(150, 9, 20)));
  CHECK_FALSE(is_list(cells(150, 9, 20, 900)));  // the most frequent does not count
  CHECK_FALSE(is_list(cells(150, 12, 2)));       // every second cent
  CHECK_FALSE(is_list(cells(150, 12, 20), {.most_listed = 149}));
  CHECK_FALSE(is_list(cells(1001, 12, 20)));
  Texts dense = cells(150, 12, 1);
  dense.insert(dense.end(), 40, "999.00");  // which says nothing of the others
  CHECK_FALSE(is_list(dense));
  Texts with_gaps = cells(150, 12, 20);
  with_gaps.insert(with_gaps.end(), 40, "");
  CHECK(is_list(with_gaps));
  const Texts tail = skewed(20000, [](float x) { return fmt::format("{:.0f}", 10 * x * x); });
  CHECK(std::set(tail.begin(), tail.end()).size() < 1000);
  CHECK_FALSE(is_list(tail));
}

TEST_CASE("decimals keep their digits and their zeros") {
  const Texts cells = skewed_decimals(800);
  const Column column = fit(cells);
  REQUIRE(column.continuous_code() == 0);
  for (const std::string& cell : cells) CHECK(there_and_back(column, cell, 0.2f) == cell);
  for (const float z : test::random(200, 8)) {
    const std::string text = text_of(column, {0, z});
    CHECK(text.size() - text.find('.') == 3);
    CHECK(column.value({0, z}) == doctest::Approx(*parse_number(text)).epsilon(1e-14));
    const Cell again = column.encode_text(text, 0.5f);
    CHECK(again.code == 0);
    CHECK(text_of(column, again) == text);
  }
}

TEST_CASE("integers near 2^53 come out with all digits, on their grid and in their range") {
  Texts cells;
  for (int i = 0; i < 500; ++i) cells.push_back(std::to_string(1'000'000'000'000'007LL + 3000LL * (i * i)));
  const Column column = fit(cells);
  REQUIRE(column.continuous_code() == 0);
  for (const std::string& cell : cells) CHECK(there_and_back(column, cell, 0.9f) == cell);
  for (const float z : test::random(200, 8)) {
    const long long number = std::stoll(text_of(column, {0, z})) - 1'000'000'000'000'007LL;
    CHECK(number % 3000 == 0);
    CHECK(number >= 0);
    CHECK(number <= 3000LL * 499 * 499);
  }
}

TEST_CASE("datetimes stay on the grid of days") {
  const Texts cells = skewed(600, [](float x) {
    std::string out;
    append_datetime(86400.0 * std::floor(300 * x), "%Y-%m-%d %H:%M", 0, out);
    return out;
  });
  const Column column = fit(cells);
  REQUIRE(column.schema().type == ColumnType::kDatetime);
  REQUIRE(column.continuous_code() == 0);
  for (const std::string& cell : cells) CHECK(there_and_back(column, cell, 0.3f) == cell);
  for (const float z : test::random(200, 8)) CHECK(text_of(column, {0, z}).ends_with(" 00:00"));
}

TEST_CASE("missing cells have the last code in every kind of column") {
  Texts decimals = skewed_decimals(500);
  decimals.push_back("NA");
  Texts notes;
  for (int i = 0; i < 30; ++i) notes.push_back(fmt::format("some words {}", i));
  notes.push_back("NA");
  for (const Texts& cells : {Texts{"red", "NA", "blue", "red"}, Texts{"yes", "no", "NA"}, Texts{"1", "NA", "2"},
                             Texts{"2024-02-29", "NA", "1999-12-31"}, decimals, notes}) {
    const Column column = fit(cells);
    CAPTURE(cells[0]);
    REQUIRE(column.missing_code() == column.codes() - 1);
    const Cell missing = column.encode_text(" ", 0.5f);
    CHECK(missing == Cell{static_cast<std::uint32_t>(column.missing_code()), 0});
    CHECK(text_of(column, missing) == "NA");
    CHECK(std::isnan(column.value(missing)));
    CHECK(column.position(missing) == -1);
    const Cell present = column.encode_text(cells[0], 0.5f);
    CHECK_FALSE(std::isnan(column.value(present)));
    CHECK(text_of(column, present) == (is_modelled(column.schema().type) ? cells[0] : ""));
  }
}

TEST_CASE("constant columns and columns without a value have one code") {
  const Column constant = fit({"5", "5", "5"});
  CHECK(constant.codes() == 1);
  CHECK(there_and_back(constant, "8") == "5");
  CHECK(constant.position({0, 0}) == 0);
  for (const auto& types : {AskedTypes{}, {{"x", ColumnType::kDecimal}}, {{"x", ColumnType::kText}}}) {
    const Column empty = fit({"NA", "", "NA"}, types);
    CHECK(empty.codes() == 1);
    CHECK(empty.missing_code() == 0);
    CHECK(there_and_back(empty, "?") == "NA");
    CHECK_THROWS_WITH_AS(empty.encode_text("3", 0.5f),
                         "column 'x' has no values in the table it was fitted on, so it cannot hold '3'", Error);
  }
}

TEST_CASE("scores of a continuous column are standard normal") {
  Texts cells = skewed(20000, [](float x) { return fmt::format("{}", std::lround(20 * x)); });
  const Column column = fit(cells, {}, {.exact_limit = 10, .spike_share = 1});
  REQUIRE(column.codes() == 1);
  double sum = 0, squares = 0;
  const auto u = test::random(cells.size(), 4);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const float uniform = 0.5f * std::erfc(-u[i] * std::sqrt(0.5f));
    const double z = column.encode_text(cells[i], uniform).z;
    REQUIRE(std::abs(z) < 5);
    sum += z, squares += z * z;
  }
  const auto n = static_cast<double>(cells.size());
  // Only the noise differs from the fitted one: a step in 20 of the numbers' spread, far less than 1 / sqrt(n).
  CHECK(std::abs(sum / n) < 0.01);
  CHECK(squares / n == doctest::Approx(1).epsilon(0.01));
}

TEST_CASE("values that repeat come out as often as they are there, and nothing comes out of the gaps between them") {
  // Round amounts, each in far less than 1 % of the rows, and in every third row an amount that nobody else has.
  constexpr int kRows = 30000;
  const test::Floats noise = test::random(kRows, 8);
  Texts cells;
  std::map<std::string, int> rows;
  for (int i = 0; i < kRows; ++i) {
    const int round = 2500 * static_cast<int>(std::lround(150 * std::exp(0.5f * noise[static_cast<std::size_t>(i)])));
    cells.push_back(std::to_string(i % 3 ? round : round + 1 + i * 7919 % 2499));
    ++rows[cells.back()];
  }
  const Column column = fit(cells);
  REQUIRE(column.codes() == 1);
  const auto draws = test::random(10 * kRows, 9);
  std::map<std::string, int> drawn;
  for (const float z : draws) ++drawn[text_of(column, {0, z})];
  double known = 0, off = 0;
  int checked = 0;
  for (const auto& [text, count] : rows) {
    if (count < 50) continue;
    known += drawn[text];
    off += std::abs(drawn[text] / 10.0 - count) / count;
    ++checked;
  }
  REQUIRE(checked > 100);
  CHECK(off / checked < 0.06);  // of chance alone: 0.8 / sqrt(10 * 50) at most
  CHECK(known / static_cast<double>(draws.size()) == doctest::Approx(2.0 / 3).epsilon(0.1));

  Texts only;
  for (int i = 0; i < 6000; ++i) only.push_back(fmt::format("{:.8f}", 1.0 / (3 + i % 1200)));
  const Column rates = fit(only);
  REQUIRE(rates.codes() == 1);
  const std::set<std::string> there(only.begin(), only.end());
  const Column again = Column::from_json(rates.schema(), rates.to_json());
  for (const float z : draws) {
    const std::string text = text_of(rates, {0, z});
    REQUIRE(there.count(text) == 1);
    REQUIRE(text_of(again, {0, z}) == text);
  }
}

TEST_CASE("packed numbers come back to the bit, and damaged ones are refused") {
  std::vector<double> numbers;
  for (const double x : {0.0, -0.0, 1.0 / 3, -5e-324, 1.7976931348623157e308, 12285.0}) {
    const std::string text = pack_numbers(numbers);
    const std::vector<double> back = unpack_numbers(text);
    REQUIRE(back.size() == numbers.size());
    for (std::size_t i = 0; i < back.size(); ++i)
      CHECK(std::bit_cast<std::uint64_t>(back[i]) == std::bit_cast<std::uint64_t>(numbers[i]));
    CHECK(text.size() % 4 == 0);
    numbers.push_back(x);
  }
  CHECK(pack_numbers(std::vector{1.0}) == "AAAAAAAA8D8=");  // as Python's base64 has struct.pack("<d", 1)
  CHECK_THROWS_AS(unpack_numbers("AAAAAAAA8D"), Error);
  CHECK_THROWS_AS(unpack_numbers("AAAA AAA8D8="), Error);
}

TEST_CASE("in a smooth column no value stands out, and rare ones are not repeated with rare_min") {
  const Column smooth = fit(skewed(20000, [](float x) { return fmt::format("{}", std::lround(200 * x)); }));
  CHECK(smooth.to_json().dump().size() < 60'000);
  Texts cells = skewed(20000, [](float x) { return fmt::format("{:.6f}", x); });
  for (int i = 0; i < 4; ++i) cells.push_back("0.777777");
  const auto draws_of = [&](const Column& column) {
    int count = 0;
    for (const float z : test::random(400000, 9)) count += text_of(column, {0, z}) == "0.777777";
    return count;
  };
  CHECK(draws_of(fit(cells)) > 50);  // 4 of 20,004 rows
  CHECK(draws_of(fit(cells, {}, {.rare_min = 5})) < 20);
}

TEST_CASE("position rises with z and is the number's place among the knots") {
  Texts cells = skewed(3000, [](float x) { return fmt::format("{}", std::lround(1000 * x)); });
  for (std::size_t i = 0; i < cells.size(); i += 10) cells[i] = "2000";
  const Column column = fit(cells);
  REQUIRE(column.codes() == 2);
  std::vector<double> sorted;
  for (const std::string& cell : cells) sorted.push_back(*parse_number(cell));
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> knots;  // numpy.quantile(x, linspace(0, 1, 16))
  for (int i = 0; i < 16; ++i) {
    const double at = i * 2999 / 15.0, below = std::floor(at);
    const auto j = static_cast<std::size_t>(below);
    knots.push_back(sorted[j] + (at - below) * (sorted[std::min<std::size_t>(j + 1, 2999)] - sorted[j]));
  }
  const auto place = [&](double x) {
    double sum = 0;
    for (std::size_t i = 0; i < 15; ++i) sum += std::clamp((x - knots[i]) / (knots[i + 1] - knots[i]), 0.0, 1.0);
    return sum;
  };
  CHECK(column.position({0, 0}) == doctest::Approx(place(2000)));
  CHECK(column.code_positions()[0] == column.position({0, 0}));
  REQUIRE(column.z_positions().size() == Column::kZCells + 1);
  CHECK(column.position({1, column.z_low()}) == column.z_positions().front());
  CHECK(column.position({1, column.z_high()}) == doctest::Approx(15));
  float before = 0;
  for (float z = -5; z < 5; z += 0.003f) {
    const float position = column.position({1, z});
    CHECK(position >= before);
    // Half a step of the numbers, and the grid of z: small beside a knot's share.
    CHECK(position == doctest::Approx(place(column.value({1, z}))).epsilon(0.02));
    before = position;
  }
}

TEST_CASE("cells are free of NaN, whatever the numbers and scores") {
  Texts cells{"-1.7e308", "1.7e308", "1e-300"};
  for (int i = 0; i < 200; ++i) cells.push_back(fmt::format("{}.5e{}", i % 2 ? "-3" : "8", i));
  const Column column = fit(cells);
  REQUIRE(column.continuous_code() >= 0);
  for (const float position : column.z_positions()) CHECK(std::isfinite(position));
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const auto code = static_cast<std::uint32_t>(column.continuous_code());
  for (const float z : {nan, infinity, -infinity, 0.0f}) {
    CHECK(std::isfinite(column.value({code, z})));
    CHECK(std::isfinite(column.position({code, z})));
  }
  for (const std::string& cell : cells) CHECK(std::isfinite(column.encode_text(cell, 0.9f).z));
  // All but one value are spikes: a distribution of one number is none.
  const Column spikes = fit({"1", "1", "2", "2", "3"}, {}, {.exact_limit = 1, .spike_share = 0, .spike_count = 1});
  CHECK(spikes.codes() == 3);
  CHECK(spikes.continuous_code() == -1);
}

TEST_CASE("a model file whose columns or masks make no sense is refused, whatever its checksum") {
  using Doubles = std::vector<double>;
  CHECK_NOTHROW(NormalScores(Doubles{1, 2}, {}, 5));
  CHECK_THROWS_AS(NormalScores(Doubles{1}, {}, 5), Error);
  CHECK_THROWS_AS(NormalScores(Doubles{2, 1}, {}, 5), Error);
  CHECK_THROWS_AS(NormalScores(Doubles{1, 2}, Doubles{1}, 5), Error);
  CHECK_THROWS_AS(NormalScores(Doubles{1, 2}, {}, 1), Error);
  CHECK_THROWS_AS(CategoryBlocks({0, 2, 2}), Error);
  CHECK_THROWS_AS(CategoryBlocks({0, 1, 3}), Error);
  CHECK_NOTHROW(Masks({1, 0, 2}, {2, 1}));
  CHECK_THROWS_AS(Masks({1, 1, 2}, {2, 1}), Error);
  CHECK_THROWS_AS(Masks({1, 0, 2}, {2, 2}), Error);
  CHECK_THROWS_AS(Masks({1, 0, 2}, {4, -1}), Error);
}
