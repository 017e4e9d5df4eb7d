#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/input_file.h"
#include "core/model/classic/masks.h"
#include "core/nn/column_layout.h"
#include "meg/meg.h"
#include "tests/folder.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using test::cell;
using test::Folder;

namespace {

std::string bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Three columns: a number, its sign as a word, and a number with missing cells.
Table small_table() {
  const test::Floats z = test::random(200, 5);
  std::string text = "x,sign,y\n";
  for (std::size_t i = 0; i < z.size(); ++i)
    text +=
        fmt::format("{:.2f},{},{}\n", z[i], z[i] > 0 ? "plus" : "minus", i % 10 == 0 ? "NA" : std::to_string(i % 7));
  return parse_csv(text, "small.csv");
}

/// 100 columns, of which every second repeats the one before it: words and numbers in turn.
Table wide_table(int rows) {
  const Philox philox(3, Stream::kMeasure);
  std::string text;
  for (int c = 0; c < 100; ++c) text += fmt::format("{}c{}", c > 0 ? "," : "", c);
  text += "\n";
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
    for (std::uint32_t c = 0; c < 100; ++c) {
      const std::uint32_t word = philox.bits(r, c / 2)[0] % 3;
      text += c % 4 < 2 ? fmt::format("{}", "abc"[word]) : fmt::format("{}", 10 * word);
      text += c + 1 < 100 ? "," : "\n";
    }
  return parse_csv(text, "wide.csv");
}

constexpr bool kAnyOrder = true;

Options options_of(const std::string& preset, bool any_order = false) {
  Options options;
  options.preset = preset;
  options.meg.any_order = any_order;
  if (preset == "meg") options.meg.refine_steps = 20;
  return options;
}

Options classic() { return options_of("classic"); }

}  // namespace

TEST_CASE("a resumed run writes the same model file, byte for byte, as an uninterrupted one") {
  struct Case {
    const char* preset;
    bool any_order;
    int stop;
  };
  // 17: within an epoch; 40 and 50: of meg within the refinement, the discriminator alone and both.
  for (const Case& c : {Case{"classic", false, 17},
                        {"meg", false, 17},
                        {"meg", false, 40},
                        {"meg", false, 50},
                        {"meg", kAnyOrder, 17},
                        {"meg", kAnyOrder, 50}}) {
    CAPTURE(c.preset);
    CAPTURE(c.any_order);
    CAPTURE(c.stop);
    const Folder folder;
    Meg whole(options_of(c.preset, c.any_order));
    whole.load_data(small_table());
    whole.train(12, 64);
    CHECK(whole.finished());
    whole.save_model(folder.path / "whole.meg");

    Meg begun(options_of(c.preset, c.any_order));
    begun.load_data(small_table());
    int steps = 0;
    begun.train(12, 64, {}, [&] { return ++steps < c.stop; });
    CHECK(!begun.finished());
    begun.save_model(folder.path / "checkpoint.meg");
    CHECK(Meg::load_model(folder.path / "checkpoint.meg").generate(5).rows() == 5);
    Meg resumed = Meg::load_model(folder.path / "checkpoint.meg");
    resumed.load_data(small_table());
    resumed.train(12);
    resumed.save_model(folder.path / "resumed.meg");
    CHECK(bytes(folder.path / "resumed.meg") == bytes(folder.path / "whole.meg"));

    Meg other = Meg::load_model(folder.path / "checkpoint.meg");
    CHECK_THROWS_AS(other.load_data(parse_csv("x,sign,y\n0.5,plus,1\n1.5,minus,2\n", "t.csv")), Error);
  }
}

