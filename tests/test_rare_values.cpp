#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/table/code/coding.h"
#include "core/table/code/packed_numbers.h"
#include "meg/error.h"
#include "meg/meg.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

using test::Texts;

TableCoding coding_of(const Texts& cells, const ColumnOptions& options, const AskedTypes& types = {}) {
  std::string text = "x,y\n";
  for (const std::string& cell : cells) text += cell + ",1\n";
  return TableCoding(infer_table(parse_csv(text, "t.csv"), types), 5, options);
}

Column fit(const Texts& cells, int rare_min, const AskedTypes& types = {}) {
  return coding_of(cells, {.rare_min = rare_min}, types).columns()[0];
}

std::string there_and_back(const Column& column, std::string_view text) {
  std::string out;
  column.append(column.encode_text(text, 0.5f), out);
  return out;
}

Texts repeated(const std::map<std::string, int>& counts) {
  Texts out;
  for (const auto& [value, count] : counts) out.insert(out.end(), static_cast<std::size_t>(count), value);
  return out;
}

/// A column as its file has it, with packed numbers spelled out.
std::string readable(const Column& column) {
  nlohmann::json json = column.to_json();
  for (const char* key : {"quantiles", "ranks"})
    if (json.contains(key)) json[key] = unpack_numbers(json[key].get<std::string>());
  return json.dump();
}

/// What a column can say at all: every code, and scores from far below to far above.
std::set<double> all_numbers(const Column& column) {
  std::set<double> out;
  for (int code = 0; code < column.codes(); ++code)
    for (float z = -6; z <= 6; z += code == column.continuous_code() ? 0.001f : 12)
      if (code != column.missing_code()) out.insert(column.value({static_cast<std::uint32_t>(code), z}));
  return out;
}

}  // namespace

TEST_CASE("rare categories become one, spelled as the column spells it") {
  SUBCASE("by default 'other'") {
    const Column column = fit(repeated({{"ant", 9}, {"bee", 2}, {"cat", 3}, {"NA", 1}, {"pig", 5}}), 5);
    CHECK(column.schema().values == Texts{"ant", "other", "pig"});
    CHECK(column.schema().distinct == 3);
    CHECK(column.missing_code() == 3);
    CHECK(there_and_back(column, "bee") == "other");
    CHECK(there_and_back(column, "unheard of") == "other");
    CHECK(there_and_back(column, "pig") == "pig");
    CHECK(column.rare_note() == "2 values that fewer than 5 rows hold became 'other' (5 rows)");
    const Column back = Column::from_json(column.schema(), column.to_json());
    CHECK(there_and_back(back, "bee") == "other");
    CHECK(back.rare_note() == column.rare_note());
  }
  SUBCASE("they join what the column calls so already, whatever its case") {
    const Column column = fit(repeated({{"Other", 3}, {"ant", 9}, {"bee", 2}}), 5);
    CHECK(column.schema().values == Texts{"Other", "ant"});
    CHECK(there_and_back(column, "bee") == "Other");
    CHECK(column.rare_note() == "1 value that fewer than 5 rows hold became 'Other' (2 rows)");
  }
  SUBCASE("where all of them together are rare they join the most frequent") {
    const Column column = fit(repeated({{"no", 9}, {"yes", 1}}), 5);
    CHECK(column.schema().type == ColumnType::kBoolean);
    CHECK(column.schema().values == Texts{"no"});
    CHECK(there_and_back(column, "yes") == "no");
    CHECK(column.rare_note() == "1 value that fewer than 5 rows hold became 'no', the most frequent one (1 row)");
    CHECK(fit(repeated({{"Other", 1}, {"ant", 9}, {"bee", 2}}), 5).schema().values == Texts{"ant"});
  }
  SUBCASE("a column of rare ones only") {
    const Column column = fit(repeated({{"a", 4}, {"b", 4}}), 5);
    CHECK(column.schema().values == Texts{"other"});
    CHECK(there_and_back(column, "a") == "other");
  }
  SUBCASE("nothing is rare") {
    const Column column = fit(repeated({{"a", 5}, {"b", 7}}), 5);
    CHECK(column.rare_note().empty());
    CHECK_THROWS_AS(column.encode_text("c", 0.5f), Error);
  }
  CHECK_THROWS_WITH_AS(coding_of(repeated({{"a", 5}, {"b", 7}}), {.rare_min = 5, .rare_word = "NA"}),
                       "rare values cannot be called 'NA', which stands for a missing value", Error);
  CHECK_THROWS_WITH_AS(fit({"a", "b", "a"}, 5),
                       "the table has 3 rows, so none of its values is in 5 of them; ask for fewer", Error);
}

