#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>

#include "core/measure/rules.h"
#include "meg/meg.h"
#include "tests/coded.h"
#include "tests/support.h"

/// Columns that follow from others, and dates with times in their two parts.

using namespace meg;
using test::as_text;
using test::cell;
using test::decoded;
using test::encoded;

namespace {

std::string moment(double seconds, const char* format = "%Y-%m-%d %H:%M:%S") {
  std::string out;
  append_datetime(seconds, format, 0, out);
  return out;
}

/// An order, shipped later unless it is cancelled, with amounts that add up, and nothing to do with `other`; orders
/// come on weekdays from 8 to 18 o'clock.
Table orders(std::size_t rows) {
  std::string text = "ordered,shipped,days,net,tax,gross,amount,price,total,other\n";
  const Philox philox(5, Stream::kMeasure);
  for (std::size_t r = 0; r < rows; ++r) {
    const auto u = philox.uniform(r, 0), v = philox.uniform(r, 1);
    const auto share = [](float x) { return static_cast<double>(x); };
    const double week = std::floor(50 * share(u[0])), day = std::floor(5 * share(u[1]));
    // 2024-01-01 was a Monday
    const double ordered = 1704067200 + 86400 * (7 * week + day) + std::floor(8 * 3600 + 36000 * share(u[2]));
    const double shipped = ordered + std::floor(std::exp(10 + 1.5 * share(u[3])));
    const double days = std::floor(shipped / 86400) - std::floor(ordered / 86400);
    const double net = std::round(1e4 * share(v[0]) + 100) / 100, tax = std::round(19 * net) / 100;
    const double amount = 1 + std::floor(20 * share(v[1])), price = std::round(5e3 * share(v[2]) + 100) / 100;
    text += fmt::format("{},{},{},{:.2f},{:.2f},{:.2f},{},{:.2f},{:.2f},{:.3f}\n", moment(ordered),
                        r % 9 ? moment(shipped) : "", r % 9 ? fmt::format("{}", days) : "", net, tax, net + tax, amount,
                        price, amount * price, share(v[3]));
  }
  return parse_csv(text, "orders.csv");
}

const ColumnOptions kBoth{.relations = true, .split = true};

std::vector<std::string> found(const Table& table, const std::vector<std::string>& first = {}) {
  const TableCoding coding(infer_table(table), 1, {.relations = true}, first);
  std::vector<std::string> out;
  for (const Relation& relation : coding.relations()) out.push_back(describe(relation, coding.schema()));
  return out;
}

Meg trained(const Table& table, const std::vector<std::string>& order = {}, bool any_order = false) {
  Options options;
  options.meg.refine_steps = 0;
  options.meg.order = order;
  options.meg.any_order = any_order;
  Meg model(options);
  model.load_data(table);
  model.train(6, 64);
  return model;
}

}  // namespace

TEST_CASE("sums, products, factors and ends behind beginnings are found, and nothing else") {
  CHECK(found(orders(600)) == std::vector<std::string>{"column 'shipped' is learned as its distance from ordered",
                                                       "column 'tax' is learned as 0.19 * net",
                                                       "column 'gross' is learned as net + tax",
                                                       "column 'total' is learned as amount * price"});
  // What is generated first is no distance from what comes later; nor is 'ordered', which is there without 'shipped'.
  CHECK(found(orders(600), {"gross", "shipped"}) ==
        std::vector<std::string>{"column 'net' is learned as 0.84034 * gross", "column 'tax' is learned as gross - net",
                                 "column 'total' is learned as amount * price"});
  CHECK(found(orders(30)).empty());  // too few to say so
}

TEST_CASE(
    "a share of odd cells is no obstacle, a missing one to follow from is, and a frequent number is no relation") {
  const auto table = [](std::size_t odd, bool gaps) {
    std::string text = "a,b,c,rare\n";
    const test::Floats z = test::random(2000, 3);
    for (std::size_t i = 0; i < 1000; ++i) {
      const double a = std::round(1000 * static_cast<double>(z[i])),
                   b = std::round(100 * static_cast<double>(z[1000 + i]));
      text += fmt::format("{},{},{},{}\n", gaps && i % 50 == 7 ? "" : fmt::format("{}", a), b,
                          odd > 0 && i % odd == 3 ? fmt::format("{}", 7 * i) : fmt::format("{}", 2 * a - b),
                          i % 40 == 0 ? fmt::format("{}", i % 37) : "0");
    }
    return parse_csv(text, "t.csv");
  };
  CHECK(found(table(0, false)) == std::vector<std::string>{"column 'c' is learned as 2 * a - b"});
  CHECK(found(table(30, false)) == std::vector<std::string>{"column 'c' is learned as 2 * a - b"});
  CHECK(found(table(10, false)).empty());
  CHECK(found(table(0, true)).empty());
}