TEST_CASE("a loaded model generates the same rows, and a row is the same alone, in any batch and on any threads") {
  for (const char* preset : {"classic", "meg"}) {
    CAPTURE(preset);
    const Folder folder;
    Meg model(options_of(preset));
    model.load_data(small_table());
    model.train(3, 64);
    model.save_model(folder.path / "m.meg");
    Options one_thread;
    one_thread.threads = 1;
    const Meg loaded = Meg::load_model(folder.path / "m.meg", one_thread);
    const Table all = model.generate(3000, 9);
    CHECK(to_csv(all) == to_csv(loaded.generate(3000, 9)));
    CHECK(to_csv(all) != to_csv(loaded.generate(3000, 10)));
    for (const std::uint64_t row : {0u, 255u, 256u, 1023u, 1024u, 2999u}) {
      const Table one = test::all_rows(loaded.stream(row, 1, 9));
      REQUIRE(one.rows() == 1);
      for (std::size_t c = 0; c < 3; ++c) CHECK(cell(one, 0, c) == cell(all, row, c));
    }
  }
}

TEST_CASE("a model in memory is the bytes of its file, and damaged ones are refused") {
  const Folder folder;
  Meg model(options_of("meg"));
  model.load_data(small_table());
  model.train(2, 64);
  model.save_model(folder.path / "m.meg");
  std::vector<std::byte> bytes = model.save_model();
  const std::string file = read_file(folder.path / "m.meg", "a model");
  CHECK(std::ranges::equal(std::as_bytes(std::span(file)), bytes));
  CHECK(to_csv(Meg::load_model(bytes).generate(100, 9)) == to_csv(model.generate(100, 9)));
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, bytes.size() / 2, bytes.size() - 1})
    CHECK_THROWS_AS(Meg::load_model(std::span(bytes).first(size)), Error);
  bytes.back() ^= std::byte{1};
  CHECK_THROWS_WITH_AS(Meg::load_model(bytes), "the model in memory is damaged: its checksum does not match", Error);
}

TEST_CASE("a table of a hundred columns is learned: columns that are equal come out equal" *
          doctest::test_suite("long")) {
  Meg model(options_of("meg"));
  model.load_data(wide_table(1000));
  model.train(9);
  const Table rows = model.generate(500);
  double agree = 0, next = 0;
  for (std::size_t r = 0; r < 500; ++r)
    for (std::size_t c = 0; c < 100; c += 2) {
      agree += cell(rows, r, c) == cell(rows, r, c + 1) ? 1.0 / 25'000 : 0;
      next += c + 4 < 100 && cell(rows, r, c) == cell(rows, r, c + 4) ? 1.0 / 24'000 : 0;
    }
  MESSAGE(agree, " of the pairs agree");
  CHECK(agree > 0.9);
  CHECK(next == doctest::Approx(1.0 / 3).epsilon(0.1));  // columns that have nothing to do with one another
}

TEST_CASE("a wide run that was interrupted resumes bit for bit, and its rows too come out the same from a file" *
          doctest::test_suite("long")) {
  const Folder folder;
  const Table table = wide_table(200);
  Meg whole(options_of("meg"));
  whole.load_data(table);
  whole.train(3);
  whole.save_model(folder.path / "whole.meg");
  CHECK(to_csv(Meg::load_model(folder.path / "whole.meg").generate(300, 9)) == to_csv(whole.generate(300, 9)));
  for (const int stop : {5, 35}) {  // within an epoch of the warm-up, and in the refinement
    CAPTURE(stop);
    Meg begun(options_of("meg"));
    begun.load_data(table);
    int steps = 0;
    begun.train(3, 0, {}, [&, last = stop] { return ++steps < last; });
    CHECK(!begun.finished());
    begun.save_model(folder.path / "checkpoint.meg");
    Meg resumed = Meg::load_model(folder.path / "checkpoint.meg");
    resumed.load_data(table);
    resumed.train(3);
    resumed.save_model(folder.path / "resumed.meg");
    CHECK(bytes(folder.path / "resumed.meg") == bytes(folder.path / "whole.meg"));
  }
}

