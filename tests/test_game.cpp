#define MEG_KERNELS emulated
#include <numeric>

#include "core/model/classic/classic.h"
#include "kernels/backend.h"
#include "tests/backends.h"
#include "tests/support.h"

// Many steps of the classic game in one launch: its gradients are those of the losses as they are written down, and it
// goes where its operations go one by one.

using namespace meg;
using test::Floats;

namespace {

struct Shape {
  int noise, hidden, units;  // units: of the discriminator
  std::vector<int> outputs;  // columns of each generator
  int rows;

  int columns() const { return std::accumulate(outputs.begin(), outputs.end(), 0); }
};

/// One step of a game, with all it works on.
struct OneStep {
  explicit OneStep(const Shape& s)
      : shape(s),
        generators(s.noise, {layers::Linear{std::vector<int>(s.outputs.size(), s.hidden)}, layers::Relu(),
                             layers::Linear{s.outputs}, layers::Tanh()}),
        discriminator(s.columns(), {layers::Linear{{s.units}}, layers::Relu(), layers::Linear{{1}}}),
        p(test::random(generators.parameters(), 1)),
        q(test::random(discriminator.parameters(), 2)),
        first_p(p.size(), 0.0f),
        second_p(first_p),
        first_q(q.size(), 0.0f),
        second_q(first_q),
        table(test::random(static_cast<std::size_t>((s.rows + 3) * s.columns()), 3)) {
    for (float& x : p) x *= 0.3f;
    for (int r = 0; r < s.rows + 2; ++r) order.push_back(static_cast<std::uint32_t>((r * 7 + 2) % (s.rows + 3)));
  }
  Game game() {
    const AdamOptions adam{.rate = 1e-3f, .beta1 = 0.5f};
    return {{generators.stages()[0].linear, generators.stages()[1].linear, adam, {View(), p, first_p, second_p}},
            {discriminator.stages()[0].linear, discriminator.stages()[1].linear, adam, {View(), q, first_q, second_q}},
            kGamma,
            kSeed,
            test::in_rows(table, shape.rows + 3)};
  }
  GameStep step() const { return {kFirst, static_cast<std::uint32_t>(shape.rows), kNoiseRow, 1, 0}; }

  static constexpr float kGamma = 0.3f;
  static constexpr std::uint64_t kSeed = 11, kNoiseRow = (std::uint64_t{1} << 32) - 3;
  static constexpr std::uint32_t kFirst = 2;
  Shape shape;
  Network generators, discriminator;
  Floats p, q, first_p, second_p, first_q, second_q, table;
  std::vector<std::uint32_t> order;
  Floats losses{5.0f, 7.0f};
};

using reference::Doubles;

/// Generated row `row` of a game.
Doubles generate(const OneStep& o, const Doubles& p, std::uint64_t row) {
  const Philox philox(OneStep::kSeed, Stream::kNoise);
  Doubles out;
  for (std::size_t g = 0; g < o.shape.outputs.size(); ++g) {
    const LinearGroup &first = o.generators.stages()[0].linear[g], &last = o.generators.stages()[1].linear[g];
    Doubles y(p.begin() + static_cast<long>(last.bias), p.begin() + static_cast<long>(last.bias) + last.outputs);
    for (std::size_t j = 0; j < static_cast<std::size_t>(first.outputs); ++j) {
      double unit = p[first.bias + j];
      for (std::size_t i = 0; i < static_cast<std::size_t>(first.inputs); ++i)
        unit += static_cast<double>(philox.normal(row, static_cast<std::uint32_t>(i / 4))[i % 4]) *
                p[first.weight + i * static_cast<std::size_t>(first.outputs) + j];
      for (std::size_t k = 0; k < y.size(); ++k) y[k] += std::max(unit, 0.0) * p[last.weight + j * y.size() + k];
    }
    for (const double x : y) out.push_back(std::tanh(x));
  }
  return out;
}

/// BCE of a row, and the squared norm of the logit's gradient at it.
std::pair<double, double> judge(const OneStep& o, const Doubles& q, const Doubles& x, double label) {
  const auto hidden = static_cast<std::size_t>(o.shape.units), columns = x.size(), last = (columns + 1) * hidden;
  double logit = q[last + hidden];
  Doubles slope(columns, 0.0);
  for (std::size_t j = 0; j < hidden; ++j) {
    double unit = q[columns * hidden + j];
    for (std::size_t i = 0; i < columns; ++i) unit += x[i] * q[i * hidden + j];
    if (unit <= 0) continue;
    logit += unit * q[last + j];
    for (std::size_t i = 0; i < columns; ++i) slope[i] += q[i * hidden + j] * q[last + j];
  }
  const double loss = std::max(logit, 0.0) + std::log1p(std::exp(-std::abs(logit))) - label * logit;
  return {loss, std::inner_product(slope.begin(), slope.end(), slope.begin(), 0.0)};
}

double discriminator_loss(const OneStep& o, const Doubles& p, const Doubles& q) {
  const auto rows = static_cast<std::size_t>(o.shape.rows), columns = static_cast<std::size_t>(o.shape.columns());
  double sum = 0;
  const auto add = [&](const Doubles& x, double label) {
    const auto [loss, square] = judge(o, q, x, label);
    sum += loss + 0.5 * static_cast<double>(OneStep::kGamma) * square;
  };
  for (std::size_t r = 0; r < rows; ++r) {
    const auto real = o.table.begin() + static_cast<long>(o.order[OneStep::kFirst + r] * columns);
    add(Doubles(real, real + static_cast<long>(columns)), 1);
    add(generate(o, p, OneStep::kNoiseRow + rows + r), 0);
  }
  return sum / static_cast<double>(rows);
}

double generator_loss(const OneStep& o, const Doubles& p, const Doubles& q) {
  const auto rows = static_cast<std::size_t>(o.shape.rows);
  double sum = 0;
  for (std::size_t r = 0; r < rows; ++r) sum += judge(o, q, generate(o, p, OneStep::kNoiseRow + r), 1).first;
  return sum / static_cast<double>(rows);
}

/// Moments after a first step of Adam are (1 - beta1) times the gradient, which is that of loss(x) by central
/// differences. Sums of up to 100 rows in float32.
template <class Loss>
void check_gradient(const Floats& first_moments, Doubles x, const Loss& loss) {
  constexpr double kStep = 1e-6;
  Doubles expected;
  Floats got;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double at = x[i];
    x[i] = at + kStep;
    const double above = loss(x);
    x[i] = at - kStep;
    expected.push_back((above - loss(x)) / (2 * kStep));
    x[i] = at;
    got.push_back(first_moments[i] / 0.5f);
  }
  test::check_close(got, expected, 2e-6);
}