TEST_CASE("the column without a frequent number is derived, and none where both have one") {
  // A cellar of most houses is 0: living = above + cellar keeps that, cellar = living - above would not.
  const auto houses = [](const char* names, auto row) {
    std::string text = std::string(names) + "\n";
    const Philox philox(5, Stream::kMeasure);
    for (std::size_t r = 0; r < 600; ++r) {
      const auto u = philox.uniform(r, 0);
      const int above = 50 + static_cast<int>(200 * u[0]), cellar = u[1] < 0.6f ? 0 : 10 + static_cast<int>(90 * u[2]);
      text += row(above, cellar);
    }
    return parse_csv(text, "houses.csv");
  };
  const Table last = houses("living,above,cellar", [](int above, int cellar) {
    return fmt::format("{},{},{}\n", above + cellar, above, cellar);
  });
  CHECK(found(last) == std::vector<std::string>{"column 'living' is learned as cellar + above"});
  const TableCoding coding(infer_table(last), 1, {.relations = true});
  CHECK(coding.names() == std::vector<std::string>{"above", "cellar", "living"});
  CHECK(TableCoding::from_json(coding.to_json()).names() == coding.names());
  CHECK(to_csv(decoded(coding, encoded(coding, last, 1))) == to_csv(last));
  // Where the order is asked for, there is none.
  CHECK(found(last, {"living", "above", "cellar"}).empty());
  const Table first = houses("cellar,above,living", [](int above, int cellar) {
    return fmt::format("{},{},{}\n", cellar, above, above + cellar);
  });
  CHECK(found(first) == std::vector<std::string>{"column 'living' is learned as above + cellar"});
  // A tax of nothing is nothing: the frequent number comes from that of its term.
  const Table tax = houses("cellar,tax,above",
                           [](int above, int cellar) { return fmt::format("{},{},{}\n", cellar, 3 * cellar, above); });
  CHECK(found(tax) == std::vector<std::string>{"column 'tax' is learned as 3 * cellar"});
}

TEST_CASE("columns that are mostly one number, and codes, are not ordered beside others") {
  std::string rare = "visitors,alarms\n", codes = "quantity,code\n";
  const Philox philox(7, Stream::kMeasure);
  constexpr std::array<int, 8> kCodes{5, 7, 8, 9, 11, 20, 21, 30};
  for (std::size_t r = 0; r < 800; ++r) {
    const auto u = philox.uniform(r, 0);
    const int visitors = u[0] < 0.9f ? 0 : 5 + static_cast<int>(90 * u[1]);
    rare += fmt::format("{},{}\n", visitors, visitors > 0 && u[2] < 0.1f ? 1 + static_cast<int>(3 * u[3]) : 0);
    const int quantity = 30 + static_cast<int>(5 * u[1]);
    codes += fmt::format("{},{}\n", quantity, kCodes[static_cast<std::size_t>(8 * u[2])]);
  }
  CHECK(found(parse_csv(rare, "rare.csv")).empty());
  CHECK(found(parse_csv(codes, "codes.csv")).empty());
}

