#include <fmt/format.h>

#include <map>

#include "meg/meg.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using test::cell;
using test::columns_of;

namespace {

/// A group of four, a number that rises with it, and words that follow from both; an identifier.
Table groups_table() {
  const test::Floats z = test::random(1600, 7);
  std::string text = "id,group,x,word,flag\n";
  for (std::size_t i = 0; i < 800; ++i) {
    const int group = static_cast<int>((i * 7 + i / 3) % 4);
    const float x = static_cast<float>(group) + z[2 * i];
    text += fmt::format("k{}{},{},{:.2f},{},{}\n", i, i % 3, "abcd"[group], x, x + z[2 * i + 1] > 1.5f ? "high" : "low",
                        i % 8 == 0 ? ""
                        : x > 1    ? "yes"
                                   : "no");
  }
  return parse_csv(text, "groups.csv");
}

constexpr bool kAnyOrder = true;

Meg trained(std::vector<std::string> order = {}, const std::string& preset = "meg", bool any_order = false,
            std::uint64_t seed = 0) {
  Options options;
  options.seed = seed;
  options.preset = preset;
  if (preset == "meg") options.meg.refine_steps = 0;
  options.meg.order = std::move(order);
  options.meg.any_order = any_order;
  Meg model(options);
  model.load_data(groups_table());
  model.train(8, 64);
  return model;
}

/// Rows of a model as its CSV has them.
Table made(const Meg& model, std::size_t rows, std::uint64_t seed = 0, const GenerateOptions& how = {}) {
  return test::as_text(model.generate(rows, seed, how), model.schema());
}
/// Some of them alone.
Table made_part(const Meg& model, std::uint64_t first_row, std::size_t rows, std::uint64_t seed,
                const GenerateOptions& how) {
  return test::as_text(test::all_rows(model.stream(first_row, rows, seed, how)), model.schema());
}

std::string error_of(const Meg& model, const GenerateOptions& how, std::size_t rows = 1) {
  try {
    model.generate(rows, 0, how);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// How many rows there are of each (group, word, flag, x > 1), of those for which `keep` holds.
template <class Keep>
std::map<std::string, double> counted(const Table& table, const Keep& keep) {
  std::map<std::string, double> out;
  for (std::size_t r = 0; r < table.rows(); ++r) {
    const auto of = [&](const char* name) { return cell(table, r, name); };
    const double x = std::stod(of("x"));
    if (keep(of("group"), x)) ++out[of("group") + of("word") + of("flag") + (x > 1 ? ">" : "<")];
  }
  return out;
}

double total(const std::map<std::string, double>& counts) {
  double sum = 0;
  for (const auto& [key, count] : counts) sum += count;
  return sum;
}

/// Two samples of one distribution? Chi-square over its degrees of freedom, of cells that hold 10 or more.
double chi_square_share(std::map<std::string, double> a, std::map<std::string, double> b) {
  const double size_a = total(a), size_b = total(b);
  double sum = 0;
  int cells = 0;
  for (const auto& [key, count] : a) b[key] += 0;
  for (const auto& [key, of_b] : b) {
    const double of_a = a[key], both = of_a + of_b;
    if (both < 10) continue;
    const double d = std::sqrt(size_b / size_a) * of_a - std::sqrt(size_a / size_b) * of_b;
    sum += d * d / both, ++cells;
  }
  REQUIRE(cells > 3);
  return sum / (cells - 1);
}

/// Rows of 600, each asked for alone.
void check_single_rows(const Meg& model, const Table& all, std::uint64_t seed, const GenerateOptions& how) {
  for (const std::uint64_t row : {0u, 255u, 256u, 599u}) {
    const Table one = made_part(model, row, 1, seed, how);
    REQUIRE(one.rows() == 1);
    for (std::size_t c = 0; c < one.columns(); ++c) CHECK(cell(one, 0, c) == cell(all, row, c));
  }
}

}  // namespace

TEST_CASE("conditioned rows are distributed as the free rows that meet the condition" * doctest::test_suite("long")) {
  const Meg model = trained();
  const auto check = [&](const Meg& m, const std::vector<std::string>& where, const auto& keep) {
    CAPTURE(where);
    double share = 0;  // mean over tables: of one it may well be 3, with the few cells there are
    for (std::uint64_t seed = 2; seed < 7; ++seed) {
      const Table rows = made(m, 20000, seed, {.where = where});
      const auto got = counted(rows, [](const std::string&, double) { return true; });
      CHECK(total(counted(rows, keep)) == 20000);
      share += chi_square_share(got, counted(made(m, 60000, 100 + seed), keep)) / 5;
    }
    CHECK(share < 1.8);
  };
  check(model, {"group=b|d"}, [](const std::string& group, double) { return group == "b" || group == "d"; });
  check(model, {"group=c"}, [](const std::string& group, double) { return group == "c"; });
  check(model, {"x=1.2..2.5", "group=c"},
        [](const std::string& group, double x) { return group == "c" && x > 1.195 && x < 2.505; });
  check(model, {"group=a", "x=..0.5"}, [](const std::string& group, double x) { return group == "a" && x < 0.505; });
  // Behind columns that are left several values.
  check(model, {"x=1.2..2.5"}, [](const std::string&, double x) { return x > 1.195 && x < 2.505; });
  check(model, {"group=a|b", "x=0.7..1.2"},
        [](const std::string& group, double x) { return group < "c" && x > 0.695 && x < 1.205; });
}

TEST_CASE("in a fixed order, conditions may be on any columns" * doctest::test_suite("long")) {
  const Meg model = trained();
  const auto any = [](const std::string&, double) { return true; };
  const auto check = [&](const std::vector<std::string>& where, const auto& keep) {
    CAPTURE(where);
    double share = 0;  // as above
    for (std::uint64_t seed = 2; seed < 7; ++seed) {
      const Table rows = made(model, 20000, seed, {.where = where}), free = made(model, 60000, 100 + seed);
      std::map<std::string, double> expected;
      for (const auto& [key, count] : counted(free, any))
        if (keep(key)) expected[key] = count;
      const auto got = counted(rows, any);
      for (const auto& [key, count] : got) CHECK(keep(key));
      share += chi_square_share(got, expected) / 5;
    }
    CHECK(share < 1.8);
  };
  const auto has = [](const std::string& key, const char* word) { return key.find(word) != std::string::npos; };
  check({"word=low"}, [&](const std::string& key) { return has(key, "low"); });
  check({"flag="}, [&](const std::string& key) { return !has(key, "yes") && !has(key, "no"); });
  check({"word=high", "flag=no"}, [&](const std::string& key) { return has(key, "high") && has(key, "no"); });
  check({"group=b|c", "word=low", "flag=yes|"},
        [&](const std::string& key) { return key < "d" && key > "b" && has(key, "low") && !has(key, "no"); });

  // What is given of rows weighs what stands before it, as a condition does.
  const Table free = made(model, 60000, 50), given = columns_of(made(model, 20000, 60), {"flag", "id", "word"});
  const Table rows = made(model, 20000, 5, {.given = given});
  CHECK(to_csv(columns_of(rows, given.names())) == to_csv(given));
  CHECK(chi_square_share(counted(rows, any), counted(free, any)) < 1.8);
}

TEST_CASE("in a fixed order, rows under any conditions are a function of model, seed and row, on any threads") {
  const Meg model = trained();
  Options alone;
  alone.threads = 1;
  const Meg other = Meg::load_model(model.save_model(), alone);
  const Table words = columns_of(made(model, 600, 1), {"word", "x"});
  for (const GenerateOptions& how :
       {GenerateOptions{.where = {"word=low", "x=0.5..2"}, .temperature = 0.7f},
        GenerateOptions{.where = {"group=b|c", "flag=yes"}}, GenerateOptions{.given = words},
        GenerateOptions{.where = {"flag=no|"}, .given = words}}) {
    const Table all = made(model, 600, 9, how);
    CHECK(to_csv(all) == to_csv(made(other, 600, 9, how)));
    CHECK(to_csv(all) != to_csv(made(model, 600, 10, how)));
    check_single_rows(other, all, 9, how);
  }
}

TEST_CASE("with an order any column can be conditioned, and the table keeps its own" * doctest::test_suite("long")) {
  const Meg model = trained({"flag", "x"});
  const auto any = [](const std::string&, double) { return true; };
  double share = 0;  // as above
  for (std::uint64_t seed = 2; seed < 7; ++seed) {
    const Table free = made(model, 60000, 100 + seed);
    const Table rows = made(model, 20000, seed, {.where = {"x=0.5..1.5", "flag=no"}});
    CHECK(rows.names() == groups_table().names());
    std::map<std::string, double> kept;
    for (const auto& [key, count] : counted(free, [](const std::string&, double x) { return x > 0.495 && x < 1.505; }))
      if (key.find("no") != std::string::npos) kept[key] = count;
    share += chi_square_share(counted(rows, any), kept) / 5;
    for (std::size_t r = 0; r < rows.rows(); ++r) CHECK(cell(rows, r, 4) == "no");
  }
  CHECK(share < 1.8);
  for (const char* missing : {"flag=", "flag=NA"}) CHECK(model.generate(1, 0, {.where = {missing}})["flag"].is_null(0));

  // The natural order, said aloud, is the same model.
  CHECK(to_csv(trained({"group"}).generate(100)) == to_csv(trained().generate(100)));
  CHECK(to_csv(trained({"group"}).generate(100)) != to_csv(trained({"word"}).generate(100)));
}

TEST_CASE("of any order, any columns can be conditioned: rows are as the table's that meet the condition" *
          doctest::test_suite("long")) {
  constexpr int kModels = 4;
  std::vector<Meg> models;
  for (std::uint64_t seed = 0; seed < kModels; ++seed) models.push_back(trained({}, "meg", kAnyOrder, seed));
  const Meg& model = models[0];
  CHECK(model.any_order());
  const Table real = groups_table();
  const auto shares = [](const Table& table, const char* column, const auto& keep) {
    std::map<std::string, double> out;
    double rows = 0;
    for (std::size_t r = 0; r < table.rows(); ++r)
      if (keep(table, r)) ++out[cell(table, r, column)], ++rows;
    for (auto& [value, share] : out) share /= rows;
    return out;
  };
  const auto all = [](const Table&, std::size_t) { return true; };
  const auto close = [&](const std::vector<std::string>& where, const char* column, const auto& keep) {
    CAPTURE(where);
    double distance = 0;  // mean over models: there are 200 to 400 real rows, from which each learns something else
    for (const Meg& of : models) {
      const Table rows = made(of, 4000, 3, {.where = where});
      for (std::size_t r = 0; r < rows.rows(); ++r) CHECK(keep(rows, r));
      auto got = shares(rows, column, all), expected = shares(real, column, keep);
      for (const auto& [value, share] : expected) distance += std::abs(share - got[value]) / 2 / kModels;
    }
    // The mean of eight models is up to 0.084, and they differ by 0.035: of four it is above this once in 50 times.
    CHECK(distance < 0.12);
  };
  const auto x = [&](const Table& t, std::size_t r) { return std::stod(cell(t, r, "x")); };
  close({"word=high"}, "group", [&](const Table& t, std::size_t r) { return cell(t, r, "word") == "high"; });
  close({"flag="}, "word", [&](const Table& t, std::size_t r) { return cell(t, r, "flag").empty(); });
  close({"x=1.5..2.5"}, "group", [&](const Table& t, std::size_t r) { return x(t, r) > 1.495 && x(t, r) < 2.505; });
  close({"word=low", "x=0.5..2", "group=b|c|d"}, "group", [&](const Table& t, std::size_t r) {
    return cell(t, r, "word") == "low" && x(t, r) > 0.495 && x(t, r) < 2.005 && cell(t, r, "group") != "a";
  });
  CHECK(error_of(model, {.where = {"word=medium"}}) == "column 'word' has no value 'medium'; it has: high, low");
  // What the generation order can meet is met on it.
  CHECK(to_csv(model.generate(300, 1, {.where = {"group=b"}})) !=
        to_csv(model.generate(300, 2, {.where = {"group=b"}})));

  const GenerateOptions how{.where = {"word=low", "x=0.5..2", "group=b|c"}, .temperature = 0.7f};
  const Table whole = made(model, 300, 9, how);
  for (const std::uint64_t row : {0u, 255u, 256u, 299u}) {
    const Table one = made_part(model, row, 1, 9, how);
    REQUIRE(one.rows() == 1);
    for (std::size_t c = 0; c < one.columns(); ++c) CHECK(cell(one, 0, c) == cell(whole, row, c));
  }
}

TEST_CASE("of any order, given rows may have holes anywhere, and each is as if it stood alone") {
  const Meg model = trained({}, "meg", kAnyOrder);
  const Table given = parse_csv("flag,x,word,id\n,2.5,,k1\nno,,high,\nNA,-0.75,low,k3\n,,,\n", "given.csv");
  const Table rows = made(model, 4, 2, {.given = given});
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t c = 0; c < given.columns(); ++c) {
      const std::string text = cell(rows, r, given.name(c));
      if (is_missing(cell(given, r, c)))  // NA, or nothing in a column that is left as it is
        CHECK((cell(given, r, c).empty() || is_missing(text)));
      else
        CHECK(text == cell(given, r, c));
      if (given.name(c) != "flag") CHECK(!text.empty());
    }
  for (std::size_t r = 0; r < 4; ++r) {
    const Table part = made_part(model, r, 1, 2, {.given = given});
    for (std::size_t c = 0; c < part.columns(); ++c) CHECK(cell(part, 0, c) == cell(rows, r, c));
  }
  for (const double total : model.score(model.generate(4, 2, {.given = given})).total) CHECK(std::isfinite(total));
  const Table bad = parse_csv("word\nlow\nmedium\n", "t.csv");
  CHECK(error_of(model, {.given = bad}, 2) ==
        "row 2 of the given ones: column 'word' has no category 'medium' in the table it was fitted on");
}

TEST_CASE("missing cells are filled from all that is present in their row, and nothing else changes") {
  for (const bool any_order : {true, false}) {
    const Meg model = trained({}, "meg", any_order);
    const Table real = groups_table();
    std::string text = "word,size,group,x,id,flag\n";
    for (std::size_t r = 0; r < 400; ++r) {
      const auto of = [&](const char* name) { return cell(real, r, name); };
      text += fmt::format("{},{},{},{},{},{}\n", r % 4 == 0 ? "NA" : of("word"), r, r % 4 == 1 ? "" : of("group"),
                          r % 4 == 2 ? "" : of("x"), r % 5 == 0 ? "" : of("id"), of("flag"));
    }
    const Table holes = parse_csv(text, "holes.csv");
    Imputed counts;
    const Table filled = model.impute(holes, 7, 0, &counts);
    CHECK(filled.names() == holes.names());
    std::size_t missing = 0, right = 0, asked = 0;
    for (std::size_t r = 0; r < 400; ++r)
      for (std::size_t c = 0; c < 6; ++c) {
        const bool hole = cell(holes, r, c).empty() || cell(holes, r, c) == "NA";
        if (!hole || holes.names()[c] == "id") {
          CHECK(cell(filled, r, c) == cell(holes, r, c));
          continue;
        }
        ++missing;
        CHECK(!cell(filled, r, c).empty());
        CHECK(cell(filled, r, c) != "NA");
        if (holes.names()[c] != "word") continue;
        ++asked, right += cell(filled, r, c) == cell(real, r, "word");
      }
    CHECK(counts.filled == missing);
    CHECK(counts.still_missing == 80);
    CHECK((counts.out_of_range == 0 && counts.unknown == 0));
    CHECK(static_cast<double>(right) / static_cast<double>(asked) > 0.68);  // 0.5 by chance

    CHECK(to_csv(filled) == to_csv(model.impute(holes, 7)));
    CHECK(to_csv(filled) != to_csv(model.impute(holes, 7, 1)));
    CHECK(to_csv(filled) != to_csv(model.impute(holes, 8)));
    const Table part = model.impute(holes, 255, 3, 7, 0);
    REQUIRE(part.rows() == 3);
    for (std::size_t r = 0; r < 3; ++r)
      for (std::size_t c = 0; c < 6; ++c) CHECK(cell(part, r, c) == cell(filled, 255 + r, c));

    const Table odd = parse_csv("group,x,word\ne,1,\na,1e9,\n", "odd.csv");
    Imputed of_odd;
    CHECK(cell(model.impute(odd, 0, 0, &of_odd), 0, "group") == "e");
    CHECK((of_odd.filled == 2 && of_odd.unknown == 1 && of_odd.out_of_range == 1));
    CHECK(of_odd.first_unknown == "row 1: column 'group' has no category 'e' in the table it was fitted on");
    const Table strange = parse_csv("size\n1\n", "t.csv");
    CHECK_THROWS_WITH_AS(model.impute(strange),
                         "the table with the holes has none of the columns that the model has learned", Error);
    CHECK_THROWS_AS(trained({}, "classic").impute(holes), Error);
  }
}

TEST_CASE("rows given in part are completed as the free rows that begin so") {
  const Meg model = trained({"group", "flag", "word"});
  const Table free = made(model, 700, 3), given = columns_of(free, {"flag", "word", "group"});
  // The noise of a row is its own, so what it began with goes on as it did.
  CHECK(to_csv(made(model, 700, 3, {.given = given})) == to_csv(free));
  const Table next = made(model, 700, 4, {.given = given});
  CHECK(to_csv(columns_of(next, given.names())) == to_csv(given));
  CHECK(to_csv(next) != to_csv(free));

  const Table ids = columns_of(free, {"id", "group"});
  CHECK(to_csv(columns_of(made(model, 300, 5, {.where = {"flag=yes|"}, .given = ids}), {"id", "group"})) ==
        to_csv(columns_of(made(model, 300, 3, {.given = ids}), {"id", "group"})));
  const Table part = made_part(model, 255, 3, 4, {.given = given});  // any part of the rows is the same
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < part.columns(); ++c) CHECK(cell(part, r, c) == cell(next, 255 + r, c));

