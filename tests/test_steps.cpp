#define MEG_KERNELS emulated
#include "bench/layers.h"
#include "bench/naive_linear.h"
#include "core/model/classic/classic.h"
#include "core/model/ensemble/refinement.h"
#include "kernels/backend.h"
#include "tests/backends.h"
#include "tests/classic_rows.h"
#include "tests/related.h"

// Steps that a GPU replays as graphs.

using namespace meg;
using test::Floats;
using test::in_rows;

namespace {

constexpr std::size_t kCount = 300;

View vector(float* data, std::size_t count) { return {data, 1, count, Device::kCuda}; }

/// Operations whose numbers change from step to step: counters, factors, Adam's step; of `count` elements.
void operations(Backend& backend, int step, const Memory& x, const AdamState& state) {
  const std::size_t count = state.parameter.size();
  const auto number = static_cast<std::uint64_t>(step);
  backend.fill_normal(1, Stream::kNoise, number, x.view(1, count));
  backend.dropout({0.3f, 2, number}, x.view(1, count));
  backend.add_scaled(static_cast<float>(step), x.view(1, count), 1.0f, state.gradient);
  backend.adam(step, {.rate = 0.01f * static_cast<float>(step)}, state);
}

/// The parameters after `steps` steps, the odd ones of fewer elements.
Floats run(Backend& backend, int steps, bool together) {
  const Memory x = backend.allocate(kCount), p = backend.allocate(4 * kCount);
  for (int step = 1; step <= steps; ++step) {
    if (together) backend.begin_step();
    const auto part = [&](std::size_t i) {
      return vector(p.data() + i * kCount, step % 2 == 0 ? kCount : kCount - 100);
    };
    operations(backend, step, x, {.gradient = part(0), .parameter = part(1), .first = part(2), .second = part(3)});
    if (together) backend.end_step();
  }
  Floats out(4 * kCount);
  backend.download(p, out);
  return out;
}

}  // namespace

TEST_CASE("a replayed step does what its operations do one by one, with the numbers of each step") {
  emulated::CudaBackend one_by_one(Precision::kFp32), together(Precision::kFp32);
  CHECK(run(together, 9, true) == run(one_by_one, 9, false));
  CHECK(together.graphs() == std::vector<std::size_t>{4, 4});  // one for each size
  CHECK(one_by_one.graphs().empty());
}

TEST_CASE("an upload or a download in a step comes behind the operations before it") {
  emulated::CudaBackend backend(Precision::kFp32);
  const Memory x = backend.allocate(4), y = backend.allocate(4);
  Floats seen(4);
  backend.begin_step();
  backend.fill(2.0f, x);
  backend.download(x, seen);
  CHECK(seen == Floats(4, 2.0f));
  backend.add_scaled(1.0f, x, 1.0f, y);
  backend.upload(Floats(4, 5.0f), x);
  backend.add_scaled(1.0f, x, 1.0f, y);
  backend.end_step();
  backend.download(y, seen);
  CHECK(seen == Floats(4, 7.0f));
}

TEST_CASE("what a step noted before it failed is done, and the next step is whole") {
  emulated::CudaBackend backend(Precision::kFp32);
  const Memory x = backend.allocate(1);
  backend.begin_step();
  backend.fill(1.0f, x);
  backend.begin_step();
  backend.add_scaled(1.0f, x, 1.0f, x);
  backend.end_step();
  Floats seen(1);
  backend.download(x, seen);
  CHECK(seen[0] == 2.0f);
}

TEST_CASE("the classic ensemble learns the same on both backends, in few kinds of steps, with the same losses") {
  const int rows = 61;
  const Floats data = test::random(static_cast<std::size_t>(rows) * 3, 1);
  ClassicOptions options;
  options.input_dim = 5, options.hidden = {9, 7}, options.dropout = 0.2f, options.batch_size = 16, options.ema = 0.9f;
  const auto train = [&](Backend& backend) {
    ClassicEnsemble ensemble(backend, 3, options);
    std::vector<ClassicEnsemble::Epoch> epochs;
    ensemble.train(data, rows, 3, [&](const ClassicEnsemble::Epoch& e) { epochs.push_back(e); });
    Floats out = test::classic_rows(backend, ensemble, 7, 0, rows);
    for (const auto& e : epochs) out.push_back(e.discriminator), out.push_back(e.generator);
    return out;
  };
  emulated::CudaBackend gpu(Precision::kFp32);
  // Twelve Adam steps of 2e-4 on float32 gradients: a sign that rounding turns moves a parameter by 4e-4.
  test::check_close(train(gpu), test::doubles(train(*test::Cpu::make())), 1e-3);
  CHECK(gpu.graphs().size() == 1);  // batches of 15 and of 16 rows are the same blocks
}

TEST_CASE("training the default preset is a handful of graphs of few launches, however many steps it has") {
  auto on = std::make_unique<emulated::CudaBackend>(Precision::kFp32);
  emulated::CudaBackend& gpu = *on;
  test::Related r(6, 120, false, MaskedEnsemble::FirstLayer::kOwn, std::move(on));
  r.options.batch_size = 60;
  WarmUp warm_up = r.warm_up();
  while (!warm_up.done()) warm_up.step();
  CHECK(gpu.graphs().size() == 1);
  const Memory constants = gpu.allocate(r.ensemble.constants());
  Refinement refinement(gpu, r.ensemble, r.rows, constants,
                        {.steps = 12, .discriminator_first = 12, .batch_size = 32, .hidden = {16, 16}, .seed = 1},
                        warm_up.best());
  while (!refinement.done()) refinement.step();
  // The discriminator alone or all, with the gradient penalty or without it.
  CHECK(gpu.graphs() == std::vector<std::size_t>{12, 14, 23, 39, 30});
}