TEST_CASE("a column between two others stays between them") {
  std::string text = "low,high,close\n";
  const Philox philox(5, Stream::kMeasure);
  double level = 100;
  for (std::size_t r = 0; r < 800; ++r) {
    const auto u = philox.uniform(r, 0);
    level *= 0.95 + 0.1 * static_cast<double>(u[0]);
    const double high = level * (1 + 0.03 * static_cast<double>(u[1])),
                 low = level * (1 - 0.03 * static_cast<double>(u[2]));
    text += fmt::format("{:.2f},{:.2f},{:.2f}\n", low, high, low + static_cast<double>(u[3]) * (high - low));
  }
  const Table table = parse_csv(text, "days.csv");
  const std::vector<std::string> rules = found(table);
  REQUIRE(rules.size() == 2);
  CHECK(rules[0] == "column 'high' is learned as its distance from low");
  const bool from_low = rules[1].find("distance from low") != std::string::npos;
  CHECK(rules[1] == (from_low ? "column 'close' is learned as its distance from low, never above high"
                              : "column 'close' is learned as its distance from high, never below low"));
  const Table rows = trained(table).generate(2000);
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const auto number = [&](const char* name) { return rows[name].values<double>()[r]; };
    CHECK(number("low") <= number("close"));
    CHECK(number("close") <= number("high"));
  }
  const auto is = [&](const char* rule) {
    const std::vector<Rule> found = find_rules(table, rows, infer_schema(table));
    return std::any_of(found.begin(), found.end(), [&](const Rule& r) { return r.text == rule && r.synthetic == 1; });
  };
  CHECK(is("close >= low"));
  CHECK(is("close <= high"));
  CHECK(Relation::fold(4, 5, 9) == 6);
  CHECK(Relation::fold(10, 5, 9) == 8);
  CHECK(Relation::fold(0, 5, 7) == 7);
  CHECK(Relation::fold(6, 7, 5) == 6);  // no room
}

TEST_CASE("a long chain of ordered columns is made in no time") {
  std::string text;
  for (int c = 0; c < 40; ++c) text += fmt::format("{}d{}", c > 0 ? "," : "", c);
  const Philox philox(5, Stream::kMeasure);
  for (std::size_t r = 0; r < 200; ++r) {
    double day = 18000 + 300 * static_cast<double>(philox.uniform(r, 0)[0]);
    for (std::uint32_t c = 0; c < 40; ++c) {
      std::string cell;
      append_datetime(86400 * std::floor(day), "%Y-%m-%d", 0, cell);
      text += (c > 0 ? "," : "\n") + cell;
      day += 30 * static_cast<double>(philox.uniform(r, c + 1)[0]);
    }
  }
  const Table table = parse_csv(text + "\n", "milestones.csv");
  const TableCoding coding(infer_table(table), 1, {.relations = true});
  CHECK(coding.relations().size() == 39);
  CHECK(to_csv(decoded(coding, encoded(coding, table, 1))) == to_csv(table));
}

TEST_CASE("rules that are given up are named") {
  const Meg model = trained(orders(200), {}, /*any_order=*/true);
  const std::vector<std::string> notes = model.notes();
  const auto says = [&](std::string_view words) {
    return std::any_of(notes.begin(), notes.end(),
                       [&](const std::string& note) { return note.find(words) != note.npos; });
  };
  CHECK(says("column 'gross' is net + tax: rows that are made need not keep that"));
  CHECK(says("column 'shipped' is always on the same side of ordered"));
}

TEST_CASE("a table comes back from its distances and its days and times, also after JSON") {
  const Table table = orders(600);
  for (const auto& order : {std::vector<std::string>{}, {"gross", "tax"}}) {
    const TableCoding coding(infer_table(table), 5, kBoth, order);
    CHECK(coding.relations().size() >= 4);
    CHECK(coding.columns().size() == 11);  // the first of the dates is two
    CHECK(coding.names().size() == 10);
    const Coded rows = encoded(coding, table, 5);
    CHECK(to_csv(decoded(coding, rows)) == to_csv(table));
    const TableCoding again = TableCoding::from_json(coding.to_json());
    CHECK(again.to_json() == coding.to_json());
    CHECK(again.notes() == coding.notes());
    CHECK(encoded(again, table, 5).code == rows.code);
    CHECK(to_csv(decoded(again, rows)) == to_csv(table));
  }
}

