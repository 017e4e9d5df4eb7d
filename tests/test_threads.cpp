#include <atomic>
#include <thread>

#include "core/table/write/csv.h"
#include "meg/meg.h"
#include "tests/support.h"
#include "tests/tables.h"

using namespace meg;

namespace {

/// A word that says the sign of a number, and a number with holes.
Table table_with_holes() {
  const test::Floats z = test::random(200, 5);
  std::string text = "x,sign,y\n";
  for (std::size_t i = 0; i < z.size(); ++i)
    text +=
        std::to_string(z[i]) + (z[i] > 0 ? ",plus," : ",minus,") + (i % 10 == 0 ? "" : std::to_string(i % 7)) + "\n";
  return parse_csv(text, "t.csv");
}

Meg trained(const std::string& preset, int threads) {
  Options options;
  options.preset = preset, options.threads = threads;
  if (preset == "meg") options.meg.any_order = true, options.meg.refine_steps = 0;
  Meg model(options);
  model.load_data(table_with_holes());
  model.train(3, 64);
  return model;
}

std::string text_of(const Meg& model, const Table& rows) { return to_csv(rows, model.schema()); }

/// One of the calls that a service makes, and what it says.
std::string call(const Meg& model, const Table& table, int which) {
  const auto seed = static_cast<std::uint64_t>(which / 6);
  if (model.options().preset == "classic") return text_of(model, model.generate(static_cast<std::size_t>(which), seed));
  switch (which % 6) {
    case 0: return text_of(model, model.generate(1, seed));
    case 1: return text_of(model, model.generate(300, seed));
    case 2: return text_of(model, model.generate(20, seed, {.where = {"y=2..4"}}));
    case 3: return text_of(model, model.generate(20, seed, {.where = {"sign=plus", "y=1"}}));
    case 4: return text_of(model, model.impute(table, seed));
    default: {
      const Scores scores = model.score(table);
      std::string out;
      for (const double total : scores.total) out += std::to_string(total) + "\n";
      return out;
    }
  }
}

}  // namespace

TEST_CASE("many threads share a model, and each gets what it would get alone") {
  constexpr int kThreads = 8, kCalls = 12;
  for (const char* preset : {"meg", "classic"})
    for (const int threads : {1, 2}) {
      CAPTURE(preset);
      CAPTURE(threads);
      const Meg model = trained(preset, threads);
      const Table table = table_with_holes();
      std::vector<std::string> alone;
      for (int i = 0; i < kCalls; ++i) alone.push_back(call(model, table, i));
      std::atomic<int> wrong{0};
      std::vector<std::thread> service;
      for (int t = 0; t < kThreads; ++t)
        service.emplace_back([&, t] {
          for (int i = 0; i < kCalls; ++i) {
            const int which = (i + t) % kCalls;
            if (call(model, table, which) != alone[static_cast<std::size_t>(which)]) ++wrong;
          }
        });
      for (std::thread& one : service) one.join();
      CHECK(wrong == 0);
    }
}

TEST_CASE("while a model is trained, other threads are refused and callbacks are not") {
  Options options;
  options.meg.refine_steps = 0;
  Meg model(options);
  model.load_data(table_with_holes());
  int refused = 0, rows = 0;
  model.train(3, 64, [&](const Progress&) {
    rows += static_cast<int>(model.generate(2).rows());
    std::thread other([&] {
      const std::function<void()> uses[] = {[&] { model.generate(2); }, [&] { model.save_model(); },
                                            [&] { model.train(3, 64); }};
      for (const auto& use : uses) try {
          use();
        } catch (const Error& error) {
          refused += error.code() == ErrorCode::kBusy;
        }
    });
    other.join();
  });
  CHECK(rows > 0);
  CHECK(refused == 3 * rows / 2);
  CHECK(model.generate(2).rows() == 2);
  RowStream rows_of_before = model.stream(0, 2);
  model.train(3, 64);
  CHECK_THROWS_AS(rows_of_before.next(), Error);
}
