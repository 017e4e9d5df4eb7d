#include <fmt/format.h>

#include "meg/meg.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;
using test::cell;

namespace {

/// A word, a number around -1 or 1 by the word, a number of few values, sometimes missing, that follows from it.
Table related_table(std::size_t rows, std::uint64_t seed) {
  const test::Floats z = test::random(2 * rows, seed);
  std::string text = "word,x,y\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const bool plus = z[2 * i] > 0;
    text += fmt::format("{},{:.2f},{}\n", plus ? "plus" : "minus",
                        std::clamp((plus ? 1.0f : -1.0f) + 0.3f * z[2 * i + 1], -1.5f, 1.5f),
                        i % 9 == 0 ? "" : std::to_string(plus ? i % 3 : 3 + i % 3));
  }
  return parse_csv(text, "related.csv");
}

Meg trained(const Table& table, int epochs, const std::string& preset = "meg", std::vector<std::string> order = {}) {
  Options options;
  options.preset = preset;
  if (preset == "meg") options.meg.refine_steps = 0;
  options.meg.order = std::move(order);
  Meg model(options);
  model.load_data(table);
  model.train(epochs, 64);
  return model;
}

/// Over the rows that the model can generate: a few lie beyond what it has seen.
double mean_score(const Meg& model, const Table& table) {
  double sum = 0, count = 0;
  for (const double total : model.score(table).total)
    if (std::isfinite(total)) sum += total, ++count;
  REQUIRE(count > 0.9 * static_cast<double>(table.rows()));
  return sum / count;
}

Table from_text(const std::string& text) { return parse_csv(text, "rows.csv"); }

}  // namespace

TEST_CASE("the probabilities of all rows that there are add up to one") {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 150; ++i)
    text += fmt::format("{},{},{}\n", i % 3, i % 5 == 0 ? "" : i % 2 == 0 ? "u" : "v", i * i % 4);
  const Meg model = trained(from_text(text), 10);
  std::string every = "a,b,c\n";
  for (const int a : {0, 1, 2})
    for (const char* b : {"", "u", "v"})
      for (const int c : {0, 1}) every += fmt::format("{},{},{}\n", a, b, c);
  double sum = 0;
  const Scores scores = model.score(from_text(every));
  for (const double total : scores.total) sum += std::exp(total);
  CHECK(sum == doctest::Approx(1).epsilon(1e-5));
}

TEST_CASE("training raises the score of rows that it has not seen") {
  const Table seen = related_table(600, 1), unseen = related_table(300, 2);
  const double little = mean_score(trained(seen, 1), unseen), more = mean_score(trained(seen, 15), unseen);
  CHECK(more > little + 0.5);
}

TEST_CASE("a score is the sum of its parts, and the same alone, in any part of a table and on any threads") {
  const Table table = related_table(700, 3);
  for (const auto& order : {std::vector<std::string>{}, {"y", "x"}}) {
    const Meg model = trained(table, 3, "meg", order);
    const Scores all = model.score(table);
    CHECK(all.columns == std::vector<std::string>{"word", "x", "y"});
    REQUIRE(all.total.size() == 700);
    for (std::size_t r = 0; r < 700; ++r)
      CHECK(all.total[r] == doctest::Approx(all.parts[3 * r] + all.parts[3 * r + 1] + all.parts[3 * r + 2]));
    for (const std::size_t r : {0u, 1u, 255u, 256u, 699u}) {
      std::string text = "y,id,x,word\n";  // in another order, beside a column that the model does not know
      text += fmt::format("{},7,{},{}\n", cell(table, r, 2), cell(table, r, 1), cell(table, r, 0));
      const Scores alone = model.score(from_text(text)), part = model.score(table, r, 1);
      CHECK(alone.total[0] == all.total[r]);
      CHECK(part.total[0] == all.total[r]);
      for (std::size_t c = 0; c < 3; ++c) CHECK(alone.parts[c] == all.parts[3 * r + c]);
    }
  }
}

TEST_CASE("an anomaly among good rows has the lowest score") {
  const Meg model = trained(related_table(600, 1), 15);
  std::string text = "word,x,y\n";
  for (int i = 0; i < 40; ++i)
    text += i % 2 ? fmt::format("plus,{:.2f},1\n", 0.8 + 0.01 * i) : fmt::format("minus,-1.{:02},4\n", i);
  text += "plus,-1.10,1\n";  // each cell is common, but not beside the others
  const Scores scores = model.score(from_text(text));
  const auto lowest = std::min_element(scores.total.begin(), scores.total.end());
  CHECK(lowest - scores.total.begin() == 40);
  CHECK(scores.parts[3 * 40 + 1] < -3);  // and its part says why
}

TEST_CASE("what the model can never generate has the score minus infinity") {
  const Meg model = trained(related_table(300, 1), 2);
  const Scores scores = model.score(
      from_text("word,x,y\nplus,0.9,1\nnever,0.9,1\n,0.9,1\nplus,99,1\nplus,0.9,1000\nplus,word,7\nplus,0.9,\n"));
  const auto part = [&](std::size_t row, std::size_t column) { return scores.parts[3 * row + column]; };
  for (const std::size_t r : {0u, 6u}) CHECK(std::isfinite(scores.total[r]));
  for (const std::size_t r : {1u, 2u, 3u, 4u, 5u}) CHECK(scores.total[r] == -std::numeric_limits<double>::infinity());
  for (const auto& [row, column] : {std::pair{1u, 0u}, {2u, 0u}, {3u, 1u}, {4u, 2u}, {5u, 1u}, {5u, 2u}})
    CHECK(part(row, column) == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(part(1, 1)));  // there is no likelihood given an impossible cell
  CHECK(std::isfinite(part(3, 0)));
  CHECK_THROWS_AS(model.score(from_text("word,x\nplus,0.9\n")), Error);
  CHECK_THROWS_AS(model.score(related_table(10, 1), 5, 6), Error);
  CHECK_THROWS_WITH_AS(
      trained(related_table(100, 1), 1, "classic").score(related_table(10, 1)),
      "the classic preset makes rows and cannot say how likely one is; train with `preset=meg` for that", Error);
}