TEST_CASE(
    "a distance is on the column's grid, within the column's range or as far out of it as what it is a distance from") {
  const Table table = orders(600);
  const TableCoding coding(infer_table(table), 5, {.relations = true});
  const std::size_t gross = table.place_of("gross");
  const Relation& relation = *coding.relation_of(gross);
  const ColumnSchema& schema = coding.schema()[gross];
  const auto of = [&](double net, double tax) {
    return relation.predict(schema, [&](std::size_t c) { return c == table.place_of("net") ? net : tax; });
  };
  CHECK(of(10.004, 2.003) == doctest::Approx(12.01));
  CHECK(std::isnan(of(NAN, 1)));
  CHECK(Relation::at(schema, 12, 0.5) == 12.5);
  CHECK(Relation::at(schema, 12, 1e6) == schema.largest);
  CHECK(Relation::at(schema, 12, -1e3) == schema.smallest);
  CHECK(Relation::at(schema, 1e6, 0) == 1e6);
  CHECK(Relation::at(schema, 1e6, 1) == 1e6);
  CHECK(Relation::at(schema, 1e6, -1) == 1e6 - 1);

  const Table lonely = parse_csv(
      "ordered,shipped,days,net,tax,gross,amount,price,total,other\n"
      "2024-01-01 08:00:00,2024-01-02 08:00:00,1,,1.00,5.00,1,1.00,1.00,0.5\n",
      "lonely.csv");
  const Column& tax = coding.columns()[coding.place_of(table.place_of("tax"))];
  const Value without = coding.learned(ReadTable(coding.schema(), lonely), 0, table.place_of("tax"));
  CHECK(without.is_odd);
  CHECK_THROWS_WITH(tax.encode(without, 0.5f),
                    "column 'tax' is decimal, but 'a number without what it follows from' is not");
  const Value with = coding.learned(ReadTable(coding.schema(), table), 7, table.place_of("gross"));
  CHECK(with.number == 0);
}

TEST_CASE("an evaluation says how many rows keep the rules of the real table") {
  const Table real = orders(600);
  std::vector<test::Texts> rows(
      real.rows());  // every fifth has the next one's date of shipping, every third a cent too much
  for (std::size_t r = 0; r < real.rows(); ++r)
    for (std::size_t c = 0; c < real.columns(); ++c) {
      const std::string text = cell(real, r % 5 == 0 && c == 1 ? (r + 1) % real.rows() : r, c);
      const bool dearer = r % 3 == 0 && real.name(c) == "gross";
      rows[r].push_back(dearer ? fmt::format("{:.2f}", std::stod(text) + 0.01) : text);
    }
  const Table broken = test::text_table(real.names(), rows);
  const std::vector<Rule> rules = find_rules(real, broken, infer_schema(real));
  REQUIRE(rules.size() == 4);
  CHECK(rules[0].text == "shipped >= ordered");
  CHECK(rules[0].real == 1);
  CHECK(rules[0].synthetic < 0.95);
  CHECK(rules[0].synthetic > 0.8);
  CHECK(rules[1].text == "tax = 0.19 * net");
  CHECK(rules[1].synthetic == rules[1].real);
  CHECK(rules[2].text == "gross = net + tax");
  CHECK(rules[2].real == 1);
  CHECK(rules[2].synthetic == doctest::Approx(2.0 / 3));
  CHECK(rules[3].synthetic == 1);
}

TEST_CASE("an evaluation finds columns that follow from others, and counts the rows where they do") {
  const auto table = [](int rows, int wrong_every) {
    std::string text = "city,country,zip,price,flag,shop\n";
    const Philox philox(4, Stream::kMeasure);
    for (int r = 0; r < rows; ++r) {
      const auto word = philox.bits(static_cast<std::uint64_t>(r), 0);
      const unsigned city = word[0] % 30, country = r % wrong_every == 0 ? 7 : city % 5;
      text += fmt::format("c{},k{},{},{},{},s{}\n", city, country, 1000 + 7 * city,
                          r % 11 == 0 ? "" : fmt::format("{:.2f}", 0.5 * (word[1] % 60)),
                          word[2] % 300 == 0 ? "y" : "n", word[1] % 60);
    }
    return parse_csv(text, "t.csv");
  };
  const Table real = table(3000, 400), synthetic = table(1000, 10);  // where "k7" is wrong in every tenth row
  const std::vector<Rule> rules = find_rules(real, synthetic, infer_schema(real));
  std::vector<std::string> texts;
  for (const Rule& rule : rules) texts.push_back(rule.text);
  // Not the flag, which is nearly always the same, nor what is said already: one city per zip.
  REQUIRE(texts == std::vector<std::string>{"one country per city", "one zip per city", "one shop per price"});
  CHECK(rules[0].real == doctest::Approx(1 - 8.0 / 3000));
  CHECK(rules[0].synthetic == doctest::Approx(0.9));
  CHECK(rules[1].synthetic == 1);
  CHECK(rules[2].synthetic == 1);
  CHECK(rules[0].synthetic_rows == 1000);

  const Table many = table(30000, 400), other = parse_csv(
                                            "city,country,zip,price,flag,shop\nnew,k1,1,0.50,n,s1\n"
                                            "c1,k9,1007,,n,s1\n",
                                            "o.csv");
  const std::vector<Rule> of_many = find_rules(many, other, infer_schema(many));
  REQUIRE(of_many.size() == 3);
  CHECK(of_many[0].real == doctest::Approx(1 - 75.0 / 30000));
  CHECK(of_many[0].synthetic == 0);  // of one row: the other one's city is new
  CHECK(of_many[0].synthetic_rows == 1);
  CHECK(of_many[1].synthetic == 1);
  CHECK(of_many[2].synthetic == 1);  // its price is missing in the other row
  const Table none = parse_csv("city,country,zip,price,flag,shop\n,,,,,\n", "n.csv");
  CHECK(std::isnan(find_rules(many, none, infer_schema(many))[0].synthetic));
}

