#include <atomic>
#include <cmath>
#include <cstring>

#include "core/fail.h"
#include "core/model/decoding.h"
#include "core/model/ensemble/generation.h"
#include "core/model/preset.h"
#include "tests/backends.h"
#include "tests/columns.h"
#include "tests/tables.h"

/// From cells to text: decoding on every device, and the passes, downloads and threads on the way.

using namespace meg;
using test::Floats;

namespace {

/// Columns of every kind: words, whole numbers around zero, spikes beside a skewed decimal with holes, dates, numbers
/// without a grid, few numbers, parts of a split column, running numbers, notes.
Table table_of_all_kinds(std::size_t rows) {
  std::string text = "sex,balance,pay,day,huge,age,town,id,note\n";
  const Philox philox(5, Stream::kMeasure);
  for (std::size_t r = 0; r < rows; ++r) {
    const auto z = philox.normal(r, 0);
    std::string day;
    append_datetime(86400.0 * std::round(2e4 + 4e3 * static_cast<double>(z[1])), "%Y-%m-%d", 0, day);
    text += fmt::format("{},{:.0f},{},{},{:.17g},{},town {},{},{}\n", r % 3 ? "f" : "m", 300 * z[0],
                        r % 4 == 0   ? "0.00"
                        : r % 7 == 0 ? ""
                                     : fmt::format("{:.2f}", 10 * std::exp(z[2])),
                        day, 1e300 * static_cast<double>(z[3]), 20 + r % 9, r * r % 211, r + 7,
                        r % 5 ? fmt::format("said {}", r) : "NA");
  }
  return parse_csv(text, "t.csv");
}

TableCoding coding_of(const Table& table) { return TableCoding(infer_table(table), 5, {.most_categories = 50}); }

/// Every code of every column in turn; z over the range of the continuous ones and beyond, and NaN.
Floats cells_of(const TableCoding& coding, std::size_t rows) {
  const std::size_t n = coding.columns().size();
  const Floats z = test::random(rows * n, 3);
  Floats cells(rows * 3 * n, 0.0f);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t k = 0; k < n; ++k) {
      const Column& column = coding.columns()[k];
      const int code = r % 2 == 0 && column.continuous_code() >= 0 ? column.continuous_code()
                                                                   : static_cast<int>(r / 2) % column.codes();
      cells[r * 3 * n + k] = static_cast<float>(code);
      cells[r * 3 * n + n + k] = r == 8 ? NAN : r == 10 ? column.z_low() : r == 12 ? column.z_high() : 2 * z[r * n + k];
    }
  return cells;
}

/// The number of a z by a search from the first knot on, and the grid's number nearest to it.
double reference_number(const GridTables& of, float z) {
  const ScoreTables& t = of.tables;
  const float cut = std::isnan(z) ? t.scores[0] : std::clamp(z, t.scores[0], t.scores[t.knots - 1]);
  std::size_t i = 0;
  while (i + 2 < t.knots && t.scores[i + 1] <= cut) ++i;
  const long double low = t.scores[i], share = (static_cast<long double>(cut) - low) / (t.scores[i + 1] - low);
  const long double exact = t.quantiles[i] + share * (static_cast<long double>(t.quantiles[i + 1]) - t.quantiles[i]);
  const long double steps = of.step == 0 ? 0 : std::round((exact - of.smallest) / of.step);
  return std::clamp(static_cast<double>(of.step == 0 ? exact : of.smallest + steps * of.step), of.smallest, of.largest);
}

struct Decoded {
  std::vector<std::uint32_t> code;
  std::vector<double> number;
};

Decoded decode(Backend& backend, const TableCoding& coding, const Floats& cells, std::size_t rows) {
  const std::size_t n = coding.columns().size(), numbers = coding.number_columns().size();
  const Decoding decoding(backend, coding);
  const Memory in = backend.allocate(cells.size()), code = backend.allocate(rows * n),
               number = backend.allocate(2 * rows * numbers);
  backend.upload(cells, in);
  backend.decode(decoding.numbers(), in.view(rows, 3 * n), code.view_as<std::uint32_t>(rows, n),
                 number.view_as<double>(rows, numbers));
  Decoded out{std::vector<std::uint32_t>(rows * n), std::vector<double>(rows * numbers)};
  Floats words(code.size() + number.size());
  backend.download(code, std::span(words).first(code.size()));
  backend.download(number, std::span(words).subspan(code.size()));
  if (rows == 0) return out;
  std::memcpy(out.code.data(), words.data(), 4 * code.size());
  std::memcpy(out.number.data(), words.data() + code.size(), 4 * number.size());
  return out;
}

