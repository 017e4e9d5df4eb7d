#include <fmt/ranges.h>

#include <functional>
#include <map>
#include <set>

#include "core/measure/rules.h"
#include "core/model/ruled_rows.h"
#include "core/table/code/coding.h"
#include "core/table/rule/mend.h"
#include "core/table/rule/relations.h"
#include "core/table/rule/ruled_table.h"
#include "meg/meg.h"
#include "tests/folder.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using test::cell;
using test::Texts;

namespace {

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// What a rule says of each row of a table of texts.
std::vector<Truth> truths(const Table& table, const std::string& rule, const AskedTypes& types = {}) {
  const Schema schema = infer_schema(table, types);
  StatedRule stated(rule, schema);
  const ReadTable read(schema, table);
  stated.learn(read);
  std::vector<Truth> out;
  for (std::size_t r = 0; r < table.rows(); ++r) out.push_back(stated.truth(RuleRow(read, r)));
  return out;
}

constexpr Truth kNo = Truth::kFalse, kYes = Truth::kTrue, kUnknown = Truth::kUnknown;

// A naive evaluator of random expressions: of numbers nothing where a cell is missing, of truths Kleene's table.
using Row = std::map<std::string, std::optional<double>>;
using Number = std::function<std::optional<double>(const Row&)>;
using Logic = std::function<Truth(const Row&)>;
template <class Value>
struct Written {
  std::string text;
  Value value;
};

class RandomRules {
 public:
  explicit RandomRules(std::uint64_t seed) : philox_(seed, Stream::kMeasure) {}
  std::uint32_t below(std::uint32_t n) { return philox_.bits(next_++, 0)[0] % n; }

  Written<Number> number(int depth) {
    if (depth == 0 || below(4) == 0) {
      if (below(3) == 0) {
        const double x = below(9);
        return {fmt::format("{}", x), [x](const Row&) { return std::optional(x); }};
      }
      const std::string name(1, static_cast<char>('a' + below(3)));
      return {below(3) == 0 ? "`" + name + "`" : name, [name](const Row& row) { return row.at(name); }};
    }
    const auto a = number(depth - 1);
    if (below(6) == 0)
      return {"-(" + a.text + ")", [a](const Row& row) {
                const auto x = a.value(row);
                return x ? std::optional(-*x) : x;
              }};
    const auto b = number(depth - 1);
    const char sign = "+-*"[below(3)];
    return {fmt::format("({} {}{})", a.text, sign, b.text), [a, b, sign](const Row& row) -> std::optional<double> {
              const auto x = a.value(row), y = b.value(row);
              if (!x || !y) return {};
              return sign == '+' ? *x + *y : sign == '-' ? *x - *y : *x * *y;
            }};
  }

  Written<Logic> logic(int depth) {
    if (depth == 0 || below(3) == 0) {
      const auto a = number(2), b = number(2);
      const std::string sign = Texts{"=", "==", "!=", "<>", "<", "<=", ">", ">="}[below(8)];
      return {a.text + sign + b.text, [a, b, sign](const Row& row) {
                const auto x = a.value(row), y = b.value(row);
                if (!x || !y) return kUnknown;
                const bool is = sign == "=" || sign == "=="    ? *x == *y
                                : sign == "!=" || sign == "<>" ? *x != *y
                                : sign == "<"                  ? *x < *y
                                : sign == "<="                 ? *x <= *y
                                : sign == ">"                  ? *x > *y
                                                               : *x >= *y;
                return is ? kYes : kNo;
              }};
    }
    const auto a = logic(depth - 1);
    if (below(4) == 0)
      return {"not (" + a.text + ")", [a](const Row& row) {
                const Truth t = a.value(row);
                return t == kUnknown ? t : t == kYes ? kNo : kYes;
              }};
    const auto b = logic(depth - 1);
    const bool is_and = below(2) == 0;
    return {fmt::format("({}) {} ({})", a.text, is_and ? "and" : "OR", b.text), [a, b, is_and](const Row& row) {
              const Truth x = a.value(row), y = b.value(row), decides = is_and ? kNo : kYes;
              if (x == decides || y == decides) return decides;
              return x == kUnknown || y == kUnknown ? kUnknown : is_and ? kYes : kNo;
            }};
  }