TEST_CASE("copies of rows, and values that stand there once, make no rule") {
  std::string text = "number,colour,shape,mostly\n";
  const Philox philox(4, Stream::kMeasure);
  for (std::uint64_t r = 0; r < 970; ++r)
    for (std::uint64_t copy = 0; copy < (r < 30 ? 2 : 1); ++copy) {
      const auto word = philox.bits(r, 0);
      text += fmt::format("{},c{},s{},{}\n", r, word[0] % 6, word[1] % 6, word[2] % 100 == 0 ? "y" : "n");
    }
  const Table table = parse_csv(text, "t.csv");
  CHECK(find_rules(table, table, infer_schema(table, {{"number", ColumnType::kInteger}})).empty());
}

TEST_CASE("rows of a model keep the rules of its table, and its hours and weekdays" * doctest::test_suite("long")) {
  const Table real = orders(1500);
  const Meg model = trained(real);
  CHECK(model.notes().size() == 4);
  const Table rows = as_text(model.generate(2000, 1), model.schema());
  const auto number = [&](std::size_t r, const char* column) {
    return to_number(model.schema()[real.place_of(column)], cell(rows, r, column));
  };
  std::size_t off_hours = 0, weekends = 0, shipped = 0;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    CHECK(number(r, "gross") == doctest::Approx(number(r, "net") + number(r, "tax")));
    CHECK(number(r, "total") == doctest::Approx(number(r, "amount") * number(r, "price")));
    CHECK(std::abs(number(r, "tax") - 0.19 * number(r, "net")) < 0.016);
    const double ordered = number(r, "ordered"), hour = std::fmod(ordered, 86400) / 3600;
    off_hours += hour < 8 || hour > 18;
    weekends += std::fmod(std::floor(ordered / 86400) + 3, 7) >= 5;
    if (cell(rows, r, 1).empty()) continue;
    ++shipped;
    CHECK(number(r, "shipped") > ordered);
  }
  CHECK(off_hours == 0);
  CHECK(weekends == 0);
  CHECK(shipped == doctest::Approx(2000 * 8 / 9).epsilon(0.05));
}

TEST_CASE(
    "every row that was learned has a score, those that are off too, and a cell that is no number makes its own none") {
  std::string text = "net,tax,gross,low,high\n";
  const Philox philox(9, Stream::kMeasure);
  for (std::size_t r = 0; r < 400; ++r) {
    const auto u = philox.uniform(r, 0);
    const double net = std::round(1e4 * static_cast<double>(u[0])) / 100,
                 tax = std::round(300 * static_cast<double>(u[1])) / 100;
    const double off = r % 40 == 7 ? std::round(100 * static_cast<double>(u[2]) - 50) / 100 : 0;
    text +=
        fmt::format("{:.2f},{:.2f},{:.2f},{:.2f},{:.2f}\n", net, tax, net + tax + off, 10 * net, 10 * net + 10 * tax);
  }
  const Table real = parse_csv(text, "t.csv");
  Meg model = trained(real);
  REQUIRE(model.notes().size() == 3);
  for (const double score : model.score(real).total) CHECK(std::isfinite(score));
  const Table bad = parse_csv(
      "net,tax,gross,low,high\n10.00,1.00,11.00,100.00,110.00\n10.00,1.00,abc,100.00,110.00\n"
      "abc,1.00,11.00,100.00,110.00\n10.00,1.00,11.00,100.00,110.00\n",
      "bad.csv");
  const Scores scores = model.score(bad);
  CHECK(std::isfinite(scores.total[0]));
  CHECK(std::isinf(scores.total[1]));
  CHECK(std::isinf(scores.total[2]));
  CHECK(scores.total[3] == doctest::Approx(scores.total[0]));
  CHECK(scores.first_impossible.starts_with("row 2: column 'gross' is decimal, but 'abc' is not"));

  const Table given = parse_csv("net,tax\n99999.00,0.50\n50.50,1.25\n", "given.csv");
  const Table made = as_text(model.generate(2, 0, {.given = given}), model.schema());
  std::size_t adds_up = 0;
  for (std::size_t r = 0; r < 2; ++r) {
    const auto number = [&](const char* name) { return std::stod(cell(made, r, name)); };
    adds_up += std::abs(number("gross") - number("net") - number("tax")) < 0.6;  // but for what one row in forty is off
  }
  CHECK(adds_up == 2);
}

