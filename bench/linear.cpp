#include "bench/layers.h"
#include "bench/peak.h"
#include "core/nn/backend.h"

using namespace meg;
using bench::Layer;
using bench::make_layer;

namespace {

/// A layer and its operands, filled with normal numbers.
struct Operands {
  Operands(Layer kind, int threads)
      : backend(make_backend(Device::kCpu, threads)),
        layer(make_layer(kind)),
        rows(bench::rows_of(kind)),
        arena(backend->allocate(Arena::floats([this](Arena& from) { take(from); }))) {
    take(arena);
    for (const View all : {x, y, parameters, gradients}) backend->fill_normal(1, Stream::kMeasure, 0, all);
  }

  void take(Arena& from) {
    x = from.take(rows, layer.front().x_stride), y = from.take(rows, layer.front().y_stride);
    parameters = from.take(1, layer.back().bias + static_cast<std::size_t>(layer.back().outputs));
    gradients = from.take(1, parameters.size());
  }
  double flops() const {
    double sum = 0;
    for (const LinearGroup& g : layer) sum += 2.0 * g.inputs * g.outputs * static_cast<double>(rows);
    return sum;
  }

  std::unique_ptr<Backend> backend;
  GroupedLinear layer;
  std::size_t rows;
  Arena arena;
  View x, y, parameters, gradients;
};

void forward(benchmark::State& state, Layer kind) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(kind, threads);
  for (auto _ : state) o.backend->linear_forward(o.layer, o.x, o.parameters, {.activation = Activation::kRelu}, o.y);
  meg::bench::report_flops(state, o.flops(), threads);
}

void backward_input(benchmark::State& state, Layer kind) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(kind, threads);
  for (auto _ : state) o.backend->linear_backward_input(o.layer, o.y, o.parameters, {}, o.x);
  meg::bench::report_flops(state, o.flops(), threads);
}

void backward_weight(benchmark::State& state, Layer kind) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(kind, threads);
  for (auto _ : state) o.backend->linear_backward_weight(o.layer, o.x, o.y, true, o.gradients);
  meg::bench::report_flops(state, o.flops(), threads);
}

#define MEG_LAYER_BENCHMARKS(kind)                                                         \
  BENCHMARK_CAPTURE(forward, kind, Layer::kind)->Apply(bench::one_and_all_threads);        \
  BENCHMARK_CAPTURE(backward_input, kind, Layer::kind)->Apply(bench::one_and_all_threads); \
  BENCHMARK_CAPTURE(backward_weight, kind, Layer::kind)->Apply(bench::one_and_all_threads)

MEG_LAYER_BENCHMARKS(kPrefix);
MEG_LAYER_BENCHMARKS(kOthers);
MEG_LAYER_BENCHMARKS(kHidden);
MEG_LAYER_BENCHMARKS(kClassic);
MEG_LAYER_BENCHMARKS(kClassicOutput);

}  // namespace