TEST_CASE("rare values of an exact column become the nearest that is not") {
  const Column column = fit(repeated({{"10", 60}, {"12", 1}, {"20", 40}, {"90", 2}, {"-500", 1}}), 5);
  CHECK(all_numbers(column) == std::set<double>{10, 20});
  CHECK(column.schema().smallest == 10);
  CHECK(column.schema().largest == 20);
  CHECK(there_and_back(column, "12") == "10");
  CHECK(there_and_back(column, "1000000") == "20");
  CHECK(column.rare_note() == "3 values that fewer than 5 rows hold became the nearest that more hold (4 rows)");
  CHECK(readable(column).find("500") == std::string::npos);
}

TEST_CASE("an exact column whose values are mostly rare becomes a range without its ends") {
  Texts cells = repeated({{"100", 12}, {"-3000", 1}, {"4000", 2}});
  for (int i = 0; i < 60; ++i) cells.push_back(std::to_string(150 + 4 * (i / 2)));
  const Column column = fit(cells, 5);
  REQUIRE(column.continuous_code() >= 0);
  // Rare from below: -3000, 150 150 154 154 | 158 158 162 162 166: the mean of fifth to ninth is 158, on the grid of 2.
  const std::set<double> numbers = all_numbers(column);
  CHECK(*numbers.begin() == 100);
  CHECK(*numbers.rbegin() <= 266);
  CHECK(*numbers.rbegin() > 250);
  CHECK(column.schema().largest == *numbers.rbegin());
  CHECK(column.rare_note().starts_with("numbers that fewer than 5 rows hold were cut to the range"));
}

TEST_CASE("no number of a continuous column lies beyond the N-th from outside, nor is its end anybody's own") {
  Texts cells{"-99999.25", "123456.75", "98765.5"};
  for (const float z : test::random(3000, 4)) cells.push_back(fmt::format("{:.2f}", 1000 * std::exp(z)));
  for (int i = 0; i < 200; ++i) cells.push_back("500000.00");  // a spike above all others hides no end of these
  const Column column = fit(cells, 5);
  REQUIRE(column.continuous_code() == 1);
  std::vector<double> sorted;
  for (const std::string& cell : cells) sorted.push_back(*parse_number(cell));
  std::sort(sorted.begin(), sorted.end());
  const std::set<double> numbers = all_numbers(column);
  CHECK(*numbers.begin() > sorted[4]);
  CHECK(*numbers.begin() < sorted[8]);
  CHECK(*numbers.rbegin() == 500000);
  const double end = *std::next(numbers.rbegin());
  CHECK(end < sorted[sorted.size() - 205]);
  CHECK(end > sorted[sorted.size() - 209]);
  CHECK_FALSE(std::binary_search(sorted.begin(), sorted.end(), end));
  for (const char* hidden : {"99999.25", "123456.75", "98765.5"})
    CHECK(readable(column).find(hidden) == std::string::npos);
  CHECK(there_and_back(column, "98765.50") == there_and_back(column, "123456.75"));
}

TEST_CASE("spikes that too few rows hold are none") {
  Texts cells = repeated({{"7", 40}, {"9", 400}});
  for (const float z : test::random(1000, 4)) cells.push_back(std::to_string(std::lround(10000 * std::abs(z))));
  const auto spikes = [&](int rare_min) {
    const Column column = fit(cells, rare_min);
    std::set<double> out;
    for (int code = 0; code < column.continuous_code(); ++code)
      out.insert(column.value({static_cast<std::uint32_t>(code), 0}));
    return out;
  };
  CHECK(spikes(0) == std::set<double>{7, 9});
  // The ends of the range are spikes now, each of the 50 to 100 rows beyond it.
  CHECK(spikes(50).size() == 3);
  CHECK(spikes(50).contains(9));
  CHECK_FALSE(spikes(50).contains(7));
}