TEST_CASE("times of the first and the last day, of columns with gaps, and of any precision") {
  std::string text = "t,x\n";
  const Philox philox(11, Stream::kMeasure);
  for (std::size_t r = 0; r < 500; ++r) {
    const auto u = philox.uniform(r, 0);
    const double day = 86400 * std::floor(40 * static_cast<double>(u[0]));
    std::string at;
    append_datetime(-864000 + day + 30000 + 20000 * static_cast<double>(u[1]), "%Y-%m-%d %I:%M:%S.%f %p", 3, at);
    text += fmt::format("{},{}\n", r % 5 ? at : "", r % 7);
  }
  const Table real = parse_csv(text, "t.csv");
  const TableCoding coding(infer_table(real, {{"t", {ColumnType::kDatetime, "%Y-%m-%d %I:%M:%S.%f %p"}}}), 5, kBoth);
  REQUIRE(coding.columns().size() == 3);
  CHECK(coding.columns()[0].missing_code() >= 0);
  CHECK(coding.columns()[1].missing_code() < 0);
  CHECK(to_csv(decoded(coding, encoded(coding, real, 5))) == to_csv(real));

  const Meg model = trained(orders(600));
  const Schema& of = model.schema();
  const auto ends = [&](double seconds) { return moment(day_of(seconds)).substr(0, 10); };
  for (const std::string& day : {ends(of[0].smallest), ends(of[0].largest)}) {
    const Table rows =
        as_text(model.generate(20, 0, {.where = {fmt::format("ordered={0} 08:30:00..{0} 17:30:00", day)}}), of);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      CHECK(cell(rows, r, 0) >= day + " 08:30:00");
      CHECK(cell(rows, r, 0) <= day + " 17:30:00");
    }
  }
  const Table lost = as_text(model.generate(30, 0, {.where = {"ordered=2024-03-05", "shipped="}}), of);
  for (std::size_t r = 0; r < lost.rows(); ++r) {
    CHECK(cell(lost, r, 0).starts_with("2024-03-05"));
    CHECK(cell(lost, r, 1).empty());
  }
}

TEST_CASE("a row that breaks a rule is no row of the model, and one that keeps it has a score") {
  const Table real = orders(600);
  const Meg model = trained(real);
  const auto total = [&](const std::string& row) {
    return model.score(parse_csv("ordered,shipped,days,net,tax,gross,amount,price,total,other\n" + row + "\n", "t.csv"))
        .total[0];
  };
  CHECK(std::isfinite(total("2024-03-05 09:00:00,2024-03-06 10:00:00,1,50.00,9.50,59.50,3,20.00,60.00,0.500")));
  CHECK(std::isinf(total("2024-03-05 09:00:00,2024-03-04 10:00:00,1,50.00,9.50,59.50,3,20.00,60.00,0.500")));
  CHECK(std::isinf(total("2024-03-05 09:00:00,2024-03-06 10:00:00,1,50.00,9.50,80.00,3,20.00,60.00,0.500")));
}