  const Meg by_number = trained({"x", "group"});
  const Table numbers = parse_csv("x\n0.013\n1.50\n-99\n", "x.csv");  // numbers that it never had take the nearest
  CHECK(to_csv(columns_of(made(by_number, 3, 1, {.given = numbers}), {"x"})) == to_csv(numbers));
  const Table more = made(by_number, 500, 1, {.where = {"x=1.50"}});
  for (std::size_t r = 0; r < 500; ++r) CHECK(cell(more, r, 2) == "1.50");
}

TEST_CASE("conditioned rows are a function of model, seed and row, on any threads") {
  const Meg model = trained();
  const GenerateOptions how{.where = {"group=b|c"}, .temperature = 0.7f};
  const Table all = made(model, 600, 9, how);
  CHECK(to_csv(all) == to_csv(made(model, 600, 9, how)));
  CHECK(to_csv(all) != to_csv(made(model, 600, 10, how)));
  check_single_rows(model, all, 9, how);
}

TEST_CASE("a low temperature gives likelier rows, a high one less likely ones") {
  const Meg model = trained();
  const auto mean = [&](float temperature) {
    const Scores scores = model.score(model.generate(500, 1, {.temperature = temperature}));
    double sum = 0;
    for (const double score : scores.total) sum += score / 500;
    return sum;
  };
  CHECK(mean(0.5f) > mean(1) + 0.3);
  CHECK(mean(1) > mean(2) + 0.3);
  CHECK(to_csv(model.generate(5, 1)) == to_csv(model.generate(5, 1, {.temperature = 1})));
  CHECK(model.generate(50, 1, {.temperature = 1e-30f}).rows() == 50);
  CHECK(error_of(model, {.temperature = 0}) == "the `temperature` must be above 0 and at most 2, got 0");
  CHECK(error_of(model, {.temperature = 2.5f}) == "the `temperature` must be above 0 and at most 2, got 2.5");
}

