#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>

#include "core/table/infer/read_table.h"
#include "core/table/read/csv.h"
#include "core/table/write/write_column.h"
#include "core/tensor/philox.h"
#include "meg/meg.h"
#include "tests/tables.h"

using namespace meg;
using test::cell;

namespace {

constexpr std::size_t kRows = 200;

std::uint32_t draw(std::size_t row, std::uint32_t column, std::uint32_t below) {
  return Philox(3, Stream::kMeasure).bits(row, column)[0] % below;
}

/// Every fifth value is null, from `first` on.
Bitmap some_nulls(std::size_t first) {
  Bitmap out;
  for (std::size_t r = 0; r < kRows; ++r) out.push_back(r % 5 != first);
  return out;
}

template <class T>
Array column(DataType type, std::uint32_t number, std::uint32_t below, T begin, T step, Bitmap valid = {}) {
  std::vector<T> values;
  for (std::size_t r = 0; r < kRows; ++r) values.push_back(begin + step * static_cast<T>(draw(r, number, below)));
  return Array::of(std::move(type), std::move(values), std::move(valid));
}

Table every_type() {
  Bitmap flags;
  std::vector<std::int32_t> words;
  std::vector<std::string> texts;
  for (std::size_t r = 0; r < kRows; ++r) {
    flags.push_back(draw(r, 0, 3) == 0);
    words.push_back(std::array{-1, 0, 1, 3}[draw(r, 1, 4)]);
    texts.push_back("note " + std::to_string(draw(r, 2, 1000)));
  }
  const DataType ordered{.id = TypeId::kDictionary, .ordered = true, .stored = "c"};
  return Table(
      {{"flag", Array::bools(flags, some_nulls(0))},
       {"word", Array::dictionary(words, std::vector<std::string>{"low", "high", "unused", "mid"}, ordered)},
       {"text", Array::texts(texts)},
       {"count", column<std::int64_t>({.id = TypeId::kInt64, .stored = "s"}, 3, 150, -20, 3, some_nulls(1))},
       {"price", column<double>({.id = TypeId::kFloat64}, 4, 1000, 0.25, 0.25, some_nulls(2))},
       {"day", column<std::int32_t>({.id = TypeId::kDate}, 5, 20'000, 10'000, 1, some_nulls(3))},
       {"seen", column<std::int64_t>({.id = TypeId::kTimestamp, .unit = TimeUnit::kMicro, .time_zone = "Europe/Berlin"},
                                     6, 1'000'000, 1'600'000'000'000'000, 1'000'000)},
       {"at", column<std::int32_t>({.id = TypeId::kTime, .unit = TimeUnit::kMilli}, 7, 86'400, 0, 1000)},
       {"took", column<std::int64_t>({.id = TypeId::kDuration, .unit = TimeUnit::kNano}, 8, 500, 0, 1'000'000)}});
}

Meg trained(const Table& table, Options options = {}) {
  options.threads = 1;
  options.hidden = {8};
  options.meg.refine_steps = 0;
  Meg out(options);
  out.load_data(table);
  out.train(1);
  return out;
}

}  // namespace

TEST_CASE("what comes out has the types that went in, units, time zones and unused levels too") {
  const Table real = every_type();
  const Meg model = trained(real);
  const Table rows = model.generate(100, 1);
  REQUIRE(rows.names() == real.names());
  CHECK_FALSE(rows.is_text());
  for (std::size_t c = 0; c < real.columns(); ++c) {
    CAPTURE(real.name(c));
    CHECK(rows[c].type() == real[c].type());
    CHECK(model.empty_table()[c].type() == real[c].type());
    CHECK((rows[c].null_count() > 0) == (real[c].null_count() > 0));
  }
  const Array& dictionary = rows["word"].dictionary();
  REQUIRE(dictionary.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(dictionary.text(i) == real["word"].dictionary().text(i));
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    CHECK(rows["word"].text(r) != "unused");
    if (!rows["count"].is_null(r)) CHECK((rows["count"].values<std::int64_t>()[r] + 20) % 3 == 0);
    CHECK(rows["seen"].values<std::int64_t>()[r] % 1'000'000 == 0);
    CHECK(rows["took"].values<std::int64_t>()[r] % 1'000'000 == 0);
    CHECK(rows["at"].values<std::int32_t>()[r] >= 0);
    CHECK(rows["at"].values<std::int32_t>()[r] < 86'400'000);
  }
}

TEST_CASE("the types are in the model file") {
  const Meg model = trained(every_type());
  const std::string path = "typed_input_test.meg";
  model.save_model(path);
  const Table rows = Meg::load_model(path).generate(50, 2), same = model.generate(50, 2);
  for (std::size_t c = 0; c < rows.columns(); ++c) CHECK(rows[c].type() == same[c].type());
  CHECK(to_csv(rows) == to_csv(same));
  std::remove(path.c_str());
}

TEST_CASE("rows of a typed table come back from its schema as they were") {
  const Table real = every_type();
  const InferredTable inferred = infer_table(real);
  for (std::size_t c = 0; c < real.columns(); ++c) {
    CAPTURE(real.name(c));
    const Array back = write_column(inferred.schema[c], inferred.columns[c], real[c].type());
    CHECK(back.type() == real[c].type());
    REQUIRE(back.size() == real[c].size());
    for (std::size_t r = 0; r < back.size(); ++r) {
      CHECK(back.is_null(r) == real[c].is_null(r));
      CHECK(cell(Table({{"x", back}}), r, 0) == cell(Table({{"x", real[c]}}), r, 0));
    }
  }
}

TEST_CASE("in typed columns only nulls are missing, and NaN is an error") {
  const Array words = Array::texts(std::vector<std::string>{"NA", "?", "x", "NA", "x"});
  CHECK(infer_table(Table({{"word", words}})).schema[0].missing == 0);
  CHECK(infer_table(Table({{"word", words}}, true)).schema[0].missing == 3);
  const Array numbers = Array::of({.id = TypeId::kFloat64}, std::vector<double>{1, std::nan(""), 3});
  CHECK_THROWS_WITH_AS(infer_table(Table({{"x", numbers}})),
                       "column 'x' has a cell that is NaN or infinite, in row 2: leave it out, or make it null", Error);
}

TEST_CASE("numbers and words learn the same typed and as text") {
  std::vector<std::int64_t> ages;
  std::vector<double> prices;
  std::vector<std::string> jobs;
  std::string csv = "age,price,job\n";
  for (std::size_t r = 0; r < kRows; ++r) {
    ages.push_back(17 + draw(r, 0, 60));
    prices.push_back(draw(r, 1, 100'000) / 100.0 + 0.01);
    jobs.push_back("job " + std::to_string(draw(r, 2, 7)));
    csv += std::to_string(ages[r]) + "," + fmt::format("{}", prices[r]) + "," + jobs[r] + "\n";
  }
  const Table typed({{"age", Array::of({.id = TypeId::kInt64}, ages)},
                     {"price", Array::of({.id = TypeId::kFloat64}, prices)},
                     {"job", Array::texts(jobs)}});
  const Meg a = trained(typed), b = trained(parse_csv(csv, "x.csv"));
  CHECK(to_csv(a.generate(300, 1), a.schema()) == to_csv(b.generate(300, 1), b.schema()));
  CHECK(a.generate(5, 1)["job"].type().id == TypeId::kUtf8);
  CHECK(b.generate(5, 1)["job"].type().id == TypeId::kDictionary);
  CHECK(a.score(typed).total == b.score(typed).total);
}

TEST_CASE("holes of typed rows are filled in their type") {
  Options options;
  options.meg.any_order = true;
  const Table real = every_type();
  const Meg model = trained(real, options);
  Imputed counts;
  const Table filled = model.impute(real, 1, 0, &counts);
  CHECK(counts.filled > 0);
  for (std::size_t c = 0; c < real.columns(); ++c) {
    CAPTURE(real.name(c));
    CHECK(filled[c].type() == real[c].type());
    CHECK(filled[c].null_count() == 0);
    for (std::size_t r = 0; r < real.rows(); ++r)
      if (!real[c].is_null(r)) CHECK(cell(filled, r, c) == cell(real, r, c));
  }
}