TEST_CASE("very few numbers become their mean, or are missing") {
  const Texts twelve{"100", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"};
  Texts cells = twelve;
  cells.resize(100, "NA");
  // Sorted 1 ... 11, 100: between the fifth from either side lie 5, 6, 7, 8.
  const Column mean = fit(cells, 5);
  CHECK(all_numbers(mean) == std::set<double>{7});
  CHECK(mean.rare_note() == "its 12 numbers, each in fewer than 5 rows, became 7, the mean of the middle ones");
  const Column none = fit(cells, 7);
  CHECK(none.codes() == 1);
  CHECK(there_and_back(none, "100") == "NA");
  CHECK(none.rare_note() == "its 12 numbers, each in fewer than 7 rows, are taken as missing");
  CHECK(there_and_back(Column::from_json(none.schema(), none.to_json()), "100") == "NA");
}

TEST_CASE("dates are cut like numbers, identifiers and texts stay as they are") {
  std::string text = "id,day,note\n";
  for (int i = 0; i < 300; ++i) {
    std::string day;
    append_datetime(86400.0 * (i == 0 ? -20000 : i), "%Y-%m-%d", 0, day);
    text += fmt::format("K-{},{},said {} words\n", 1000 + i * i, day, i);
  }
  const TableCoding coding(infer_table(parse_csv(text, "t.csv")), 5, {.rare_min = 5});
  REQUIRE(coding.columns().size() == 1);
  CHECK(coding.schema()[1].smallest == 86400.0 * 6);  // the mean of the fifth to ninth day
  CHECK(coding.notes() == Texts{"column 'day': numbers that fewer than 5 rows hold were cut to the range 1970-01-07 "
                                "to 1970-10-21 (12 rows)"});
  CHECK(coding.schema()[0].type == ColumnType::kIdentifier);
  const TableCoding restored = TableCoding::from_json(coding.to_json());
  CHECK(restored.notes() == coding.notes());
  CHECK(restored.to_json() == coding.to_json());
}

TEST_CASE("a model with a minimum count never says what one person alone is") {
  std::string text = "town,age,income,children\n";
  std::map<std::string, int> ages;
  std::vector<double> incomes;
  const test::Floats z = test::random(1200, 8);
  for (std::size_t i = 0; i < 600; ++i) {
    const double income = i == 7 ? 9876543 : i == 8 ? -55555 : std::round(30000 * std::exp(0.5 * double{z[i]}));
    const long age = i == 9 ? 117 : std::clamp(std::lround(45 + 8 * double{z[600 + i]}), 25L, 65L);
    incomes.push_back(income);
    ++ages[std::to_string(age)];
    text += fmt::format("{},{},{:.0f},{}\n",
                        i == 3   ? "Zanzibar"
                        : i == 4 ? "Atlantis"
                        : i % 2  ? "Rome"
                                 : "Oslo",
                        age, income, i == 5 ? 19 : i % 4);
  }
  std::sort(incomes.begin(), incomes.end());
  Options options;
  options.meg.rare_min = 5;
  options.meg.refine_steps = 0;
  Meg model(options);
  model.load_data(parse_csv(text, "t.csv"));
  CHECK(model.notes().size() == 4);
  model.train(2);
  const Table rows = model.generate(20000);
  const std::span<const std::int64_t> age = rows["age"].values<std::int64_t>(),
                                      income = rows["income"].values<std::int64_t>();
  std::set<std::string> towns, children;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    towns.insert(test::cell(rows, r, "town"));
    children.insert(test::cell(rows, r, "children"));
    REQUIRE(age[r] < 70);
    REQUIRE(static_cast<double>(income[r]) >= incomes[4]);
    REQUIRE(static_cast<double>(income[r]) <= incomes[595]);
  }
  CHECK(towns == std::set<std::string>{"Oslo", "Rome"});
  CHECK(children == std::set<std::string>{"0", "1", "2", "3"});
  options.preset = "classic";
  CHECK_THROWS_WITH_AS(
      Meg{options},
      "`rare_min` is for the meg preset, and this is the classic one: leave it out, or use the meg preset", Error);
}