TEST_CASE("what nothing can meet is refused with what to do") {
  const Meg model = trained();
  CHECK(error_of(model, {.where = {"group=e"}}) == "column 'group' has no value 'e'; it has: a, b, c, d");
  CHECK(error_of(model, {.where = {"group="}}) == "column 'group' has no missing values");
  CHECK(error_of(model, {.where = {"group=a", "group=b"}}) ==
        "two conditions are on column 'group': write one, alternatives with a | between them");
  CHECK(error_of(model, {.where = {"size=3"}}) ==
        "the condition 'size=3' is on column 'size', which the model does not have; it has id, group, x, word, flag");
  CHECK(error_of(model, {.where = {"group"}}) ==
        "'group' is no condition: write column=value, column=low..high, or column= (missing)");
  CHECK(error_of(model, {.where = {"id=k1"}}) ==
        "column 'id' is identifier: it is not learned, so nothing can be asked of it");

  const Table strange = parse_csv("group,size\na,1\n", "t.csv"), bad = parse_csv("group,x\na,1\ne,2\n", "t.csv"),
              groups = parse_csv("group\na\nb\n", "t.csv");
  CHECK(error_of(model, {.given = strange}) == "the given rows have a column 'size', which the model does not have");
  CHECK(error_of(model, {.given = bad}, 2) ==
        "row 2 of the given ones: column 'group' has no category 'e' in the table it was fitted on");
  CHECK(error_of(model, {.where = {"group=a"}, .given = groups}) ==
        "column 'group' is in the given rows, and a condition asks for it too");
  CHECK(error_of(model, {.given = groups}, 3) == "rows 0 to 3 are asked for, but only 2 are given");
  CHECK(error_of(trained({}, "classic"), {.where = {"group=a"}}) ==
        "the classic preset makes whole rows from noise: it knows no conditions, given cells and temperatures; train "
        "with `preset=meg` for these");

  CHECK_THROWS_WITH_AS(trained({"size"}), "there is no column 'size' to put into the order", Error);
  CHECK_THROWS_WITH_AS(trained({"x", "x"}), "column 'x' is named twice in the order", Error);
  CHECK_THROWS_WITH_AS(trained({"id"}), "column 'id' is identifier, which is not learned: it has no place in the order",
                       Error);
  CHECK_THROWS_AS(trained({"x"}, "classic"), Error);
}