 private:
  Philox philox_;
  std::uint64_t next_ = 0;
};

struct Tables {
  std::uint64_t next = 0;
  Philox philox{17, Stream::kMeasure};
  double uniform() { return static_cast<double>(philox.uniform(next++, 0)[0]); }
  int below(int n) { return static_cast<int>(uniform() * n); }
};

const std::vector<std::pair<const char*, const char*>> kCities{{"Paris", "France"},   {"Lyon", "France"},
                                                               {"Berlin", "Germany"}, {"Bonn", "Germany"},
                                                               {"Rome", "Italy"},     {"Frankfurt", "Germany"}};
const Texts kRules{"end >= begin",    "gross = net + tax",          "discount <= 0.3 * price",
                   "unique(account)", "combination(city, country)", "married requires age >= 16"};

/// Rows of which the first 18 break the rules, each rule three.
Table ruled_rows(std::size_t rows) {
  Tables t;
  const auto day = [](int d) { return fmt::format("2024-{:02}-{:02}", 1 + d / 28, 1 + d % 28); };
  std::vector<Texts> out;
  std::set<int> accounts;
  for (std::size_t r = 0; r < rows; ++r) {
    const bool breaks = r < 18;
    const std::size_t rule = breaks ? r / 3 : kRules.size();
    const int begin = t.below(200), end = rule == 0 ? begin - 1 - t.below(5) : begin + t.below(60);
    const double net = 1000 + t.below(90000), tax = std::floor(net * (t.uniform() < 0.5 ? 0.07 : 0.19));
    const double gross = net + tax + (rule == 1 ? 3 : 0);
    const double price = 500 + t.below(50000),
                 discount = rule == 2 ? std::floor(0.4 * price) : std::floor(0.29 * price * t.uniform());
    int account = 100000 + t.below(800000);
    while (!accounts.insert(account).second) account = 100000 + t.below(800000);
    if (rule == 3) account = 555555;
    const auto city = kCities[static_cast<std::size_t>(t.below(6))];
    const int age = t.below(80);
    const bool married = rule == 5 || (age >= 16 && t.uniform() < 0.6);
    out.push_back({std::to_string(account), day(std::max(0, begin)), day(std::max(0, end)),
                   fmt::format("{:.2f}", net / 100), fmt::format("{:.2f}", tax / 100),
                   fmt::format("{:.2f}", gross / 100), fmt::format("{:.2f}", price / 100),
                   fmt::format("{:.2f}", discount / 100), city.first, city.second, married ? "yes" : "no",
                   std::to_string(rule == 5 ? 3 : age)});
    if (rule == 0 && begin == 0) out.back()[1] = "2024-03-01";
  }
  return test::text_table(
      {"account", "begin", "end", "net", "tax", "gross", "price", "discount", "city", "country", "married", "age"},
      out);
}

/// Rows that break each of kRules, by the cells' texts and no code of the rules.
std::vector<std::size_t> broken_by_hand(const Table& typed, const Schema& schema) {
  const Table rows = test::as_text(typed, schema);
  std::vector<std::size_t> out(kRules.size());
  std::set<std::string> accounts;
  const auto cents = [&](std::size_t r, const char* name) {
    return std::llround(100 * std::stod(cell(rows, r, name)));
  };
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    out[0] += cell(rows, r, "end") < cell(rows, r, "begin");
    out[1] += cents(r, "gross") != cents(r, "net") + cents(r, "tax");
    out[2] += 10 * cents(r, "discount") > 3 * cents(r, "price");
    out[3] += !accounts.insert(cell(rows, r, "account")).second;
    out[4] += std::none_of(kCities.begin(), kCities.end(), [&](const auto& city) {
      return cell(rows, r, "city") == city.first && cell(rows, r, "country") == city.second;
    });
    out[5] += cell(rows, r, "married") == "yes" && std::stoi(cell(rows, r, "age")) < 16;
  }
  return out;
}

std::string csv_of(const Table& typed, const Schema& schema) {
  const Table rows = test::as_text(typed, schema);
  std::string out;
  for (std::size_t r = 0; r < rows.rows(); ++r)
    for (std::size_t c = 0; c < rows.columns(); ++c) out += cell(rows, r, c) + (c + 1 < rows.columns() ? "," : "\n");
  return out;
}

}  // namespace

