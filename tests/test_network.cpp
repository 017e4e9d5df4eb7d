#include "core/nn/network.h"
#include "tests/allocations.h"
#include "tests/backends.h"
#include "tests/support.h"

using namespace meg;
using reference::Doubles;
using test::Floats;

namespace {

/// What dropout multiplies the outputs of every hidden layer with; empty where nothing is dropped.
using Masks = std::vector<Doubles>;

Doubles forward(const Network& network, int rows, Doubles x, const Doubles& p, const Masks& masks = {}) {
  for (std::size_t s = 0; s < network.stages().size(); ++s) {
    const Network::Stage& stage = network.stages()[s];
    x = reference::linear_forward(stage.linear, rows, x, p, stage.activation);
    for (std::size_t i = 0; stage.dropout > 0 && !masks.empty() && i < x.size(); ++i) x[i] *= masks[s][i];
  }
  return x;
}

/// Linear -> activation -> dropout -> Linear -> activation -> dropout -> Linear.
std::vector<layers::Layer> three_linears(int groups, const layers::Layer& activation, float dropout,
                                         const std::vector<int>& outputs) {
  return {layers::Linear{std::vector<int>(static_cast<std::size_t>(groups), 6)},
          activation,
          layers::Dropout{dropout},
          layers::Linear{std::vector<int>(static_cast<std::size_t>(groups), 5)},
          activation,
          layers::Dropout{dropout},
          layers::Linear{outputs}};
}

/// E |dy/dx|^2 by central differences of the forward pass: exact for piecewise linear networks away from kinks.
double penalty(const Network& network, int rows, const Doubles& x, const Doubles& p, const Masks& masks = {}) {
  const auto sum = [&](const Doubles& at) {
    double total = 0;
    for (const double y : forward(network, rows, at, p, masks)) total += y;
    return total;
  };
  double square = 0;
  for (const double g : reference::gradient(sum, x)) square += g * g;
  return square / rows;
}

template <class On>
struct Fixture {
  Fixture(int inputs, std::vector<layers::Layer> layers, std::size_t batch = 6)
      : network(inputs, std::move(layers)),
        rows(batch),
        arena(backend->allocate(4 * network.tape_floats(static_cast<int>(rows)) + 64)) {
    for (Network::Tape* of : {&tape, &scratch, &tangents}) *of = network.make_tape(arena, static_cast<int>(rows));
    parameters.resize(network.parameters());
    network.initialize(11, parameters);
    x = test::random(rows * static_cast<std::size_t>(inputs), 12);
  }
  ConstView input() const { return ConstView(x).reshaped(rows, static_cast<std::size_t>(network.inputs())); }
  /// Turns dropout on, and gives what it multiplies with.
  Masks drop_out() {
    tape.training = true, tape.seed = 3, tape.step = 4;
    Masks masks;
    const std::size_t depth = network.stages().size();
    for (std::size_t s = 0; s < depth; ++s) {
      Floats ones(rows * network.stages()[s].columns(), 1.0f);
      backend->dropout({network.stages()[s].dropout, tape.seed, tape.step * depth + s}, ones);
      masks.push_back(test::doubles(ones));
    }
    return masks;
  }
  /// Forward and backward against the loops in double.
  void check_gradients() {
    const Masks masks = drop_out();
    const Doubles xd = test::doubles(x), pd = test::doubles(parameters);
    const int count = static_cast<int>(rows);
    const View there = network.forward(*backend, input(), parameters, tape);
    Floats y(there.size());
    backend->download(there, y);
    test::check_close(y, forward(network, count, xd, pd, masks), 1e-5);

    Floats dy = test::random(y.size(), 3), gradients(parameters.size(), 0.0f), dx(x.size());
    const Floats weight = dy;
    network.backward(*backend, input(), parameters, tape, View(dy).reshaped(rows, y.size() / rows), scratch, gradients,
                     View(dx).reshaped(rows, dx.size() / rows));
    const auto loss = [&](const Doubles& at, const Doubles& p) {
      const Doubles out = forward(network, count, at, p, masks);
      double sum = 0;
      for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] * static_cast<double>(weight[i]);
      return sum;
    };
    test::check_close(gradients, reference::gradient([&](const Doubles& v) { return loss(xd, v); }, pd, 1e-6), 1e-4);
    test::check_close(dx, reference::gradient([&](const Doubles& v) { return loss(v, pd); }, xd, 1e-6), 1e-4);
  }
  std::unique_ptr<Backend> backend = On::make();
  Network network;
  std::size_t rows;
  Arena arena;
  Network::Tape tape, scratch, tangents;
  Floats parameters, x;
};