/// What an ensemble has become: everything that it saves, and the losses of its epochs.
struct Outcome {
  std::map<std::string, Floats> tensors;
  std::string counters;
  Floats losses;
};

struct Run {
  int columns = 4, rows = 61, epochs = 3;
  ClassicOptions options{};
};

Outcome play(Backend& backend, const Run& run, int steps_at_once) {
  ClassicOptions options = run.options;
  options.steps_at_once = steps_at_once;
  ClassicEnsemble ensemble(backend, run.columns, options);
  Floats data = test::random(static_cast<std::size_t>(run.rows * run.columns), 5);
  for (float& x : data) x = std::tanh(x);
  Outcome out;
  ensemble.train(data, run.rows, run.epochs, [&](const ClassicEnsemble::Epoch& e) {
    out.losses.push_back(e.discriminator), out.losses.push_back(e.generator);
  });
  TensorFile file;
  ensemble.save(file);
  for (const auto& [name, values] : file.tensors) out.tensors[name] = values;
  out.counters = file.metadata.at("counters");
  return out;
}

/// |got - expected| <= tolerance |expected|, tensor by tensor. Adam makes as much of a small gradient as of a large
/// one, so an element whose gradient is rounding alone may be anywhere within a step: norms say what matters.
void check_same(const Outcome& got, const Outcome& expected, double tolerance) {
  test::check_close(got.losses, test::doubles(expected.losses), 1e-4);
  REQUIRE(got.tensors.size() == expected.tensors.size());
  for (const auto& tensor : expected.tensors) {
    const auto& [name, values] = tensor;
    CAPTURE(tensor.first);
    double distance = 0, norm = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto e = static_cast<double>(values[i]);
      distance += std::pow(static_cast<double>(got.tensors.at(name)[i]) - e, 2), norm += e * e;
    }
    CHECK(norm > 0);
    CHECK(std::sqrt(distance / norm) < tolerance);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("the gradients of a step of the game are those of its losses", Gpu, EVERY_GPU) {
  const auto gpu = Gpu::make();
  for (const Shape& shape :
       {Shape{1, 1, 1, {1}, 1}, {4, 7, 5, {1, 1, 1}, 9}, {5, 33, 40, {3, 1, 2}, 31}, {6, 64, 33, {2}, 3}}) {
    CAPTURE(shape.hidden);
    OneStep o(shape);
    const Doubles p = test::doubles(o.p), q = test::doubles(o.q);
    REQUIRE(gpu->plays(o.game(), shape.rows));
    gpu->play(o.game(), {{o.step()}}, o.order, o.losses);
    check_gradient(o.first_q, q, [&](const Doubles& x) { return discriminator_loss(o, p, x); });
    const Doubles learned = test::doubles(o.q);
    check_gradient(o.first_p, p, [&](const Doubles& x) { return generator_loss(o, x, learned); });
    test::check_close(o.losses, {5 + discriminator_loss(o, p, q), 7 + generator_loss(o, p, learned)}, 1e-6);
  }
}

TEST_CASE_TEMPLATE("steps at once go where steps one by one go, and the CPU's", Gpu, EVERY_GPU) {
  std::vector<Run> runs;
  runs.push_back({.options = {.input_dim = 5, .hidden = {9}, .batch_size = 16, .ema = 0.9f}});
  runs.push_back(
      {.columns = 6,
       .options = {.input_dim = 7, .hidden = {40}, .generator_columns = {1, 3, 2}, .batch_size = 23, .l2 = 1e-3f}});
  runs.push_back(
      {.rows = 17,
       .options = {.input_dim = 3, .hidden = {33}, .generator_columns = {4}, .batch_size = 100, .gamma = 0, .ema = 0}});
  runs.push_back({.columns = 1, .rows = 3, .options = {.input_dim = 1, .hidden = {1}, .batch_size = 1}});
  runs.push_back({.rows = 50, .epochs = 1, .options = {.batch_size = 64}});  // the preset's defaults
  for (const Run& run : runs) {
    CAPTURE(run.options.hidden[0]);
    const auto gpu = Gpu::make();
    const Outcome at_once = play(*gpu, run, 256);
    CHECK(at_once.counters.size() > 0);
    // Some twenty steps of Adam on float32 gradients.
    check_same(at_once, play(*gpu, run, 0), 1e-4);
    check_same(at_once, play(*test::Cpu::make(), run, 256), 1e-4);
  }
}

TEST_CASE("operation by operation a step of the game is 27 launches, with one hidden layer and without dropout") {
  emulated::CudaBackend gpu(Precision::kFp32);
  play(gpu, {.rows = 16, .epochs = 2, .options = {.input_dim = 2, .hidden = {3}, .batch_size = 8}}, 0);
  CHECK(gpu.graphs() == std::vector<std::size_t>{27});
}

TEST_CASE("the game is played at once where its networks fit, else operation by operation" *
          doctest::test_suite("long")) {
  const auto graphs = [](const Run& run) {
    emulated::CudaBackend gpu(Precision::kFp32);
    play(gpu, run, 256);
    return gpu.graphs().size();
  };
  const ClassicOptions small{.input_dim = 2, .hidden = {3}, .batch_size = 8};
  Run run{.rows = 16, .epochs = 2, .options = small};  // a first step uploads its layers, and is no graph
  CHECK(graphs(run) == 0);
  run.options.hidden = {3, 3};
  CHECK(graphs(run) == 1);
  run.options = small, run.options.dropout = 0.1f;
  CHECK(graphs(run) == 1);
  run.options = small, run.options.batch_size = run.rows = 2000;  // too many rows for a block's memory
  CHECK(graphs(run) == 1);
  run = {.columns = 67, .rows = 8, .epochs = 2, .options = small};
  run.options.hidden = {33};  // 134 slices, more than an H100 runs side by side
  CHECK(graphs(run) == 1);
}

TEST_CASE("steps at once round no factor, whatever the precision of other products") {
  const Run run{.rows = 20, .epochs = 2, .options = {.input_dim = 4, .hidden = {9}, .batch_size = 8}};
  emulated::CudaBackend fp32(Precision::kFp32), bf16(Precision::kBf16);
  CHECK(play(fp32, run, 256).tensors == play(bf16, run, 256).tensors);
}

TEST_CASE_TEMPLATE("how many steps are at once changes no bit, nor does stopping between them", Gpu, EVERY_GPU) {
  const auto gpu = Gpu::make();
  const Run run{.rows = 40, .epochs = 3, .options = {.input_dim = 4, .hidden = {34}, .batch_size = 8}};
  const Outcome whole = play(*gpu, run, 256);
  for (const int at_once : {1, 3}) {
    const Outcome cut = play(*gpu, run, at_once);
    CHECK(cut.tensors == whole.tensors);
    CHECK(cut.losses == whole.losses);
  }
  ClassicOptions options = run.options;
  options.steps_at_once = 2;
  Floats data = test::random(static_cast<std::size_t>(run.rows * run.columns), 5);
  for (float& x : data) x = std::tanh(x);
  TensorFile saved, got;
  ClassicEnsemble first(*gpu, run.columns, options), second(*gpu, run.columns, options);
  int asked = 0;
  first.train(data, run.rows, run.epochs, nullptr, [&] { return ++asked < 5; });
  CHECK(first.steps_done() == 9);  // two, two, one and the end of the epoch; two, two
  first.save(saved);
  second.load(saved);
  second.train(data, run.rows, run.epochs, nullptr);
  second.save(got);
  for (const auto& [name, values] : got.tensors) CHECK(values == whole.tensors.at(name));
  CHECK(got.metadata.at("counters") == whole.counters);
}