/// An ensemble with random weights on a table's columns.
struct Trained {
  Trained(std::unique_ptr<Backend> on, const TableCoding& table, int hidden)
      : backend(std::move(on)), coding(table), ensemble(layout(), {.hidden = hidden}), decoding(*backend, coding) {
    Floats p(ensemble.parameters());
    ensemble.initialize(3, p);
    parameters = backend->allocate(p.size());
    backend->upload(p, parameters);
    constants = backend->allocate(ensemble.constants());
    backend->upload(test::random(ensemble.constants(), 4), constants);
  }
  ColumnsLayout layout() const {
    ColumnsLayout out;
    for (const Column& column : coding.columns())
      out.columns.push_back({.codes = column.codes(),
                             .continuous = column.continuous_code(),
                             .z_low = column.z_low(),
                             .z_high = column.z_high()});
    return out;
  }
  TrainedEnsemble get(int threads = 1) const {
    return {*backend, ensemble, coding, parameters, constants, decoding.numbers(), threads};
  }
  std::string csv(std::uint64_t first_row, std::size_t count, int threads = 1, const GenerateOptions& how = {}) const {
    const CsvPrinter printer(empty_table(coding.schema()), coding.schema());
    std::string out;
    const auto rows = generate_rows(get(threads), first_row, count, 9, how);
    while (const std::optional<Table> some = rows->next()) printer.append_rows(*some, out, threads);
    return out;
  }

  std::unique_ptr<Backend> backend;
  const TableCoding& coding;
  MaskedEnsemble ensemble;
  Decoding decoding;
  Memory parameters, constants;
};

}  // namespace

TEST_CASE_TEMPLATE("cells of every kind of column decode to their codes and numbers", On, EVERY_BACKEND) {
  const auto backend = On::make();
  const TableCoding coding = coding_of(table_of_all_kinds(600));
  const std::size_t n = coding.columns().size(), numbers = coding.number_columns().size();
  REQUIRE(n == 9);
  REQUIRE(numbers == 4);
  for (const std::size_t rows : {0u, 1u, 15u, 300u}) {
    const Floats cells = cells_of(coding, rows);
    const Decoded got = decode(*backend, coding, cells, rows);
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t k = 0; k < n; ++k) CHECK(static_cast<float>(got.code[r * n + k]) == cells[r * 3 * n + k]);
      for (std::size_t i = 0; i < numbers; ++i) {
        const std::size_t k = coding.number_columns()[i];
        const Column& column = coding.columns()[k];
        const Cell cell{got.code[r * n + k], cells[r * 3 * n + n + k]};
        const double number = got.number[r * numbers + i];
        CAPTURE(column.schema().name);
        CAPTURE(cell.z);
        if (static_cast<int>(cell.code) != column.continuous_code()) {
          CHECK(number == 0);
          continue;
        }
        const double scale = std::max(-column.schema().smallest, column.schema().largest);
        CHECK(number == doctest::Approx(reference_number(column.numbers(), cell.z)).epsilon(1e-14).scale(scale));
        // The host's own numbers; on a GPU but for the last bit, see decoding.h.
        CHECK(number == doctest::Approx(column.value(cell)).epsilon(1e-15).scale(scale));
      }
    }
  }
}

TEST_CASE_TEMPLATE("scaled columns are unscaled from where they are placed, onto their grids and into their range", On,
                   EVERY_BACKEND) {
  const auto backend = On::make();
  const std::vector<PlacedColumn> columns{
      {{.mean = 3, .deviation = 2, .reach = 1.5, .low = 0, .high = 6, .step = 2}, 2},
      {{.mean = -1e3, .deviation = 0.5, .low = -1e3 - 0.25, .high = 0}, 0},
      {{.mean = 7, .low = 7, .high = 7, .step = 1}, 1}};
  for (const std::size_t rows : {0u, 1u, 15u, 300u}) {
    Floats x = test::random(rows * 3, 3);
    for (float& f : x) f = std::tanh(f);
    const Memory in = backend->allocate(x.size()), out = backend->allocate(2 * x.size());
    backend->upload(x, in);
    backend->unscale(columns, in.view(rows, 3), out.view_as<double>(rows, 3));
    Floats words(2 * x.size());
    backend->download(out, words);
    std::vector<double> number(x.size());
    if (rows > 0) std::memcpy(number.data(), words.data(), sizeof(double) * number.size());
    for (std::size_t r = 0; r < rows; ++r) {
      const double first = std::round((3 + 3.0 * static_cast<double>(x[3 * r + 2])) / 2) * 2;
      CHECK(number[3 * r] == first);
      CHECK(number[3 * r + 1] ==
            doctest::Approx(std::max(-1000.25, -1e3 + 0.5 * static_cast<double>(x[3 * r]))).epsilon(1e-15));
      CHECK(number[3 * r + 2] == 7);
    }
  }
}

