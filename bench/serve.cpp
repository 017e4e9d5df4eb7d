#include <chrono>

#include "bench/adult.h"
#include "bench/peak.h"
#include "meg/meg.h"

using namespace meg;

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

/// A model of adult's columns and sizes, which has taken one step: what its rows are like does not matter here.
const Meg& model() {
  static const Meg trained = [] {
    Options options;
    options.threads = 1, options.meg.refine_steps = 0;
    Meg out(options);
    out.load_data(bench::adult_table(32561));
    out.train(1, 0, {}, [] { return false; });
    return out;
  }();
  return trained;
}

double percentile(std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

/// How long it takes to read as many floats as the model has weights, from where such a block lies after it was read.
double microseconds_to_read_weights() {
  static const std::vector<float> weights(MaskedEnsemble(bench::adult_columns(), {}).parameters(), 1.0f);
  double best = 1e9;
  for (int i = 0; i < 50; ++i) {
    const auto start = Clock::now();
    std::array<float, 64> sum{};
    for (std::size_t k = 0; k + sum.size() <= weights.size(); k += sum.size())
      for (std::size_t l = 0; l < sum.size(); ++l) sum[l] += weights[k + l];
    benchmark::DoNotOptimize(sum);
    best = std::min(best, Microseconds(Clock::now() - start).count());
  }
  return best;
}

/// Requests of n rows, one after the other, from threads that share a model. `weights` is the p50 over the time to read
/// the weights once.
template <class Request>
void serve(benchmark::State& state, const Request& request) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  const Meg& shared = model();
  std::vector<double> times;
  std::uint64_t row = static_cast<std::uint64_t>(state.thread_index()) << 40;
  for (int i = 0; i < 5; ++i) request(shared, row, rows);
  for (auto _ : state) {
    const auto start = Clock::now();
    request(shared, row, rows);
    times.push_back(Microseconds(Clock::now() - start).count());
    row += rows;
  }
  std::sort(times.begin(), times.end());
  using benchmark::Counter;
  const double p50 = percentile(times, 0.5);
  state.counters["p50_us"] = Counter(p50, Counter::kAvgThreads);
  state.counters["p99_us"] = Counter(percentile(times, 0.99), Counter::kAvgThreads);
  state.counters["weights"] = Counter(p50 / microseconds_to_read_weights(), Counter::kAvgThreads);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void requests(benchmark::internal::Benchmark* of) {
  of->ArgName("rows")->Arg(1)->Arg(8)->Arg(64)->Arg(1024)->ThreadRange(1, 2)->UseRealTime();
}

void generate(benchmark::State& state) {
  serve(state, [](const Meg& shared, std::uint64_t row, std::size_t rows) {
    RowStream stream = shared.stream(row, rows);
    while (const auto some = stream.next()) benchmark::DoNotOptimize(some->rows());
  });
}
BENCHMARK(generate)->Name("serve_rows")->Apply(requests);

void where(benchmark::State& state) {
  GenerateOptions how;
  how.where = {"column0=5"};
  serve(state, [&](const Meg& shared, std::uint64_t row, std::size_t rows) {
    RowStream stream = shared.stream(row, rows, 0, how);
    while (const auto some = stream.next()) benchmark::DoNotOptimize(some->rows());
  });
}
BENCHMARK(where)->Name("serve_where")->Apply(requests);

void score(benchmark::State& state) {
  const Table table = model().generate(1024);
  serve(state, [&](const Meg& shared, std::uint64_t, std::size_t rows) {
    benchmark::DoNotOptimize(shared.score(table, 0, rows).total.data());
  });
}
BENCHMARK(score)->Name("serve_scores")->Apply(requests);

/// From the bytes of a model file.
void load(benchmark::State& state) {
  const std::vector<std::byte> bytes = model().save_model();
  Options options;
  options.threads = 1;
  for (auto _ : state) benchmark::DoNotOptimize(Meg::load_model(bytes, options).output_dim());
}
BENCHMARK(load)->Name("load_model")->Unit(benchmark::kMillisecond);

}  // namespace