TEST_CASE("a column of very many categories is one column outside: conditions, given rows, scores, the order") {
  std::string text = "flag,town,x\n", every = text;
  for (int i = 0; i < 2600; ++i) text += fmt::format("{},t{},{}\n", i % 2, i % 1200, i % 1200 / 100 + i % 3);
  for (int i = 0; i < 1200; ++i) every += fmt::format("1,t{},5\n", i);
  Options options;
  options.meg.refine_steps = 0;
  options.meg.order = {"town"};
  Meg model(options);
  model.load_data(parse_csv(text, "towns.csv"));
  model.train(2, 64);
  CHECK(model.output_dim() == 3);
  CHECK(model.generation_order() == std::vector<std::string>{"town", "flag", "x"});

  const Table given = parse_csv("town\nt7\nt1199\n", "t.csv");
  const Table out = made(model, 2, 0, {.given = given});
  CHECK(out.columns() == 3);
  CHECK(cell(out, 0, 1) == "t7");
  CHECK(cell(out, 1, 1) == "t1199");
  const Table same = made(model, 300, 0, {.where = {"town=t31", "flag=1"}});
  for (std::size_t r = 0; r < 300; ++r) CHECK((cell(same, r, 1) == "t31" && cell(same, r, 0) == "1"));
  for (int i = 1; i < 1200; ++i)  // of one block with t0 or of another
    CHECK(error_of(model, {.where = {fmt::format("town=t0|t{}", i)}}) ==
          "column 'town' has very many categories, so a choice among them cannot be asked for: ask for one");
  const Table flagged = made(model, 100, 0, {.where = {"flag=1", "x=3..7"}});
  for (std::size_t r = 0; r < 100; ++r) CHECK((cell(flagged, r, 0) == "1" && cell(flagged, r, 1).starts_with('t')));

  const Scores scores = model.score(parse_csv(every, "every.csv"));
  CHECK(scores.columns == std::vector<std::string>{"flag", "town", "x"});
  double sum = 0;
  for (std::size_t r = 0; r < 1200; ++r) {
    CHECK(scores.total[r] ==
          doctest::Approx(scores.parts[3 * r] + scores.parts[3 * r + 1] + scores.parts[3 * r + 2]).epsilon(1e-12));
    sum += std::exp(scores.parts[3 * r + 1]);
  }
  CHECK(sum == doctest::Approx(1).epsilon(1e-4));  // 30 blocks of 40 places: all pairs are towns
  const Scores unknown = model.score(parse_csv("flag,town,x\n1,nowhere,5\n", "unknown.csv"));
  CHECK(unknown.parts[1] == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(unknown.parts[0]));
  CHECK(unknown.total[0] == -std::numeric_limits<double>::infinity());
}

