#include "core/nn/grouped_mlp.h"
#include "tests/backends.h"
#include "tests/support.h"

using namespace meg;
using reference::Doubles;
using test::Floats;

namespace {

/// What dropout multiplies the outputs of every hidden layer with; empty where nothing is dropped.
using Masks = std::vector<Doubles>;

Doubles forward(const GroupedMlp& mlp, int rows, Doubles x, const Doubles& p, const Masks& masks = {}) {
  for (std::size_t l = 0; l < mlp.layers().size(); ++l) {
    const bool last = l + 1 == mlp.layers().size();
    x = reference::linear_forward(mlp.layers()[l], rows, x, p,
                                  last ? mlp.shape().output_activation : mlp.shape().hidden_activation);
    for (std::size_t i = 0; !last && !masks.empty() && i < x.size(); ++i) x[i] *= masks[l][i];
  }
  return x;
}

/// E |dy/dx|^2 by central differences of the forward pass: exact for piecewise linear networks away from kinks.
double penalty(const GroupedMlp& mlp, int rows, const Doubles& x, const Doubles& p, const Masks& masks = {}) {
  const auto sum = [&](const Doubles& at) {
    double total = 0;
    for (const double y : forward(mlp, rows, at, p, masks)) total += y;
    return total;
  };
  double square = 0;
  for (const double g : reference::gradient(sum, x)) square += g * g;
  return square / rows;
}

template <class On>
struct Fixture {
  explicit Fixture(GroupedMlp::Shape shape, int batch = 6)
      : mlp(std::move(shape)), rows(batch), arena(backend->allocate(4 * mlp.tape_floats(rows) + 64)) {
    tape = mlp.make_tape(arena, rows), scratch = mlp.make_tape(arena, rows), tangents = mlp.make_tape(arena, rows);
    parameters.resize(mlp.parameters());
    mlp.initialize(11, parameters);
    x = test::random(static_cast<std::size_t>(rows * mlp.shape().inputs), 12);
  }
  /// Turns dropout on, and gives what it multiplies with.
  Masks drop_out() {
    tape.training = true, tape.seed = 3, tape.step = 4;
    Masks masks;
    const std::size_t depth = mlp.layers().size();
    for (std::size_t l = 0; l + 1 < depth; ++l) {
      Floats ones(static_cast<std::size_t>(rows) * mlp.layers()[l].front().y_stride, 1.0f);
      backend->dropout({mlp.shape().dropout, tape.seed, tape.step * depth + l}, ones.size(), ones.data());
      masks.push_back(test::doubles(ones));
    }
    return masks;
  }
  std::unique_ptr<Backend> backend = On::make();
  GroupedMlp mlp;
  int rows;
  Arena arena;
  GroupedMlp::Tape tape, scratch, tangents;
  Floats parameters, x;
};

}  // namespace

TEST_CASE_TEMPLATE(
    "an ensemble of masked generators has the gradients of central differences, with and without dropout", On,
    EVERY_BACKEND) {
  for (const float dropout : {0.0f, 0.3f}) {
    Fixture<On> f({5, {7, 4}, {1, 3, 2}, Activation::kRelu, Activation::kTanh, dropout});
    const Masks masks = f.drop_out();
    const Doubles xd = test::doubles(f.x), pd = test::doubles(f.parameters);
    const float* there = f.mlp.forward(*f.backend, f.rows, f.x.data(), f.parameters.data(), f.tape);
    const std::size_t outputs = static_cast<std::size_t>(f.rows) * 6;
    Floats y(outputs);
    f.backend->download(there, y);
    test::check_close(y, forward(f.mlp, f.rows, xd, pd, masks), 1e-5);

    Floats dy = test::random(outputs, 3), gradients(f.parameters.size(), 0.0f), dx(f.x.size());
    const Floats weight = dy;
    f.mlp.backward(*f.backend, f.rows, f.x.data(), f.parameters.data(), f.tape, dy.data(), f.scratch, gradients.data(),
                   dx.data());
    const auto loss = [&](const Doubles& at, const Doubles& p) {
      const Doubles out = forward(f.mlp, f.rows, at, p, masks);
      double sum = 0;
      for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] * static_cast<double>(weight[i]);
      return sum;
    };
    test::check_close(gradients, reference::gradient([&](const Doubles& v) { return loss(xd, v); }, pd, 1e-6), 1e-4);
    test::check_close(dx, reference::gradient([&](const Doubles& v) { return loss(v, pd); }, xd, 1e-6), 1e-4);
  }
}

TEST_CASE_TEMPLATE("the gradient penalty's double backward agrees with central differences, with and without dropout",
                   On, EVERY_BACKEND) {
  for (const Activation activation : {Activation::kRelu, Activation::kLeakyRelu})
    for (const float dropout : {0.0f, 0.3f}) {
      Fixture<On> f({3, {6, 5}, {1}, activation, Activation::kNone, dropout});
      const Masks masks = f.drop_out();
      f.mlp.forward(*f.backend, f.rows, f.x.data(), f.parameters.data(), f.tape);
      Floats gradients(f.parameters.size(), 0.0f), x_scratch(f.x.size());
      float value = 0;
      const float factor = 0.05f;
      f.mlp.add_gradient_penalty(*f.backend, f.rows, f.parameters.data(), f.tape, factor, f.scratch, f.tangents,
                                 x_scratch.data(), &value, gradients.data());
      const Doubles xd = test::doubles(f.x), pd = test::doubles(f.parameters);
      const auto expected = [&](const Doubles& p) {
        return static_cast<double>(factor) * penalty(f.mlp, f.rows, xd, p, masks);
      };
      CHECK(static_cast<double>(value) == doctest::Approx(expected(pd)).epsilon(1e-5));
      test::check_close(gradients, reference::gradient(expected, pd, 1e-6), 1e-3);
    }
}

TEST_CASE("a step gives the same bits on one thread and on three") {
  const GroupedMlp mlp({100, {128}, {1, 1, 1, 1}, Activation::kRelu, Activation::kTanh, 0.1f});
  const int rows = 257;
  Floats parameters(mlp.parameters());
  mlp.initialize(1, parameters);
  const Floats x = test::random(rows * 100, 2);
  std::vector<Floats> results;
  for (const int threads : {1, 3}) {
    const auto backend = make_backend(Device::kCpu, threads);
    // Backend memory throughout: Eigen's sums depend on how an operand is aligned, and a backend aligns all of it.
    Arena arena(backend->allocate(2 * mlp.tape_floats(rows) + Arena::padded(x.size()) +
                                  2 * Arena::padded(parameters.size()) + Arena::padded(rows * 4)));
    auto tape = mlp.make_tape(arena, rows), scratch = mlp.make_tape(arena, rows);
    float *in = arena.take(x.size()), *p = arena.take(parameters.size()), *g = arena.take(parameters.size()),
          *dy = arena.take(rows * 4);
    backend->upload(x, in);
    backend->upload(parameters, p);
    backend->upload(test::random(rows * 4, 3), dy);
    backend->fill(parameters.size(), 0.0f, g);
    tape.training = true, tape.seed = 5, tape.step = 9;
    mlp.forward(*backend, rows, in, p, tape);
    mlp.backward(*backend, rows, in, p, tape, dy, scratch, g, nullptr);
    Floats gradients(parameters.size());
    backend->download(g, gradients);
    results.push_back(gradients);
  }
  CHECK(results[0] == results[1]);
}
