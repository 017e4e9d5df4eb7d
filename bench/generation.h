#pragma once
#include <benchmark/benchmark.h>

#include <chrono>

#include "bench/adult.h"
#include "core/model/decoding.h"
#include "core/model/ensemble/generation.h"
#include "core/table/write/csv.h"
#include "core/table/write/write_column.h"

namespace meg::bench {

/// How far generated rows go: decoded into the device's memory, downloaded as well, or printed as CSV as well.
enum class Upto { kDevice, kHost, kText };

/// Rows a second of an ensemble for adult's columns, `rows` an iteration, and of the printing alone; `threads` print.
inline void generation(benchmark::State& state, Backend& backend, Upto upto, std::size_t rows, int threads) {
  const TableCoding coding(infer_table(adult_table(5000)), 1);
  const CsvPrinter printer(empty_table(coding.schema()), coding.schema());
  ColumnsLayout layout;
  for (const Column& c : coding.columns())
    layout.columns.push_back(
        {.codes = c.codes(), .continuous = c.continuous_code(), .z_low = c.z_low(), .z_high = c.z_high()});
  const MaskedEnsemble ensemble(layout, {});
  std::vector<float> start(ensemble.parameters());
  ensemble.initialize(1, start);
  const Memory parameters = backend.allocate(start.size()), constants = backend.allocate(ensemble.constants());
  backend.upload(start, parameters);
  const Decoding decoding(backend, coding);
  const TrainedEnsemble trained{backend, ensemble, coding, parameters, constants, decoding.numbers(), threads};

  const int pass = trained.rows_of_pass(rows);
  const auto pass_rows = static_cast<std::size_t>(pass);
  Arena arena(backend.allocate(ensemble.tape_floats(pass, ensemble.forward_on(backend))));
  auto tape = ensemble.make_tape(arena, pass, ensemble.forward_on(backend));
  const std::size_t stride = ensemble.layout().cell_stride(), numbers = decoding.numbers().size();
  const Memory of_cells = backend.allocate(pass_rows * stride), code = backend.allocate(pass_rows * layout.size()),
               number = backend.allocate(2 * pass_rows * numbers);
  const View cells = of_cells.view(pass_rows, stride);
  float one = 0;
  const auto on_device = [&](std::uint64_t first_row) {
    for (std::size_t done = 0; done < rows; done += pass_rows) {
      backend.begin_step();
      ensemble.generate(backend, {.seed = 1, .first_row = first_row + done}, parameters, constants, tape, cells, {});
      backend.decode(decoding.numbers(), cells, code.view_as<std::uint32_t>(pass_rows, layout.size()),
                     number.view_as<double>(pass_rows, numbers));
      backend.end_step();
    }
    backend.download(of_cells.view(1, 1), {&one, 1});  // waits for all
  };
  std::string text;
  std::chrono::duration<double> printing{};
  const auto take = [&](const Table& made) {
    const auto start_of_text = std::chrono::steady_clock::now();
    text.clear();
    if (upto == Upto::kText) printer.append_rows(made, text, threads);
    benchmark::DoNotOptimize(text.data());
    printing += std::chrono::steady_clock::now() - start_of_text;
  };
  std::uint64_t first_row = 0;
  for (auto _ : state) {
    if (upto == Upto::kDevice)
      on_device(first_row);
    else
      for (const auto source = generate_rows(trained, first_row, rows, 1, {}); auto made = source->next();) take(*made);
    first_row += rows;
  }
  const double all = static_cast<double>(state.iterations()) * static_cast<double>(rows);
  state.counters["rows"] = benchmark::Counter(all, benchmark::Counter::kIsRate);
  if (upto == Upto::kText) state.counters["printed"] = all / printing.count();  // a second of printing
}

}  // namespace meg::bench