TEST_CASE("a wide table of any order: a column of a pair is filled from the other, and conditions on any hold" *
          doctest::test_suite("long")) {
  Options options = options_of("meg", kAnyOrder);
  options.meg.refine_steps = 0;
  Meg model(options);
  model.load_data(wide_table(1000));
  model.train(40);  // what is behind a column is learned from half of the rows, and there from half again
  std::string text = "c1,c0,c98\n";
  for (int r = 0; r < 600; ++r) text += fmt::format("{},,10\n", "abc"[r % 3]);
  const Table holes = parse_csv(text, "holes.csv"), filled = model.impute(holes, 1);
  double agree = 0;
  for (std::size_t r = 0; r < 600; ++r) agree += cell(filled, r, 0) == cell(filled, r, 1) ? 1.0 / 600 : 0;
  MESSAGE(agree, " of the holes are filled with their pair");
  CHECK(agree > 0.6);  // 1/3 by chance; slow to learn, in the generation order it is 0.99
  const Table rows = model.generate(300, 1, {.where = {"c99=20|10", "c50=10"}});
  double next = 0;
  for (std::size_t r = 0; r < 300; ++r) {
    CHECK((cell(rows, r, 99) == "20" || cell(rows, r, 99) == "10"));
    CHECK(cell(rows, r, 50) == "10");
    next += cell(rows, r, 98) == cell(rows, r, 99) ? 1.0 / 300 : 0;
  }
  CHECK(next > 0.5);
}

TEST_CASE("the masks of a model are its own: another start is refused") {
  const Folder folder;
  Meg fixed(options_of("meg"));
  fixed.load_data(small_table());
  fixed.train(2, 64);
  fixed.save_model(folder.path / "fixed.meg");
  CHECK_THROWS_WITH_AS(
      Meg::start_from(folder.path / "fixed.meg", options_of("meg", kAnyOrder)),
      "the model to start from generates in a fixed order, and `any_order` would need weights that it has "
      "not",
      Error);
  Meg any(options_of("meg", kAnyOrder));
  any.load_data(small_table());
  any.train(2, 64);
  any.save_model(folder.path / "any.meg");
  CHECK(Meg::load_model(folder.path / "any.meg").any_order());
  CHECK(Meg::start_from(folder.path / "any.meg", options_of("meg")).any_order());
  CHECK(to_csv(Meg::load_model(folder.path / "any.meg").generate(300, 9)) == to_csv(any.generate(300, 9)));
}

TEST_CASE("more columns than the noise of a row has numbers for are refused") {
  std::string names = "c0", row = "1";
  for (int c = 1; c <= kMostModelColumns; ++c) names += fmt::format(",c{}", c), row += ",1";
  Meg model(options_of("meg"));
  CHECK_THROWS_WITH_AS(
      model.load_data(parse_csv(names + "\n" + row + "\n" + row + "\n", "t.csv")),
      "the table has 16385 columns to learn, the model holds at most 16384: leave some out with `drop`", Error);
}

TEST_CASE("a run goes on with what it began with, and says so where it is asked for something else") {
  const Folder folder;
  Meg begun(options_of("meg"));
  begun.load_data(small_table());
  int steps = 0;
  begun.train(12, 16, {}, [&] { return ++steps < 15; });  // in the middle of an epoch
  begun.save_model(folder.path / "begun.meg");
  const Table other = parse_csv("x,sign,y\n0.5,plus,1\n1.5,minus,2\n", "t.csv");
  CHECK_THROWS_AS(begun.load_data(other), Error);
  Meg resumed = Meg::load_model(folder.path / "begun.meg");
  CHECK(resumed.batch_size() == 16);
  CHECK(resumed.generate(3).rows() == 3);
  resumed.load_data(small_table());
  CHECK_THROWS_AS(resumed.train(12, 300), Error);
  CHECK_THROWS_AS(resumed.train(99, 16), Error);
  resumed.train();
  CHECK(resumed.finished());
  resumed.train();  // nothing is left to do
  CHECK_THROWS_AS(resumed.train(99), Error);
  CHECK_THROWS_AS(resumed.load_data(other), Error);
}