TEST_CASE("a column that follows from others is given with them, and is conditioned where it comes first") {
  const Table real = orders(600);
  const Meg model = trained(real), first = trained(real, {"gross"}), any = trained(real, {}, /*any_order=*/true);
  for (const Meg* of : {&first, &model}) {
    const Table low = of->generate(200, 0, {.where = {"gross=10..20"}});
    for (std::size_t r = 0; r < low.rows(); ++r) {
      const auto number = [&](const char* name) { return low[name].values<double>()[r]; };
      CHECK(number("gross") >= 10);
      CHECK(number("gross") <= 20);
      CHECK(number("gross") == doctest::Approx(number("net") + number("tax")));
    }
  }
  CHECK(any.notes().size() == 4);  // the rules that it gives up
  for (const std::string condition : {"gross=10..20", "ordered=2024-02-01..2024-02-29"})
    CHECK(any.generate(3, 0, {.where = {condition}}).rows() == 3);

  const Table both =
      parse_csv("ordered,shipped\n2024-05-07 10:00:00,2024-05-08 11:30:00\n2024-05-07 10:00:00,\n", "g.csv");
  const Table made = as_text(model.generate(2, 0, {.given = both}), model.schema());
  CHECK(cell(made, 0, 1) == "2024-05-08 11:30:00");
  CHECK(cell(made, 1, 1).empty());
  const Table alone = parse_csv("shipped\n2024-05-08 11:30:00\n", "g.csv");
  const Table late = as_text(model.generate(1, 0, {.given = alone}), model.schema());
  CHECK(cell(late, 0, 1) == "2024-05-08 11:30:00");
  CHECK(cell(late, 0, 0) <= "2024-05-08 11:30:00");
}

TEST_CASE("a sum is conditioned, given and filled where it is learned as one") {
  const Philox philox(3, Stream::kMeasure);
  std::string text = "a,b,c,kind\n";
  for (std::size_t r = 0; r < 1500; ++r) {
    const auto u = philox.uniform(r, 0);
    const double a = std::round(1000 + 1000 * static_cast<double>(u[0])),
                 b = std::round(500 + 3000 * static_cast<double>(u[1]));
    text += fmt::format("{:.2f},{:.2f},{:.2f},{}\n", a / 100, b / 100, (a + b) / 100, b > 2000 ? "big" : "small");
  }
  const Table real = parse_csv(text, "sums.csv");
  const Meg model = trained(real);
  REQUIRE(model.notes().size() == 1);
  CAPTURE(model.notes()[0]);
  const auto adds_up = [&](const Table& rows) {
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      const auto number = [&](const char* name) { return std::stod(cell(rows, r, name)); };
      CHECK(number("c") == doctest::Approx(number("a") + number("b")));
    }
  };
  const auto generated = [&](std::size_t rows, const GenerateOptions& how) {
    return as_text(model.generate(rows, 4, how), model.schema());
  };
  const Table between = generated(500, {.where = {"c=30..40", "kind=small"}});
  adds_up(between);
  for (std::size_t r = 0; r < between.rows(); ++r) {
    CHECK(std::stod(cell(between, r, "c")) >= 30);
    CHECK(std::stod(cell(between, r, "c")) <= 40);
    CHECK(cell(between, r, "kind") == "small");
  }
  const Table one = generated(500, {.where = {"c=30.50"}});
  adds_up(one);
  double mean = 0;
  for (std::size_t r = 0; r < one.rows(); ++r) {
    CHECK(cell(one, r, "c") == "30.50");
    mean += std::stod(cell(one, r, "a")) / 500;
  }
  CHECK(mean == doctest::Approx(15).epsilon(0.1));                                           // any a is as likely
  for (const auto& [column, condition] : {std::pair{"a", "a=12..14"}, {"b", "b=14..18"}}) {  // of a part of it, too
    const Table both = generated(200, {.where = {"c=30.50", condition}});
    adds_up(both);
    for (std::size_t r = 0; r < both.rows(); ++r) {
      const double number = std::stod(cell(both, r, column));
      CHECK(cell(both, r, "c") == "30.50");
      CHECK((column[0] == 'a' ? number >= 12 && number <= 14 : number >= 14 && number <= 18));
    }
  }
  const Table given = parse_csv("c\n20.00\n38.53\n50.01\n", "given.csv");
  const Table parts = generated(3, {.given = given});
  adds_up(parts);
  CHECK(cell(parts, 1, "c") == "38.53");
  const Table holes =
      parse_csv("a,b,c,kind\n,20.00,35.00,\n11.00,,17.25,small\n,,44.00,\n12.00,6.00,,big\n,7.00,,\n", "h.csv");
  const Table filled = model.impute(holes);
  adds_up(filled);
  for (std::size_t r = 0; r < holes.rows(); ++r)
    for (std::size_t c = 0; c < 4; ++c) CHECK((cell(holes, r, c).empty() || cell(holes, r, c) == cell(filled, r, c)));
  CHECK(std::stod(cell(filled, 1, "b")) == 6.25);
}