TEST_CASE("a download under way fills its memory when it is finished, and two can be") {
  const auto backend = emulated::make_backend(Precision::kFp32);
  const Memory a = backend->allocate(5), b = backend->allocate(3), to_a = backend->allocate_on_host(5),
               to_b = backend->allocate_on_host(3);
  backend->fill(1.0f, a);
  backend->fill(2.0f, b);
  backend->start_download(0, a, {to_a.data(), 5});
  backend->start_download(1, b, {to_b.data(), 3});
  backend->finish_download(0);
  CHECK(Floats(to_a.data(), to_a.data() + 5) == Floats(5, 1.0f));
  backend->fill(3.0f, a);
  backend->start_download(0, a, {to_a.data(), 5});
  backend->finish_download(1);
  backend->finish_download(0);
  backend->finish_download(0);  // nothing is under way
  CHECK(Floats(to_a.data(), to_a.data() + 5) == Floats(5, 3.0f));
  CHECK(Floats(to_b.data(), to_b.data() + 3) == Floats(3, 2.0f));
}

TEST_CASE("the most memory of a device that was held together is counted, the host's is not") {
  const auto gpu = emulated::make_backend(Precision::kFp32), cpu = test::Cpu::make();
  const std::size_t before = gpu->most_bytes(), floats = before / sizeof(float) + 1000;
  { const Memory more = gpu->allocate(floats); }
  const std::size_t most = gpu->most_bytes();
  CHECK(most >= floats * sizeof(float));
  CHECK(most <= before + floats * sizeof(float));
  { const Memory as_much = gpu->allocate(floats); }
  CHECK(gpu->most_bytes() == most);
  const Memory of_the_host = cpu->allocate(floats);
  CHECK(cpu->most_bytes() == 0);
}

TEST_CASE("every pass is made once, each in a slot of its own, and the first error comes out") {
  const auto cpu = make_backend(Device::kCpu, 3);
  CHECK(cpu->passes_at_once() == 3);
  CHECK(emulated::make_backend(Precision::kFp32)->passes_at_once() == 1);
  for (const int slots : {1, 2, 3})
    for (const int passes : {1, 2, 3, 7, 200}) {
      CAPTURE(slots);
      CAPTURE(passes);
      std::vector<std::atomic<int>> made(static_cast<std::size_t>(passes)), busy(static_cast<std::size_t>(slots));
      std::atomic<int> shared = 0, errors = 0;
      const auto pass = [&](Backend& backend, int slot, int i) {
        shared += busy[static_cast<std::size_t>(slot)]++ > 0;
        Memory memory = backend.allocate(1000);
        backend.fill(static_cast<float>(i), memory);
        ++made[static_cast<std::size_t>(i)];
        --busy[static_cast<std::size_t>(slot)];
        if (errors > 0 && i >= 3) fail("pass {}", i);
      };
      cpu->make_passes(passes, slots, pass);
      CHECK(shared == 0);
      for (const auto& times : made) CHECK(times == 1);
      errors = 1;
      if (passes > 3)
        CHECK_THROWS_WITH_AS(cpu->make_passes(passes, slots, pass), "pass 3", Error);
      else
        cpu->make_passes(passes, slots, pass);
    }
}