TEST_CASE("a classic run keeps its length, and its batches within an epoch") {
  const Folder folder;
  const std::string path = folder.path / "m.meg";
  Meg model(options_of("classic"));
  model.load_data(small_table());
  model.train(5, 64);
  model.save_model(path);
  Meg loaded = Meg::load_model(path);
  CHECK(loaded.finished());
  loaded.load_data(small_table());
  loaded.train();  // nothing is left to do
  CHECK(loaded.epochs_done() == 5);
  loaded.train(7, 32);
  CHECK(loaded.epochs_done() == 7);

  int steps = 0;
  loaded.train(9, 32, {}, [&] { return ++steps < 3; });  // in the middle of an epoch
  CHECK_THROWS_WITH_AS(loaded.train(9, 64), doctest::Contains("within an epoch of batches of 32 rows"), Error);
  loaded.train();
  CHECK(loaded.epochs_done() == 9);
}

TEST_CASE("text that is not UTF-8 and rows beyond all numbers are refused before any work") {
  for (const bool in_name : {true, false}) {
    const Table table = test::text_column(in_name ? "a\xFF" : "a", test::Texts(3, in_name ? "x" : "\xFF"));
    Meg model;
    CHECK_THROWS_WITH_AS(model.load_data(table), doctest::Contains("is not UTF-8"), Error);
  }
  Meg model(options_of("meg"));
  model.load_data(small_table());
  model.train(1);
  CHECK(test::all_rows(model.stream((std::uint64_t{1} << 50) - 1, 1)).rows() == 1);
  CHECK_THROWS_AS(model.stream((std::uint64_t{1} << 50) - 1, 2), Error);
  CHECK_THROWS_AS(model.stream(~std::uint64_t{0}, 2), Error);
  CHECK_THROWS_AS(model.stream(2, ~std::size_t{0}), Error);
}

TEST_CASE("training goes on from a trained model on other rows of the same columns") {
  for (const char* preset : {"classic", "meg"}) {
    CAPTURE(preset);
    const Folder folder;
    Meg model(options_of(preset));
    model.load_data(small_table());
    model.train(20, 64);
    model.save_model(folder.path / "m.meg");
    Options options = options_of(preset);
    options.learning_rate = 1e-4f;
    Meg next = Meg::start_from(folder.path / "m.meg", options);
    CHECK(next.epochs_done() == 0);
    next.load_data(parse_csv("x,sign,y\n0.51,plus,1\n-1.50,minus,2\n0.25,plus,NA\n", "t.csv"));
    next.train(2, 2);
    CHECK(next.epochs_done() == 2);
    CHECK(next.generate(5).columns() == 3);
    Meg strange = Meg::start_from(folder.path / "m.meg", options);
    CHECK_THROWS_AS(strange.load_data(parse_csv("u,v\n1,2\n3,4\n", "t.csv")), Error);
  }
}