TEST_CASE("conditions that hardly a row meets are refused with what to do" * doctest::test_suite("long")) {
  const Philox philox(3, Stream::kMeasure);
  std::string text = "a,b,c,d\n";
  for (std::size_t r = 0; r < 800; ++r) {
    const auto u = philox.uniform(r, 0);
    const double a = std::round(1000 + 1000 * static_cast<double>(u[0]));
    const double b = std::round(500 + 3000 * static_cast<double>(u[1]));
    text += fmt::format("{:.2f},{:.2f},{:.2f},{:.2f}\n", a / 100, b / 100, (a + b) / 100, (a - b) / 100);
  }
  const Meg model = trained(parse_csv(text, "sums.csv"));
  REQUIRE(model.notes().size() == 2);
  std::string said;
  try {
    model.generate(1, 0, {.where = {"c=42..", "d=8.."}});  // b would be above 22, and below 12
  } catch (const Error& error) {
    said = error.what();
  }
  CAPTURE(said);
  CHECK(said.find("hardly one meets the conditions") != std::string::npos);
  CHECK(said.find("train with `order=c,d` or `any_order=true`") != std::string::npos);
}

TEST_CASE("days of a column of dates with times can be asked for, and times of one day") {
  const Meg model = trained(orders(900));  // so many rows a day that every day has a code
  const auto all_within = [&](const std::string& condition, const std::string& low, const std::string& high) {
    CAPTURE(condition);
    const Table rows = as_text(model.generate(100, 1, {.where = {condition}}), model.schema());
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      CHECK(cell(rows, r, 0) >= low);
      CHECK(cell(rows, r, 0) <= high);
    }
  };
  all_within("ordered=2024-03-01..2024-03-31", "2024-03-01 00:00:00", "2024-03-31 23:59:59");
  all_within("ordered=..2024-03-31", "2024-01-01 00:00:00", "2024-03-31 23:59:59");
  all_within("ordered=2024-03-01 00:00:00..2024-03-31 23:59:59", "2024-03-01 00:00:00", "2024-03-31 23:59:59");
  all_within("ordered=2024-03-05", "2024-03-05 00:00:00", "2024-03-05 23:59:59");
  all_within("ordered=2024-03-05|2024-03-07", "2024-03-05 00:00:00", "2024-03-07 23:59:59");
  all_within("ordered=2024-03-05 10:00:00..2024-03-05 12:00:00", "2024-03-05 10:00:00", "2024-03-05 12:00:00");
  all_within("ordered=2024-03-05 10:17:03", "2024-03-05 10:17:03", "2024-03-05 10:17:03");
  const auto error = [&](const std::string& condition) -> std::string {
    try {
      model.generate(1, 0, {.where = {condition}});
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  CHECK(error("ordered=2024-03-01 10:00:00..2024-03-31 12:00:00") ==
        "the day and the time of column 'ordered' are learned apart, so a range of several days begins and ends with "
        "whole ones: leave the times out");
  CHECK(error("ordered=2024-03-05 10:00:00|2024-03-07 10:00:00") ==
        "the day and the time of column 'ordered' are learned apart: ask for whole days, or for times of one day");
  CHECK(error("ordered=2024-03-05..2024-03-01").find("its low end is above its high end") != std::string::npos);
  CHECK(error("ordered=March").find("'ordered' is datetime, written %Y-%m-%d %H:%M:%S, but 'March'") !=
        std::string::npos);
}

TEST_CASE("what a format says of the day") {
  CHECK(date_part("%Y-%m-%dT%H:%M:%S") == "%Y-%m-%d");
  CHECK(date_part("%-d %b %Y, %-I:%M %p") == "%-d %b %Y");
  CHECK(date_part("%Y-%m-%d") == "%Y-%m-%d");
  CHECK(date_part("%H:%M") == "");
  CHECK(has_time_of_day("%Y-%m-%d %H:%M"));
  CHECK_FALSE(has_time_of_day("%Y-%m"));
}
