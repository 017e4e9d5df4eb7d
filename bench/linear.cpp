#include "bench/peak.h"
#include "core/nn/backend.h"

using namespace meg;

namespace {

/// 15 generators, batch 512: a masked first layer, where generator k reads the first 32 k columns of one x, and a
/// hidden layer, where each reads its own 128; kOthers reads all but 32 columns of its own. The classic layer is the
/// small one: 4 generators on 100 columns, batch 64, and its outputs, one column each.
enum class Layer { kPrefix, kOthers, kHidden, kClassic, kClassicOutput };

bool is_large(Layer kind) { return kind == Layer::kPrefix || kind == Layer::kOthers || kind == Layer::kHidden; }

GroupedLinear make_layer(Layer kind) {
  const bool large = is_large(kind);
  const int groups = large ? 15 : 4, outputs = kind == Layer::kClassicOutput ? 1 : 128;
  GroupedLinear layer;
  std::size_t parameters = 0;
  for (int k = 0; k < groups; ++k) {
    LinearGroup g{};
    g.inputs = kind == Layer::kPrefix    ? 32 * (k + 1)
               : kind == Layer::kOthers  ? 448
               : kind == Layer::kClassic ? 100
                                         : 128;
    if (kind == Layer::kOthers) g.gap = 32 * k, g.gap_width = 32;
    g.outputs = outputs;
    const auto in = static_cast<std::size_t>(g.inputs), out = static_cast<std::size_t>(outputs);
    const bool own = kind == Layer::kHidden || kind == Layer::kClassicOutput;
    g.x = own ? static_cast<std::size_t>(k) * in : 0;
    g.x_stride = own                                                ? static_cast<std::size_t>(groups) * in
                 : kind == Layer::kPrefix || kind == Layer::kOthers ? 480
                                                                    : in;
    g.y = static_cast<std::size_t>(k) * out;
    g.y_stride = static_cast<std::size_t>(groups) * out;
    g.weight = parameters;
    g.bias = g.weight + in * out;
    parameters = Arena::padded(g.bias + out);
    layer.push_back(g);
  }
  return layer;
}

/// A layer and its operands, filled with normal numbers.
struct Operands {
  Operands(Layer kind, int threads)
      : backend(make_backend(Device::kCpu, threads)),
        layer(make_layer(kind)),
        rows(is_large(kind) ? 512 : 64),
        x(random(static_cast<std::size_t>(rows) * layer.front().x_stride)),
        y(random(static_cast<std::size_t>(rows) * layer.front().y_stride)),
        parameters(random(layer.back().bias + static_cast<std::size_t>(layer.back().outputs))),
        gradients(random(parameters.size())) {}

  Memory random(std::size_t count) {
    Memory memory = backend->allocate(count);
    backend->fill_normal(1, Stream::kMeasure, 0, 1, static_cast<int>(count), memory.data());
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
