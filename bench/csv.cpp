#include "core/table/read/csv.h"

#include <fmt/format.h>

#include "bench/peak.h"
#include "core/table/write/csv.h"
#include "core/tensor/philox.h"

using namespace meg;

namespace {

/// Eight columns, half numbers and half words, one of them in quotes or not: about 6 MB.
std::string example_csv(bool quoted) {
  std::string text = "age,income,score,visits,city,job,note,label\n";
  const Philox philox(1, Stream::kMeasure);
  for (std::uint64_t row = 0; row < 100000; ++row) {
    const auto w = philox.bits(row, 0);
    text += fmt::format("{},{},{:.4f},{},city_{},job_{},{},{}\n", 18 + w[0] % 60, w[1] % 200000,
                        static_cast<double>(w[2]) * 0x1p-32, w[3] % 1000, w[0] % 97, w[1] % 13,
                        fmt::format(fmt::runtime(quoted ? "\"a, {}\"" : "a {}"), w[2] % 7), w[3] % 2);
  }
  return text;
}

void parse(benchmark::State& state) {
  const std::string text = example_csv(state.range(0) != 0);
  for (auto _ : state) benchmark::DoNotOptimize(parse_csv(text, "example.csv"));
  bench::report_bytes(state, static_cast<double>(text.size()), 1);
}
BENCHMARK(parse)->Name("parse_csv")->ArgName("quoted")->Arg(0)->Arg(1);

void append(benchmark::State& state) {
  const Table table = parse_csv(example_csv(state.range(0) != 0), "example.csv");
  const CsvPrinter printer(table);
  std::string out;
  for (auto _ : state) {
    out.clear();
    printer.append_header(out);
    printer.append_rows(table, out);
  }
  bench::report_bytes(state, static_cast<double>(out.size()), 1);
}
BENCHMARK(append)->Name("append_csv")->ArgName("quoted")->Arg(0)->Arg(1);

}  // namespace