TEST_CASE("a column of very many categories is conditioned, given and filled as one") {
  std::string text = "flag,town,x\n";
  for (int i = 0; i < 2600; ++i)
    text += fmt::format("{},{},{}\n", i % 2, i % 13 == 0 ? "" : fmt::format("t{}", i % 1200), i % 1200 / 100);
  for (const bool any_order : {true, false}) {
    Options options;
    options.meg.refine_steps = 0;
    options.meg.any_order = any_order;
    Meg model(options);
    model.load_data(parse_csv(text, "towns.csv"));
    model.train(2, 64);
    const Table same = made(model, 300, 0, {.where = {"x=3", "town=t31", "flag=1"}});
    for (std::size_t r = 0; r < 300; ++r) CHECK((cell(same, r, 1) == "t31" && cell(same, r, 0) == "1"));
    std::string holes = "x,town,flag\n";
    for (int i = 0; i < 500; ++i) holes += fmt::format("{},{},\n", i % 12, i % 5 == 0 ? "t7" : "");
    const Table filled = model.impute(parse_csv(holes, "holes.csv"));
    for (std::size_t r = 0; r < 500; ++r) {
      CHECK(cell(filled, r, 1).starts_with('t'));
      CHECK((r % 5 > 0 || cell(filled, r, 1) == "t7"));
      CHECK(!cell(filled, r, 2).empty());
    }
  }
}