TEST_CASE_TEMPLATE("in a step, cuBLAS comes behind the operations before it", On, GPUS_WITH(Precision::kTf32)) {
  const bench::StackLayers layers = bench::make_stack_layers(512);
  const auto two = [](LinearGroups layer) { return layer.first(2); };
  const Stack stack{two(layers.first), two(layers.hidden), two(layers.head), {}, {}};
  const std::size_t rows = 3, units = layers.hidden[0].x_stride, heads = layers.head[0].y_stride;
  const std::size_t first_head = layers.head[0].weight, few = layers.head[2].weight - first_head;
  const auto learn = [&](bool together) {
    const auto backend = On::bare();
    std::vector<Memory> memory;
    const auto take = [&](std::size_t count, std::size_t width) {
      memory.push_back(backend->allocate(count * width));
      backend->upload(test::random(count * width, memory.size()), memory.back());
      return memory.back().view(count, width);
    };
    const StackTape tape{take(rows, layers.first[0].x_stride),
                         take(rows, units),
                         take(rows, units),
                         take(rows, units),
                         take(rows, heads),
                         take(rows, heads),
                         take(rows, units),
                         take(rows, units),
                         take(rows, units)};
    const View p = take(1, layers.parameters), gradients = take(1, layers.parameters);
    for (int step = 1; step <= 3; ++step) {
      if (together) backend->begin_step();
      backend->fill(0.1f * static_cast<float>(step), tape.x);
      backend->stack_forward(stack, p, tape);
      backend->add_scaled(1.0f, tape.heads, 0.0f, tape.dheads);
      backend->stack_backward(stack, p, tape, gradients);
      backend->add_scaled(-1e-4f, gradients.column_range(first_head, few), 1.0f, p.column_range(first_head, few));
      if (together) backend->end_step();
    }
    Floats out(layers.parameters);
    backend->download(gradients, out);
    return out;
  };
  CHECK(learn(true) == learn(false));
}

TEST_CASE_TEMPLATE("the linear operations of cuBLAS, and of the benchmarks' naive rung, do what the CPU's do", Linear,
                   emulated::CublasLinear, emulated::NaiveLinear) {
  // Groups of no inputs, of more outputs than a draw of dropout is for, that drop and do not.
  const GroupedLinear layer{
      {5, 3, 0, 14, 0, 15, 0, 143}, {0, 2, 5, 14, 18, 18, 3, 143, false}, {9, 138, 5, 14, 20, 1262, 5, 143}};
  const int rows = 70;
  const std::size_t x_size = static_cast<std::size_t>(rows) * 14, y_size = static_cast<std::size_t>(rows) * 143;
  const Floats x = test::random(x_size, 1), p = test::random(1400, 2), dy = test::random(y_size, 3);
  const auto cpu = test::Cpu::make();
  emulated::Queue queue;
  emulated::DeviceLists lists(queue);
  Linear linear = [&] {
    if constexpr (std::is_same_v<Linear, emulated::CublasLinear>)
      return Linear(queue, lists, Precision::kFp32);
    else
      return Linear(queue, lists);
  }();
  const auto same = [](const Floats& got, const Floats& expected) {
    test::check_close(got, test::doubles(expected), 1e-5);
  };

  Floats expected(y_size, 0.0f), y = expected, sum = expected, others_sum = expected;
  for (const ForwardTail& kind :
       {ForwardTail{.activation = Activation::kRelu, .dropout = {0.3f, 5, 6}}, ForwardTail{.bias = false},
        ForwardTail{.activation = Activation::kTanh, .slope_of = in_rows(dy, rows)}}) {
    ForwardTail tail = kind;
    tail.residual = in_rows(dy, rows), tail.sum = in_rows(sum, rows);
    cpu->linear_forward(layer, in_rows(x, rows), p, tail, in_rows(expected, rows));
    tail.sum = in_rows(others_sum, rows);
    std::ranges::fill(y, std::numeric_limits<float>::quiet_NaN());
    linear.linear_forward(layer, in_rows(x, rows), p, tail, in_rows(y, rows));
    same(y, expected), same(others_sum, sum);
  }

  Floats dx(x_size, 0.0f), others_dx(x_size, 0.0f), masked = dx, others_masked = dx;
  for (const bool all : {true, false}) {
    BackwardTail tail;
    if (all)
      tail = {.residual = in_rows(x, rows), .output = in_rows(x, rows), .scale = 2.0f, .masked = in_rows(masked, rows)};
    cpu->linear_backward_input(layer, in_rows(dy, rows), p, tail, in_rows(dx, rows));
    if (all) tail.masked = in_rows(others_masked, rows);
    linear.linear_backward_input(layer, in_rows(dy, rows), p, tail, in_rows(others_dx, rows));
    same(others_dx, dx), same(others_masked, masked);
  }

  Floats gradients(p.size(), 1.0f), others_gradients = gradients;
  const WeightProduct products[] = {{LinearGroups(layer).first(1), in_rows(x, rows), in_rows(dy, rows)},
                                    {LinearGroups(layer).subspan(1), in_rows(x, rows), in_rows(dy, rows)}};
  for (const bool with_bias : {true, false}) {
    cpu->linear_backward_weights(products, with_bias, gradients);
    linear.linear_backward_weights(products, with_bias, others_gradients);
    same(others_gradients, gradients);
  }
}