TEST_CASE("masks group columns under generators, and must partition the columns") {
  const Folder folder;
  const std::vector<std::string> columns{"a", "b", "c"};
  const auto error = [&](const std::vector<std::string>& lines) -> std::string {
    try {
      masks_of(lines, columns);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  const Masks masks = masks_of(std::vector<std::string>{"1 0 1", "", "0,1,0"}, columns);
  CHECK(masks.order == std::vector<int>{0, 2, 1});
  CHECK(masks.widths == std::vector<int>{2, 1});
  CHECK(masks.to_places(test::Floats{1, 2, 3, 4, 5, 6}) == test::Floats{1, 3, 2, 4, 6, 5});
  const Masks turned({1, 2, 0}, {1, 2});
  const test::Floats row{7, 8, 9}, in_places = turned.to_places(row);
  CHECK(in_places == test::Floats{8, 9, 7});
  for (std::size_t column = 0; column < 3; ++column) CHECK(in_places[turned.places()[column]] == row[column]);
  CHECK(error({"110", "011"}) == "line 2 of `masks`: column 'b' is in the mask of line 1 too; masks must not overlap");
  CHECK(error({"110"}) == "no line of `masks` has column 'c'; the masks must cover all columns");
  CHECK(error({"11", "001"}) == "line 1 of `masks`: a mask of 2 digits for 3 columns");
  CHECK(error({"1101"}) == "line 1 of `masks`: a mask of more than the 3 columns");
  CHECK(error({"111", "000"}) == "line 2 of `masks`: the mask of a generator that writes no column");
  CHECK(error({"12"}) == "line 1 of `masks`: '2' in a mask; a mask is written in 0 and 1");

  Options options = classic();
  options.classic.masks = {"011", "100"};
  Meg grouped(options);
  grouped.load_data(small_table());
  grouped.train(2, 64);
  grouped.save_model(folder.path / "m.meg");
  CHECK(to_csv(Meg::load_model(folder.path / "m.meg").generate(50)) == to_csv(grouped.generate(50)));
  CHECK(contiguous_masks(5, 2).widths == std::vector<int>{3, 2});
  CHECK_THROWS_AS(contiguous_masks(3, 4), Error);
}

TEST_CASE("constant, all-missing, single-column and two-row tables train; one row does not") {
  for (const char* text : {"a,b,c\n5,,x\n5,,y\n5,,x\n", "a\n1\n2\n3\n", "a,b\n1,x\n2,y\n"})
    for (const Options& options : {classic(), options_of("meg"), options_of("meg", kAnyOrder)}) {
      CAPTURE(text);
      CAPTURE(options.preset);
      CAPTURE(options.meg.any_order);
      const Table table = parse_csv(text, "t.csv");
      Meg model(options);
      model.load_data(table);
      model.train(2, 64);
      CHECK(model.generate(10).rows() == 10);
      if (options.preset == "classic") continue;
      for (const double total : model.score(table).total) CHECK(std::isfinite(total));
      if (!model.any_order()) continue;
      const Table holes =
          test::text_table(table.names(), std::vector<test::Texts>(3, test::Texts(table.columns(), "")));
      const Table filled = model.impute(holes);
      REQUIRE(filled.rows() == 3);
      for (std::size_t c = 0; c < table.columns(); ++c) {
        const bool learned = !cell(table, 0, c).empty();  // of a column of nothing but holes there is nothing to learn
        for (std::size_t r = 0; r < 3; ++r) CHECK(cell(filled, r, c).empty() != learned);
      }
    }
  Meg model(classic());
  CHECK_THROWS_WITH_AS(model.load_data(parse_csv("a\n1\n", "t.csv")), "the table has 1 row; learning needs 2 or more",
                       Error);
  CHECK_THROWS_AS(model.train(), Error);
  CHECK_THROWS_AS(model.generate(1), Error);
  CHECK_THROWS_AS(model.save_model("/tmp/none.meg"), Error);
}

TEST_CASE("a refinement that the gate refuses leaves the rows of the warm-up") {
  const Table table = read_table(std::filesystem::path(MEG_TEST_DATA) / "../../docs/examples/data/penguins.csv");
  const auto trained = [&](int steps, float gamma) {
    Options options;
    options.meg.refine_steps = steps, options.gamma = gamma;
    Meg model(options);
    model.load_data(table);
    model.train(1);
    return model;
  };
  const Meg plain = trained(0, 1), refined = trained(20, 1), wild = trained(400, 0);
  CHECK_FALSE(plain.refined());
  CHECK(refined.refined());
  CHECK_FALSE(wild.refined());
  CHECK(to_csv(plain.generate(200)) == to_csv(wild.generate(200)));
  CHECK(to_csv(plain.generate(200)) != to_csv(refined.generate(200)));
}