TEST_CASE("no hole of very many categories is filled with a hole, however often cells are missing") {
  // With missing cells 1261 categories: 8 of 27 blocks have a place less than the others.
  std::string text = "town,x\n";
  for (int i = 0; i < 5040; ++i) text += fmt::format("{},{}\n", i % 4 > 0 ? "" : fmt::format("t{}", i / 4), i % 5);
  std::string holes = "x,town\n";
  for (int i = 0; i < 10000; ++i) holes += fmt::format("{},\n", i % 5);
  Options options;
  options.meg.refine_steps = 0, options.meg.any_order = true;
  options.types = {{"town", ColumnType::kCategorical}};
  options.learning_rate = 1e-6f;  // so that the place which only larger blocks have is drawn, too
  Meg model(options);
  model.load_data(parse_csv(text, "towns.csv"));
  model.train(1, 512);
  const Table filled = model.impute(parse_csv(holes, "holes.csv"));
  for (std::size_t r = 0; r < filled.rows(); ++r) REQUIRE(cell(filled, r, 1).starts_with('t'));
}

TEST_CASE("of any order, conditions may be on dates, by day or by part of the range") {
  std::string text = "day,kind\n";
  for (int i = 0; i < 600; ++i)
    text += fmt::format("{}-{:02}-{:02},{}\n", 2001 + i % 20, i % 12 + 1, i % 28 + 1, "ab"[i % 20 > 9]);
  Options options;
  options.meg.refine_steps = 0, options.meg.any_order = true;
  Meg model(options);
  model.load_data(parse_csv(text, "days.csv"));
  model.train(4, 64);
  const Table some = made(model, 200, 0, {.where = {"day=2004-03-01..2004-12-31"}});
  for (std::size_t r = 0; r < 200; ++r) {
    CHECK(cell(some, r, 0) >= "2004-03-01");
    CHECK(cell(some, r, 0) <= "2004-12-31");
  }
  const Table given = parse_csv("kind,day\na,2010-05-06\n,2011-01-01\n,\n", "given.csv");
  const Table completed = made(model, 3, 0, {.given = given});
  CHECK(cell(completed, 0, 0) == "2010-05-06");
  CHECK(cell(completed, 1, 0) == "2011-01-01");
  CHECK(cell(completed, 2, 0).size() == 10);
  CHECK(error_of(model, {.where = {"day=2004-03-01 10:00.."}}) ==
        "column 'day' is datetime, written %Y-%m-%d, but '2004-03-01 10:00' is not");
}

TEST_CASE("of any order, given identifiers are kept, and generated where there is none") {
  const Meg model = trained({}, "meg", kAnyOrder);
  const Table ids = parse_csv("id,word\nk1,\n,high\n\" \",low\n", "ids.csv"),
              alone = parse_csv("id\nk1\n\" \"\n", "i.csv");
  for (const Table* given : {&ids, &alone}) {
    const Table rows = made(model, given->rows(), 0, {.given = *given});
    const std::size_t id = rows.place_of("id");
    CHECK(cell(rows, 0, id) == "k1");
    for (std::size_t r = 1; r < rows.rows(); ++r) CHECK(cell(rows, r, id).size() > 1);
  }
}