TEST_CASE("random rules are what a naive evaluator says of every row") {
  RandomRules random(3);
  std::vector<Texts> rows;
  std::vector<Row> naive;
  for (int r = 0; r < 200; ++r) {
    Texts cells;
    Row row;
    for (const char name : {'a', 'b', 'c'}) {
      const bool is_missing = random.below(8) == 0;
      const double x = static_cast<double>(random.below(12)) - 3;
      cells.push_back(is_missing ? "" : fmt::format("{}", x));
      row[std::string(1, name)] = is_missing ? std::nullopt : std::optional(x);
    }
    rows.push_back(cells), naive.push_back(row);
  }
  const Table table = test::text_table({"a", "b", "c"}, rows);
  const Schema schema = infer_schema(table);
  const ReadTable read(schema, table);
  std::size_t checked = 0;
  for (int i = 0; i < 500; ++i) {
    const Written<Logic> rule = random.logic(3), other = random.logic(1);
    const bool requires_it = random.below(3) == 0;
    const std::string text = requires_it ? other.text + " requires " + rule.text : rule.text;
    CAPTURE(text);
    const StatedRule stated(text, schema);
    for (std::size_t r = 0; r < naive.size(); ++r) {
      Truth expected = rule.value(naive[r]);
      if (requires_it) {
        const Truth if_so = other.value(naive[r]);
        expected = if_so == kNo || expected == kYes ? kYes : if_so == kYes && expected == kNo ? kNo : kUnknown;
      }
      REQUIRE(stated.truth(RuleRow(read, r)) == expected);
      ++checked;
    }
  }
  CHECK(checked == 100'000);
}

TEST_CASE("a rule compares numbers, dates, words and truths") {
  const Table table = test::text_table({"first name", "n-1", "begin", "done", "level", "ok"},
                                       {{"Ann", "1.50", "31.01.2024", "01.02.2024", "10", "yes"},
                                        {"Bob", "2.25", "01.03.2024", "01.02.2024", "9", "no"},
                                        {"Ann", "", "01.03.2024", "02.03.2024", "9", "yes"}});
  const AskedTypes types{{"begin", {ColumnType::kDatetime, "%d.%m.%Y"}},
                         {"done", {ColumnType::kDatetime, "%d.%m.%Y"}},
                         {"level", ColumnType::kCategorical},
                         {"n-1", ColumnType::kDecimal},
                         {"first name", ColumnType::kCategorical}};
  const auto said = [&](const char* rule) { return truths(table, rule, types); };
  using Said = std::vector<Truth>;
  CHECK(said("begin <= done") == Said{kYes, kNo, kYes});
  CHECK(said("begin < 2024-02-15") == Said{kYes, kNo, kNo});
  CHECK(said("begin = '01.03.2024'") == Said{kNo, kYes, kYes});
  CHECK(said("done - begin = 86400") == Said{kYes, kNo, kYes});
  CHECK(said("begin + 86400 <= done") == Said{kYes, kNo, kYes});
  CHECK(said("\"first name\" = Ann") == Said{kYes, kNo, kYes});
  CHECK(said("`first name` != \"Ann\"") == Said{kNo, kYes, kNo});
  CHECK(said("\"n-1\" >= 1.5 and 2 > `n-1`") == Said{kYes, kNo, kUnknown});
  CHECK(said("1 <= `n-1` <= 2") == Said{kYes, kNo, kUnknown});
  CHECK(said("ok requires `n-1` < 1") == Said{kNo, kYes, kUnknown});
  CHECK(said("ok = no requires level > 9") == Said{kYes, kNo, kYes});  // words that all say numbers are numbers
  CHECK(said("level = 9") == Said{kNo, kYes, kYes});
  CHECK(said("level / 2 = 5 or not ok") == Said{kYes, kYes, kNo});
  CHECK(said("`n-1` / 0 > 1") == Said{kUnknown, kUnknown, kUnknown});
  CHECK(said("combination(`first name`, level)") == Said{kYes, kYes, kYes});
}

TEST_CASE("an equation of a column alone holds where it is rounded to the column's digits") {
  const Table table = test::text_table({"net", "gross", "whole"}, {{"10.01", "11.91", "12"}, {"10.01", "11.92", "11"}});
  const AskedTypes types{
      {"net", ColumnType::kDecimal}, {"gross", ColumnType::kDecimal}, {"whole", ColumnType::kInteger}};
  CHECK(truths(table, "gross = 1.19 * net", types) == std::vector<Truth>{kYes, kNo});
  CHECK(truths(table, "1.19 * net = gross", types) == std::vector<Truth>{kYes, kNo});
  CHECK(truths(table, "whole = 1.19 * net", types) == std::vector<Truth>{kYes, kNo});
  CHECK(truths(table, "gross = 11.91", types) == std::vector<Truth>{kYes, kNo});
  CHECK(truths(table, "gross <= 11.91", types) == std::vector<Truth>{kYes, kNo});
}

TEST_CASE("columns and constants are compared as they are, and what is computed up to the last bits") {
  const Table table = test::text_table(
      {"begin", "end", "t", "u", "x", "y"},
      {{"1700000000001", "1700000000002", "2024-01-01 10:00:00.001", "2024-01-01 10:00:00.002", "1000000.3", "1000000"},
       {"1700000000005", "1700000000005", "2024-01-01 10:00:00.004", "2024-01-01 10:00:00.004", "1000000.5",
        "1000000"}});
  const AskedTypes types{{"begin", ColumnType::kInteger}, {"end", ColumnType::kInteger}, {"t", ColumnType::kDatetime},
                         {"u", ColumnType::kDatetime},    {"x", ColumnType::kDecimal},   {"y", ColumnType::kInteger}};
  for (const std::string rule :
       {"end > begin", "begin < end", "not begin >= end", "end != begin", "u > t", "u != t", "begin = 1700000000001",
        "u - t = 0.001", "x - y = 0.3", "x - y <= 0.3", "3 * (x - y) = 0.9"}) {
    CAPTURE(rule);
    CHECK(truths(table, rule, types) == std::vector<Truth>{kYes, kNo});
  }
}

TEST_CASE("a boolean column of 1 and 0 is so where it is 1") {
  const Table table = test::text_table({"a", "b"}, {{"1", " Yes"}, {"0", " No"}});
  const AskedTypes types{{"a", ColumnType::kBoolean}, {"b", ColumnType::kBoolean}};
  CHECK(truths(table, "a", types) == std::vector<Truth>{kYes, kNo});
  CHECK(truths(table, "not b", types) == std::vector<Truth>{kNo, kYes});
}

TEST_CASE("the columns of rules keep their types where the rows that are left have others") {
  std::vector<Texts> rows;
  for (int i = 0; i < 400; ++i)
    rows.push_back({i % 3 == 0 ? "no" : "yes", i % 5 == 0 ? "x" + std::to_string(i % 25) : std::to_string(i % 7),
                    fmt::format("{:02}.{:02}.2024", 1 + i % 28, 1 + i % 12), i % 2 == 0 ? "2024-01-01" : ""});
  const Table table = test::text_table({"married", "code", "day", "end"}, rows);
  for (const std::string rule :
       {"married", "code != 'x5' and code != x10 and code != x15 and code != x20 and code != x0", "day <= '12.01.2024'",
        "end < 2023-01-01"}) {
    CAPTURE(rule);
    Options options;
    options.rules = {rule};
    const Schema whole = infer_schema(table);
    const RuledTable ruled = infer_ruled_table(table, options);
    const std::size_t c = ruled.rules.all()[0].columns()[0];
    CHECK(ruled.table.schema[c].type == whole[c].type);
    CHECK(ruled.table.schema[c].format == whole[c].format);
    CHECK(ruled.rules.broken(ReadTable(ruled.table.schema, ruled.table.columns), 1).rows.empty());
    CHECK(ruled.table.columns[0].size() < 400);
  }
}

TEST_CASE("what is no rule is said with its place") {
  const Table table =
      test::text_table({"a", "b", "day", "word", "flag", "note"},
                       {{"1", "2", "2024-01-02", "x", "yes", "n1"}, {"2", "1", "2024-01-01", "y", "no", "n2"}});
  const Schema schema = infer_schema(table, {{"word", ColumnType::kCategorical},
                                             {"a", ColumnType::kInteger},
                                             {"b", ColumnType::kInteger},
                                             {"note", ColumnType::kText}});
  const auto error = [&](const std::string& rule) { return error_of([&] { StatedRule(rule, schema); }); };
  const auto says = [&](const std::string& rule, const std::string& what) {
    CAPTURE(rule);
    CAPTURE(error(rule));
    CHECK(error(rule).find(what) != std::string::npos);
  };
  says("", "a rule is wanted");
  says("a >=", "at character 5: a column, a number or a text is wanted, but there is the end");
  says("a >= c", "at character 6: there is no column 'c'; there are a, b, day, word, flag, note");
  says("a b", "at character 3: an operator is wanted, or the end, but there is 'b'");
  says("(a > 1", "')' is wanted, but there is the end");
  says("a > 'x", "at character 5: the quote ' is not closed");
  says("a ~ 1", "at character 3: '~' is no operator");
  says("a + 1", "something that is so or not is wanted here");
  says("a", "no error");  // a number is so where it is not 0
  says("word", "write what it is, as word = 'x'");
  says("word = z", "column 'word' never says 'z', and there is no such column; it says x, y");
  says("word < 'y'", "its words are no numbers, and have no order");
  says("a > 'many'", "'many' is nothing that column 'a' could say");
  says("a + word > 1", "column 'word' is categorical: its words are no numbers");
  says("day > 5", "a date is compared with a number");
  says("day + day > 1", "of dates there are only differences");
  says("(a > 1) + 1 > 2", "a number is wanted here");
  says("note = 'n1'", "only unique() is kept of it");
  says("unique(note)", "no error");
  says("unique(a, b)", "unique() is of one column");
  says("combination(a)", "combination() is of two columns or more");
  says("combination(a, note)", "only unique() is kept of it");
  says("unique(5)", "a column is wanted, but there is '5'");
  says("unique(a) and a > 1", "an operator is wanted, or the end, but there is 'and'");
  says(std::string(300, '(') + "a > 1" + std::string(300, ')'), "too many brackets");
  std::string chain = "a";
  for (int i = 0; i < 4900; ++i) chain += "<a";
  says(chain, "1000 operators are too many");
  says("a > 1e999", "at character 5: 1e999 is no number that can be computed with");
  says("a requires b requires flag", "but there is 'requires'");
  says("ä >= 1", "at character 1: there is no column 'ä'");
}

TEST_CASE("rows that break a rule are counted and not learned from") {
  Options options;
  options.rules = kRules;
  const Table table = ruled_rows(500);
  const RuledTable ruled = infer_ruled_table(table, options);
  std::size_t c = 0;
  for (const ColumnSchema& column : ruled.table.schema)
    c += column.name == "account" && column.type == ColumnType::kIdentifier;
  CHECK(c == 1);
  // Of the three equal accounts the first may stay; every combination of the table is one.
  CHECK(ruled.table.columns.front().size() == 500 - 3 * 4 - 2);
  CHECK(ruled.rules.notes()[0] == "rule 'end >= begin': 3 of 500 rows of the table break it, and are not learned from");
  CHECK(ruled.rules.notes()[3] ==
        "rule 'unique(account)': 2 of 500 rows of the table break it, and are not learned from");
  CHECK(ruled.rules.notes()[4] == "rule 'combination(city, country)': all 500 rows of the table keep it");
  CHECK(ruled.rules.all()[4].combinations().size() == kCities.size());
  const std::vector<std::size_t> left =
      broken_by_hand(test::table_of(ruled.table.schema, ruled.table.columns), ruled.table.schema);
  CHECK(left == std::vector<std::size_t>(kRules.size()));
  const StatedRules again = StatedRules::from_json(ruled.rules.to_json(), ruled.table.schema);
  CHECK(again.to_json() == ruled.rules.to_json());
  CHECK(again.all()[4].combinations() == ruled.rules.all()[4].combinations());

  const auto error = [&](std::vector<std::string> rules, int rare_min = 0) {
    Options asked;
    asked.rules = std::move(rules);
    asked.meg.rare_min = rare_min;
    return error_of([&] { infer_ruled_table(table, asked); });
  };
  CHECK(error({"age > 100"}) == "the rules leave 0 of 500 rows to learn from: `meg schema` says which break which");
  CHECK(error({"unique(net)"}).find("column 'net' is decimal, and only whole numbers") != std::string::npos);
  CHECK(error({"combination(city, country)"}, 5).find("`rare_min` is to hide rare values") != std::string::npos);
}

TEST_CASE("an equation and an order are learned as relations, the stated column derived") {
  const RuledTable ruled = infer_ruled_table(ruled_rows(500), [] {
    Options options;
    options.rules = {"net = gross - tax", "begin <= end", "discount <= 0.3 * price", "married requires age >= 16"};
    return options;
  }());
  const ReadTable read(ruled.table.schema, ruled.table.columns);
  const std::vector<Relation> stated = stated_relations(ruled.rules, read, ruled.table.schema);
  REQUIRE(stated.size() == 2);
  CHECK(describe(stated[0], ruled.table.schema) == "column 'net' is learned as gross - tax");
  CHECK(describe(stated[1], ruled.table.schema) == "column 'end' is learned as its distance from begin");
  CHECK(stated[1].distance.smallest >= 0);
  const TableCoding coding(ruled.table, 1, {.relations = true}, {}, 1, stated);
  CHECK(coding.relation_of(3) != nullptr);  // net
  CHECK(coding.relation_of(5) == nullptr);  // gross, which was found to be net + tax
  CHECK(coding.place_of(3) > coding.place_of(5));
  CHECK(TableCoding::from_json(coding.to_json()).to_json() == coding.to_json());
}

TEST_CASE("a mended row keeps all rules, and only what may change has changed") {
  const Table table =
      test::text_table({"a", "b", "c", "day", "word", "ok"}, {{"1.50", "2.25", "3.75", "2024-01-05", "x", "yes"},
                                                              {"2.00", "2.00", "4.00", "2024-02-05", "y", "no"},
                                                              {"3.00", "0.25", "3.25", "2024-03-05", "z", "no"}});
  const Schema schema = infer_schema(table, {{"a", ColumnType::kDecimal},
                                             {"b", ColumnType::kDecimal},
                                             {"c", ColumnType::kDecimal},
                                             {"word", ColumnType::kCategorical}});
  const ReadTable read(schema, table);
  const auto mended = [&](const Texts& rules, std::size_t fixed = 99) {
    const StatedRules stated(rules, schema);
    std::vector<bool> may_change(schema.size(), true);
    if (fixed < schema.size()) may_change[fixed] = false;
    const RuleMender mender(stated, schema, may_change);
    std::string out;
    for (std::size_t r = 0; r < read.rows(); ++r) {
      RuleRow row(read, r);
      const bool keeps = mender.mend(row, r);
      CHECK(keeps == stated.hold(row));
      for (const auto& [column, value] : row.changed()) {
        CHECK(column != fixed);
        CHECK(value.number == as_written(schema[column], value.number));
      }
      out += keeps ? std::to_string(row.changed().size()) : "-";
    }
    return out;
  };
  CHECK(mended({"c >= a + b"}) == "000");
  CHECK(mended({"c > a + b"}) == "111");
  CHECK(mended({"b >= 0.3 * a"}) == "001");
  CHECK(mended({"b >= 0.3 * a"}, 1) == "001");  // a then
  CHECK(mended({"b >= 0.3 * a", "c = a + b"}) == "002");
  CHECK(mended({"a * b < 4"}) == "010");
  CHECK(mended({"day <= 2024-02-01"}) == "011");
  CHECK(mended({"day <= 2024-02-01"}, 3) == "0--");
  CHECK(mended({"word = 'x' requires not ok"}) == "100");
  CHECK(mended({"ok or a < 2 or word = 'y'"}) == "001");
  CHECK(mended({"a * a > 4"}) == "-10");  // no line, but near enough in the second row
  CHECK(mended({"1 <= a <= 2"}) == "001");
}

TEST_CASE("rows are drawn again, row by row, until they keep the rules") {
  const Schema schema = infer_schema(test::text_table({"x", "y"}, {{"0", "0"}, {"9", "9"}, {"5", "4"}}),
                                     {{"x", ColumnType::kInteger}, {"y", ColumnType::kInteger}});
  // Row r of a seed, some rows at a time; rows from 70 on never keep a rule.
  struct Source : RowSource {
    std::uint64_t row, end, seed;
    std::size_t chunk;
    const Schema& schema;
    Source(std::uint64_t first, std::size_t count, std::uint64_t s, std::size_t c, const Schema& of)
        : row(first), end(first + count), seed(s), chunk(c), schema(of) {}
    std::optional<Table> next() override {
      if (row == end) return {};
      std::vector<double> x, y;
      for (const std::uint64_t stop = std::min<std::uint64_t>(end, row + chunk); row < stop; ++row) {
        const auto bits = Philox(seed, Stream::kMeasure).bits(row, 0);
        x.push_back(row >= 70 ? 9 : bits[0] % 10), y.push_back(row >= 70 ? 1 : bits[1] % 10);
      }
      return test::table_of(schema, {read_values(schema[0], x), read_values(schema[1], y)});
    }
  };
  const auto made = [&](const Texts& rules, std::size_t chunk, int threads, std::uint64_t first, std::size_t count,
                        Redrawn* redrawn = nullptr, const GenerateOptions& how = {}) {
    const StatedRules stated(rules, schema);
    RuledRows rows(
        stated, schema,
        [&](std::uint64_t from, std::size_t n, std::uint64_t seed) {
          return std::make_unique<Source>(from, n, seed, chunk, schema);
        },
        first, count, 5, how, threads);
    const Table all = test::all_rows(rows);
    if (redrawn) *redrawn = rows.redrawn();
    return all;
  };
  const Texts rules{"y >= x"};
  Redrawn redrawn;
  const Table all = made(rules, 1000, 1, 0, 80, &redrawn);
  std::size_t broken = 10;
  const Table plain = made({"x >= 0"}, 1000, 1, 0, 80);
  for (std::size_t r = 0; r < 80; ++r) {
    const auto x = all["x"].values<std::int64_t>()[r], y = all["y"].values<std::int64_t>()[r];
    CHECK(y >= x);
    const auto first_x = plain["x"].values<std::int64_t>()[r], first_y = plain["y"].values<std::int64_t>()[r];
    if (r < 70) broken += first_y < first_x;
    if (first_y >= first_x) CHECK((x == first_x && y == first_y));
    if (r >= 70) CHECK((x == 9 && y == 9));  // the last column is set
  }
  CHECK(redrawn.rows == broken);
  CHECK(redrawn.mended == 10);
  CHECK(redrawn.draws >= 10 * RuledRows::kDraws + broken - 10);
  for (const std::size_t chunk : {1, 7, 64}) CHECK(csv_of(made(rules, chunk, 3, 0, 80), schema) == csv_of(all, schema));
  CHECK(csv_of(made(rules, 7, 1, 30, 45), schema) == csv_of(all.slice(30, 45), schema));
  // A sum that was not learned is computed, and no row is drawn again.
  made({"y = 9 - x"}, 1000, 1, 0, 70, &redrawn);
  CHECK(redrawn.rows == 0);
  const std::string error = error_of([&] { made({"x * x < y"}, 1000, 1, 70, 1); });
  CHECK(error.find("no error") != std::string::npos);  // y is set to 82
  CHECK(error_of([&] {
          made({"x < y"}, 1000, 1, 70, 1, nullptr, {.where = {"x=9", "y=1"}});
        }) ==
        "row 71 breaks the rule 'x < y' in each of 50 draws, and no cell of it can be set so that all rules hold: the "
        "conditions or the given cells are against it, or the model never makes such rows");
  const std::string named = error_of([&] { made({"y >= 5", "x = 3"}, 1000, 1, 70, 1, nullptr, {.where = {"x=9"}}); });
  CHECK(named.find("breaks the rule 'x = 3'") != std::string::npos);  // the other one could be mended
}

TEST_CASE("a model keeps every kind of rule in all rows that it makes") {
  const test::Folder folder;
  for (const std::string preset : {"meg", "any_order", "classic"}) {
    CAPTURE(preset);
    Options options;
    options.preset = preset == "classic" ? preset : "meg";
    options.meg.any_order = preset == "any_order";
    options.rules = kRules;
    options.threads = 2;
    if (preset != "classic") options.meg.refine_steps = 0;
    Meg model(options);
    model.load_data(ruled_rows(1000));
    model.train(preset == "classic" ? 2 : 6);
    const Schema& schema = model.schema();
    // The classic preset has learned next to nothing then: most rows are drawn so often as there are draws, and mended.
    const std::size_t count = preset == "classic" ? 2000 : 10'000;
    const Table rows = model.generate(count, 3);
    REQUIRE(rows.rows() == count);
    CHECK(broken_by_hand(rows, schema) == std::vector<std::size_t>(kRules.size()));
    const std::string notes = fmt::format("{}", fmt::join(model.notes(), "\n"));
    CHECK(notes.find("rule 'gross = net + tax': 3 of 1000 rows") != std::string::npos);

    model.save_model(folder.path / "m.meg");
    Options one_thread;
    one_thread.threads = 1;
    const Meg loaded = Meg::load_model(folder.path / "m.meg", one_thread);
    CHECK(loaded.options().rules == kRules);
    CHECK(csv_of(loaded.generate(count, 3), schema) == csv_of(rows, schema));
    RowStream part = loaded.stream(1400, 321, 3);
    CHECK(csv_of(test::all_rows(part), schema) == csv_of(rows.slice(1400, 321), schema));
    if (preset != "classic") CHECK(part.redrawn().rows < 321);
    if (preset != "any_order") continue;
    const Table under = loaded.generate(2000, 1, {.where = {"married=yes", "city=Bonn"}});
    CHECK(broken_by_hand(under, schema) == std::vector<std::size_t>(kRules.size()));
    std::vector<Texts> given;
    for (int i = 0; i < 300; ++i) given.push_back({"yes", kCities[static_cast<std::size_t>(i % 6)].first});
    const Table beside = loaded.generate(300, 1, {.given = test::text_table({"married", "city"}, given)});
    CHECK(broken_by_hand(beside, schema) == std::vector<std::size_t>(kRules.size()));
    CHECK(cell(beside, 2, "city") == "Berlin");
    CHECK(error_of([&] {
            loaded.generate(1, 0, {.where = {"married=yes", "age=3"}});
          }).find("the conditions or the given cells are against it") != std::string::npos);
  }
}

TEST_CASE("stated rules are measured: how many rows of both tables break each") {
  const Table real = ruled_rows(500);
  const Schema schema = infer_schema(real);
  std::vector<Texts> rows;
  const Table synthetic = real.slice(0, 100);
  const std::vector<Rule> rules = stated_rules(kRules, real, synthetic, schema);
  REQUIRE(rules.size() == kRules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    CAPTURE(rules[i].text);
    const std::size_t broken = i == 3 ? 2 : i == 4 ? 0 : 3;
    CHECK(rules[i].is_stated);
    CHECK(rules[i].real_broken == broken);
    CHECK(rules[i].synthetic_broken == broken);
    CHECK(rules[i].real == doctest::Approx(1 - static_cast<double>(broken) / 500));
  }
}

TEST_CASE("a schema file says rules beside the columns, and an array of columns still does") {
  const test::Folder folder;
  const Schema schema = infer_schema(ruled_rows(100));
  const auto read = [&](const std::string& json) { return read_schema_file(folder.write("s.json", json)); };
  const SchemaFile with = read(schema_to_json(schema, kRules)), without = read(schema_to_json(schema));
  CHECK(with.rules == kRules);
  CHECK(with.types.size() == schema.size());
  CHECK(without.rules.empty());
  CHECK(without.types.size() == schema.size());
  CHECK(read(R"({"rules": ["a > b"]})").rules == Texts{"a > b"});
  CHECK(error_of([&] { read(R"({"rule": []})"); }).find("has 'rule'") != std::string::npos);
  CHECK(error_of([&] { read(R"({"rules": [1]})"); }).find("is no schema") != std::string::npos);
}

TEST_CASE("rules as options stand on a line each") {
  Options options;
  set_option(options, "rules", "combination(city, country)\na >= b");
  CHECK(options.rules == Texts{"combination(city, country)", "a >= b"});
  CHECK(option_text(find_option("rules"), options) == "combination(city, country)\na >= b");
  set_options(options, R"x({"rules": "unique(a)"})x");
  CHECK(options.rules == Texts{"unique(a)"});
}
