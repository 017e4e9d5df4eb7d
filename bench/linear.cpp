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
        x(random(static_cast<std::size_t>(rows) * layer.front().x_stride)),
        y(random(static_cast<std::size_t>(rows) * layer.front().y_stride)),
        parameters(random(layer.back().bias + static_cast<std::size_t>(layer.back().outputs))),
        gradients(random(parameters.size())) {}

  Memory random(std::size_t count) {
    Memory memory = backend->allocate(count);
    backend->fill_normal(1, Stream::kMeasure, 0, memory);
    return memory;
  }
  double flops() const {
    double sum = 0;
    for (const LinearGroup& g : layer) sum += 2.0 * g.inputs * g.outputs * rows;
    return sum;
  }

  std::unique_ptr<Backend> backend;
  GroupedLinear layer;
  int rows;
  Memory x, y, parameters, gradients;
};

void forward(benchmark::State& state, Layer kind) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(kind, threads);
  for (auto _ : state)
    o.backend->linear_forward(o.layer, o.rows, o.x.data(), o.parameters.data(), {.activation = Activation::kRelu},
                              o.y.data());
  meg::bench::report_flops(state, o.flops(), threads);
}

void backward_input(benchmark::State& state, Layer kind) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(kind, threads);
  for (auto _ : state)
    o.backend->linear_backward_input(o.layer, o.rows, o.y.data(), o.parameters.data(), {}, o.x.data());
  meg::bench::report_flops(state, o.flops(), threads);
}

void backward_weight(benchmark::State& state, Layer kind) {
  const auto threads = static_cast<int>(state.range(0));
  const Operands o(kind, threads);
  for (auto _ : state)
    o.backend->linear_backward_weight(o.layer, o.rows, o.x.data(), o.y.data(), true, o.gradients.data());
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
