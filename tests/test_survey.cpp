#include <fmt/format.h>

#include <cmath>

#include "core/table/infer/survey.h"
#include "core/tensor/philox.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

Array texts(const std::vector<std::string>& cells) { return Array::texts(cells); }

/// Whether both surveys of a column say the same, where the quick one says anything.
bool agree(const std::vector<std::string>& cells, Missing missing = Missing::kGaps) {
  ColumnSchema quick, whole;
  const auto a = survey_plain_numbers(texts(cells), missing, quick);
  const Survey b = survey(texts(cells), missing, whole);
  REQUIRE(a.has_value());
  CHECK(schema_to_json({quick}) == schema_to_json({whole}));
  CHECK(quick.fewest_decimals == whole.fewest_decimals);
  bool same = a->present == b.present && a->gaps == b.gaps && b.numeric && a->whole == b.whole &&
              a->rises_by_one == b.rises_by_one && a->rises == b.rises && a->shortest == b.shortest &&
              a->longest == b.longest && a->significant == b.significant && b.leading_zeros == 0 && b.long_codes == 0 &&
              !b.exponents && !b.has_blank && a->numbers.size() == b.numbers.size();
  for (std::size_t r = 0; same && r < b.numbers.size(); ++r)
    same = a->numbers[r] == b.numbers[r] || (a->numbers[r] != a->numbers[r] && b.numbers[r] != b.numbers[r]);
  return same;
}

bool is_plain(const std::vector<std::string>& cells) {
  ColumnSchema out;
  return survey_plain_numbers(texts(cells), Missing::kGaps, out).has_value();
}

}  // namespace

TEST_CASE("plain numbers are surveyed as any cells are") {
  CHECK(agree({"1", "2", "3"}));
  CHECK(agree({"5", "-7", "0", "5", "1200"}));
  CHECK(agree({"1.5", "2.25", "", "NA", "0.125", "-0.5"}));
  CHECK(agree({"1.50", "2.25", "-", "n.a.", "", "0.10"}));
  CHECK(agree({"7", "7.5", "100", "-3.25"}));
  CHECK(agree({"12345678901234", "0.0000000000001", "-99999999999999"}));
  CHECK(agree({"1", "NA", "2"}, Missing::kWords));
  CHECK(agree({"-0.0", "0.0", "0.5"}));
  CHECK(agree({"-0", "0", "7"}));
  CHECK(agree({"-0", "7"}));
  const Philox random(1, Stream::kMeasure);
  for (int decimals = 0; decimals < 9; ++decimals) {
    std::vector<std::string> cells;
    for (int i = 0; i < 3000; ++i) {
      cells.push_back(fmt::format(
          "{:.{}f}",
          (static_cast<double>(random.uniform(static_cast<std::uint64_t>(i), 0)[0]) - 0.3) * std::pow(10.0, i % 7),
          decimals));
    }
    CAPTURE(decimals);
    CHECK(agree(cells));
  }
}

TEST_CASE("numbers that may be written in several ways, and what is no plain number, are left to the other survey") {
  for (const std::vector<std::string>& cells : std::vector<std::vector<std::string>>{{"7", "7.0"},
                                                                                     {"1.50", "1.5"},
                                                                                     {"007", "7"},
                                                                                     {"-0", "0.0"},
                                                                                     {"1e3", "2"},
                                                                                     {"+1", "2"},
                                                                                     {" 1", "2"},
                                                                                     {".5", "1"},
                                                                                     {"5.", "1"},
                                                                                     {"1.2.3", "1"},
                                                                                     {"1234567890123456", "1"},
                                                                                     {"x", "1"},
                                                                                     {"", "NA"},
                                                                                     {"-", "-"},
                                                                                     {"--1", "1"},
                                                                                     {"1-", "2"}})
    CHECK_FALSE(is_plain(cells));
}