TEST_CASE("a pass has as many rows as are wanted, on a GPU in whole tiles, within the memory that it may take") {
  const auto gpu = emulated::make_backend(Precision::kFp32), cpu = test::Cpu::make();
  CHECK(gpu->rows_of_pass(0, 100) == 64);
  CHECK(gpu->rows_of_pass(1000, 100) == 1024);
  CHECK(gpu->rows_of_pass(1'000'000, 7'000) == 8192);    // 229 MB
  CHECK(gpu->rows_of_pass(1'000'000, 500'000) == 128);   // a thousand columns
  CHECK(gpu->rows_of_pass(1'000'000, 8'000'000) == 64);  // all that there may be
  CHECK(cpu->rows_of_pass(0, 100) == 1);
  CHECK(cpu->rows_of_pass(1, 7'000) == 1);
  CHECK(cpu->rows_of_pass(256, 7'000) == 256);
  CHECK(cpu->rows_of_pass(300, 7'000) == 150);  // two passes alike
  CHECK(cpu->rows_of_pass(1'000'000, 7'000) == 256);
  CHECK(cpu->rows_of_pass(1'000'000, 500'000) == 128);
  CHECK(cpu->rows_of_pass(1'000'000, 8'000'000) == 32);
}

TEST_CASE("on an emulated GPU a generated row depends on no pass, and chunks come in their order") {
  const Table table = table_of_all_kinds(200);
  const TableCoding coding = coding_of(table);
  const auto passes_of = [&](int rows) {
    return Trained(std::make_unique<test::OnDevice>(emulated::make_backend(Precision::kFp32), rows), coding, 8);
  };
  const std::string all = passes_of(0).csv(60, 300);  // of 320 rows
  const Trained small = passes_of(64);                // six chunks of one pass
  CHECK(small.csv(60, 300) == all);
  CHECK(passes_of(96).csv(60, 300) == all);
  CHECK(generate_rows(small.get(), 0, 200, 1, {})->next());  // one is under way
  CHECK(small.csv(60, 1) + small.csv(61, 100) + small.csv(161, 199) == all);
}

TEST_CASE("on an emulated GPU a row of the classic preset depends on no pass either, and is the CPU's" *
          doctest::test_suite("long")) {
  const Table table = table_of_all_kinds(200);
  Options options;
  options.preset = "classic";
  const auto csv = [&](Backend& backend, std::vector<std::pair<std::uint64_t, std::size_t>> parts) {
    const auto preset = make_classic_preset(options, backend);
    preset->fit(infer_table(table));
    preset->train(2, 64, {}, {});
    const CsvPrinter printer(empty_table(preset->schema()), preset->schema());
    std::string out;
    printer.append_header(out);
    for (const auto& [first_row, count] : parts) {
      const auto rows = preset->generate(first_row, count, 9, {});
      while (const std::optional<Table> some = rows->next()) printer.append_rows(*some, out, 2);
    }
    return out;
  };
  const auto passes_of = [&](int rows) {
    return std::make_unique<test::OnDevice>(emulated::make_backend(Precision::kFp32), rows);
  };
  const std::string all = csv(*passes_of(0), {{60, 300}});
  CHECK(csv(*passes_of(64), {{60, 1}, {61, 100}, {161, 199}}) == all);
  const auto cpu = test::Cpu::make();
  const std::string expected = csv(*cpu, {{60, 300}});
  CHECK(csv(*cpu, {{60, 250}, {310, 50}}) == expected);
  const Table got = parse_csv(all, "gpu.csv"), same = parse_csv(expected, "cpu.csv");
  REQUIRE(got.rows() == same.rows());
  std::size_t differ = 0;
  for (std::size_t r = 0; r < got.rows(); ++r)
    for (const char* column : {"sex", "balance", "age", "id", "note"})
      differ += test::cell(got, r, column) != test::cell(same, r, column);
  CHECK(differ < 15);  // of 1,500 cells: where rounding turns a number on its grid
}

TEST_CASE("generated text is the same on any threads and in any parts, also beside given cells") {
  const Table table = table_of_all_kinds(400);
  const TableCoding coding = coding_of(table);
  const Trained cpu(test::Cpu::make(), coding, 4);
  const std::string all = cpu.csv(100, 40'000);  // more than a chunk
  for (const int threads : {2, 3}) CHECK(cpu.csv(100, 40'000, threads) == all);
  CHECK(cpu.csv(100, 33'000, 2) + cpu.csv(33'100, 7'000, 2) == all);
  CHECK(cpu.csv(100, 0).empty());
  test::Texts given;
  for (std::size_t r = 0; r < 700; ++r) given.push_back(r % 3 ? "m" : "f");
  const GenerateOptions how{.given = test::text_column("sex", given)};
  const std::string completed = cpu.csv(0, 700, 1, how);
  CHECK(completed == cpu.csv(0, 700, 3, how));
  CHECK(cpu.csv(0, 300, 2, how) + cpu.csv(300, 400, 2, how) == completed);
  CHECK(completed.starts_with("f,"));
}

TEST_CASE("rows stop where no more are wanted, and an error of a thread that makes them is thrown") {
  const TableCoding coding = coding_of(table_of_all_kinds(100));
  const Trained cpu(test::Cpu::make(), coding, 4);
  const std::optional<Table> some = generate_rows(cpu.get(), 0, std::size_t{1} << 50, 9, {})->next();
  REQUIRE(some);
  CHECK(some->rows() == 32768);
  test::Texts sex(700, "m");
  sex[650] = "x";
  CHECK_THROWS_WITH_AS(cpu.csv(0, 700, 3, {.given = test::text_column("sex", sex)}),
                       doctest::Contains("row 651 of the given ones"), Error);
}