/// The Error of a network that cannot be.
std::string error_of(int inputs, std::vector<layers::Layer> layers) {
  try {
    const Network network(inputs, std::move(layers));
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE_TEMPLATE(
    "an ensemble of masked generators has the gradients of central differences, with and without dropout", On,
    EVERY_BACKEND) {
  for (const float dropout : {0.0f, 0.3f}) {
    std::vector<layers::Layer> layers = three_linears(3, layers::Relu(), dropout, {1, 3, 2});
    layers.push_back(layers::Tanh());
    Fixture<On> f(5, std::move(layers));
    f.check_gradients();
  }
}

TEST_CASE_TEMPLATE("every layer goes forward and back, behind each other in any order that makes sense", On,
                   EVERY_BACKEND) {
  using layers::LeakyRelu, layers::Linear, layers::Relu, layers::Sigmoid, layers::Tanh, layers::Layer;
  for (const Layer& activation : {Layer(Relu()), Layer(LeakyRelu()), Layer(Tanh()), Layer(Sigmoid())}) {
    CAPTURE(activation.index());
    Fixture<On>(3, {Linear{{4}}, activation, Linear{{2}}}).check_gradients();
    Fixture<On>(3, {Linear{{4}}, Linear{{3, 2}}, activation, Linear{{2}}, activation}).check_gradients();
  }
  Fixture<On>(3, {Linear{{4, 5}}, LeakyRelu(), layers::Dropout{0.5f}}).check_gradients();  // at the end
}

TEST_CASE_TEMPLATE("a group's input mask says which columns it reads", On, EVERY_BACKEND) {
  using layers::Linear, layers::Relu, layers::Tanh;
  // Each group reads the columns before its own, as in a chain of conditionals; then all of its own units.
  const Linear prefixes{.outputs = {3, 3, 3}, .reads = {{0, 0}, {0, 2}, {0, 5}}};
  Fixture<On>(5, {prefixes, Relu(), Linear{{1, 2, 1}}}).check_gradients();
  Fixture<On>(6, {Linear{.outputs = {2, 3}, .reads = {{0, 4}, {4, 2}}}, Tanh()}).check_gradients();  // apart
  // What nobody reads has no gradient, whatever lay in the scratch before.
  Fixture<On> some(4, {Linear{{3}}, Relu(), Linear{.outputs = {2}, .reads = {{1, 1}}}});
  some.check_gradients();
  some.check_gradients();
  Fixture<On>(4, {Linear{.outputs = {2}, .reads = {{1, 2}}}}).check_gradients();
  const Network network(5, {prefixes});
  CHECK(network.parameters() == 3 + (2 * 3 + 3) + (5 * 3 + 3));  // masked weights do not exist
}

TEST_CASE("layers that do not fit are refused") {
  using layers::Linear, layers::Relu, layers::Tanh;
  CHECK(error_of(3, {Relu()}) == "an activation needs a Linear before it");
  CHECK(error_of(3, {Linear{{2}}, Relu(), Tanh()}) == "an activation needs a Linear before it");
  CHECK(error_of(3, {Linear{{2}}, Tanh(), layers::Dropout{0.1f}}) == "dropout needs ReLU or LeakyReLU before it");
  CHECK(error_of(3, {}) == "a network needs a Linear");
  CHECK(error_of(3, {Linear{{1, 1}, {{0, 3}}}}) == "a Linear has 2 groups, but says of 1 what they read");
  CHECK(error_of(3, {Linear{{1}, {{1, 3}}}}) == "group 0 reads columns 1 to 3 of 3");
  CHECK(error_of(3, {Linear{{1, 1}, {{0, 2}, {1, 2}}}}) ==
        "groups 0 and 1 read some of the same columns, but do not begin at the same one");
}

TEST_CASE_TEMPLATE("the gradient penalty's double backward agrees with central differences, with and without dropout",
                   On, EVERY_BACKEND) {
  for (const layers::Layer& activation : {layers::Layer(layers::Relu()), layers::Layer(layers::LeakyRelu())})
    for (const float dropout : {0.0f, 0.3f}) {
      Fixture<On> f(3, three_linears(1, activation, dropout, {1}));
      const Masks masks = f.drop_out();
      f.network.forward(*f.backend, f.input(), f.parameters, f.tape);
      Floats gradients(f.parameters.size(), 0.0f), x_scratch(f.x.size());
      float value = 0;
      const float factor = 0.05f;
      f.network.add_gradient_penalty(*f.backend, f.parameters, f.tape, factor, f.scratch, f.tangents,
                                     View(x_scratch).reshaped(f.rows, 3), &value, gradients);
      const Doubles xd = test::doubles(f.x), pd = test::doubles(f.parameters);
      const auto expected = [&](const Doubles& p) {
        return static_cast<double>(factor) * penalty(f.network, static_cast<int>(f.rows), xd, p, masks);
      };
      CHECK(static_cast<double>(value) == doctest::Approx(expected(pd)).epsilon(1e-5));
      test::check_close(gradients, reference::gradient(expected, pd, 1e-6), 1e-3);
    }
}

TEST_CASE("a step gives the same bits on one thread and on three, and allocates nothing") {
  using layers::Linear, layers::Relu, layers::Tanh;
  const Network network(100,
                        {Linear{{128, 128, 128, 128}}, Relu(), layers::Dropout{0.1f}, Linear{{1, 1, 1, 1}}, Tanh()});
  constexpr std::size_t kRows = 257;
  Floats parameters(network.parameters());
  network.initialize(1, parameters);
  const Floats x = test::random(kRows * 100, 2);
  std::vector<Floats> results;
  for (const int threads : {1, 3}) {
    const auto backend = make_backend(Device::kCpu, threads);
    // Backend memory throughout: Eigen's sums depend on how an operand is aligned, and a backend aligns all of it.
    Arena arena(backend->allocate(2 * network.tape_floats(kRows) + Arena::padded(x.size()) +
                                  2 * Arena::padded(parameters.size()) + Arena::padded(kRows * 4)));
    auto tape = network.make_tape(arena, kRows), scratch = network.make_tape(arena, kRows);
    const View in = arena.take(kRows, 100), p = arena.take(1, parameters.size()), g = arena.take(1, parameters.size()),
               dy = arena.take(kRows, 4);
    backend->upload(x, in);
    backend->upload(parameters, p);
    backend->upload(test::random(kRows * 4, 3), dy);
    backend->fill(0.0f, g);
    tape.training = true, tape.seed = 5, tape.step = 9;
    const std::size_t before = test::allocations();
    network.forward(*backend, in, p, tape);
    network.backward(*backend, in, p, tape, dy, scratch, g, {});
    CHECK(test::allocations() == before);
    Floats gradients(parameters.size());
    backend->download(g, gradients);
    results.push_back(gradients);
  }
  CHECK(results[0] == results[1]);
}
