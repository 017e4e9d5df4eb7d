#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "core/permutation.h"
#include "core/tensor/keyed_permutation.h"
#include "tests/backends.h"
#include "tests/support.h"

using namespace meg;
using reference::Doubles;
using test::Floats;
using test::in_rows;

namespace {

constexpr std::array kActivations{Activation::kNone, Activation::kRelu, Activation::kLeakyRelu, Activation::kTanh,
                                  Activation::kSigmoid};

/// Sizes of a layer and of its batch.
struct Shape {
  int rows, inputs, outputs;
};

/// Two groups over one shared x, the second seeing only a prefix of it: a masked first layer with ragged outputs.
GroupedLinear masked_layer(int inputs, int outputs) {
  const auto in = static_cast<std::size_t>(inputs), out = static_cast<std::size_t>(outputs);
  const std::size_t prefix = in / 2, second = in * out + out;
  return {{inputs, outputs, 0, in, 0, in * out, 0, out + 1},
          {inputs / 2, 1, 0, in, second, second + prefix, out, out + 1}};
}

std::size_t parameter_count(const GroupedLinear& layer) { return layer.back().bias + 1; }

}  // namespace

TEST_CASE_TEMPLATE("grouped linear layers and their gradients agree with naive loops in double", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const Shape& s : {Shape{1, 1, 1}, {3, 2, 5}, {17, 7, 3}, {129, 31, 13}, {64, 67, 2}, {300, 5, 1}})
    for (const Activation activation : kActivations) {
      const int rows = s.rows, inputs = s.inputs, outputs = s.outputs;
      CAPTURE(rows);
      CAPTURE(inputs);
      CAPTURE(outputs);
      CAPTURE(static_cast<int>(activation));
      const GroupedLinear layer = masked_layer(inputs, outputs);
      const auto batch = static_cast<std::size_t>(rows);
      const Floats x = test::random(batch * static_cast<std::size_t>(inputs), 1);
      const Floats p = test::random(parameter_count(layer), 2);
      Floats y(batch * layer.front().y_stride);
      backend->linear_forward(layer, in_rows(x, rows), p, {.activation = activation}, in_rows(y, rows));
      test::check_close(y, reference::linear_forward(layer, rows, test::doubles(x), test::doubles(p), activation),
                        1e-5);
      if (rows > 20) continue;  // central differences cost rows^2

      const Floats weight = test::random(y.size(), 3);
      const auto loss = [&](const Doubles& dx, const Doubles& dp) {
        const Doubles out = reference::linear_forward(layer, rows, dx, dp, activation);
        double sum = 0;
        for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] * static_cast<double>(weight[i]);
        return sum;
      };
      Floats dy(y.size()), dx(x.size()), dp(p.size(), 0.0f);
      backend->activation_backward(activation, y, weight, dy);
      backend->linear_backward_input(layer, in_rows(dy, rows), p, {}, in_rows(dx, rows));
      backend->linear_backward_weight(layer, in_rows(x, rows), in_rows(dy, rows), true, dp);
      test::check_close(
          dx, reference::gradient([&](const Doubles& v) { return loss(v, test::doubles(p)); }, test::doubles(x)), 1e-4);
      test::check_close(
          dp, reference::gradient([&](const Doubles& v) { return loss(test::doubles(x), v); }, test::doubles(p)), 1e-4);
    }
}

namespace {

/// Three groups: one with no inputs, one over all of x and one over a prefix of it, with gaps between their outputs.
GroupedLinear prefix_layer(int inputs, int outputs) {
  const auto in = static_cast<std::size_t>(inputs), out = static_cast<std::size_t>(outputs);
  const std::size_t prefix = in / 2, x_stride = in + 3, y_stride = 3 * out + 5;
  const std::size_t second = out, third = second + (in + 1) * out;
  return {{0, outputs, 0, x_stride, 0, 0, 1, y_stride},
          {inputs, outputs, 0, x_stride, second, second + in * out, out + 2, y_stride},
          {inputs / 2, outputs, 0, x_stride, third, third + prefix * out, 2 * out + 4, y_stride}};
}

std::size_t size_of(const LinearGroup& last) { return last.bias + static_cast<std::size_t>(last.outputs); }

}  // namespace

TEST_CASE_TEMPLATE(
    "what a forward product does behind itself agrees with naive loops, also where a group has no inputs", On,
    EVERY_BACKEND) {
  const auto backend = On::make();
  for (const Shape& s : {Shape{0, 3, 4}, {1, 1, 1}, {7, 2, 5}, {16, 40, 16}, {17, 33, 13}, {130, 9, 1}, {65, 300, 131}})
    for (const float probability : {0.0f, 0.1f, 0.5f}) {
      const int rows = s.rows, inputs = s.inputs, outputs = s.outputs;
      CAPTURE(rows);
      CAPTURE(outputs);
      CAPTURE(probability);
      const GroupedLinear layer = prefix_layer(inputs, outputs);
      const std::size_t y_size = static_cast<std::size_t>(rows) * layer[0].y_stride;
      const Floats x = test::random(static_cast<std::size_t>(rows) * layer[0].x_stride, 1);
      const Floats p = test::random(size_of(layer.back()), 2), residual = test::random(y_size, 3);
      Floats y(y_size, 0.0f), sum(y_size, 0.0f);
      const Dropout dropout{probability, 5, 1234567890123};
      backend->linear_forward(layer, in_rows(x, rows), p,
                              {.activation = Activation::kRelu,
                               .dropout = dropout,
                               .residual = in_rows(residual, rows),
                               .sum = in_rows(sum, rows)},
                              in_rows(y, rows));
      Doubles expected = reference::linear_forward(layer, rows, test::doubles(x), test::doubles(p), Activation::kRelu);
      for (std::size_t i = 0; i < y_size; ++i) expected[i] *= reference::dropout_mask(dropout, i);
      test::check_close(y, expected, 5e-5);  // sums of 300 products, some 40 times as large as the result
      for (const LinearGroup& g : layer)
        for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
          for (std::size_t o = 0, i = g.y + r * g.y_stride; o < static_cast<std::size_t>(outputs); ++o, ++i)
            expected[i] += static_cast<double>(residual[i]);
      test::check_close(sum, expected, 5e-5);  // 0 between the groups: nobody wrote there

      Floats gradients(p.size(), 0.25f);
      backend->linear_backward_weight({&layer[0], 1}, in_rows(x, rows), in_rows(residual, rows), true, gradients);
      Doubles columns(p.size(), 0.25);
      for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r)
        for (std::size_t o = 0; o < static_cast<std::size_t>(outputs); ++o)
          columns[o] += static_cast<double>(residual[layer[0].y + r * layer[0].y_stride + o]);
      test::check_close(gradients, columns, 1e-5);
    }
}

TEST_CASE_TEMPLATE("what a product back to the inputs does behind itself agrees with naive loops, in place too", On,
                   EVERY_BACKEND) {
  const auto backend = On::make();
  // Sums of 262 products, some 40 times as large as the result; the GPU adds them up one by one.
  const double tolerance = std::is_same_v<On, test::Cpu> ? 1e-5 : 5e-5;
  for (const Shape& s :
       {Shape{0, 3, 4}, {1, 1, 1}, {7, 2, 5}, {16, 40, 16}, {17, 33, 13}, {130, 9, 1}, {65, 300, 131}}) {
    const int rows = s.rows, inputs = s.inputs, outputs = s.outputs;
    CAPTURE(rows);
    CAPTURE(inputs);
    const GroupedLinear layer = prefix_layer(inputs, outputs);
    const std::size_t x_size = static_cast<std::size_t>(rows) * layer[0].x_stride;
    const Floats p = test::random(size_of(layer.back()), 2), residual = test::random(x_size, 3);
    const Floats dy = test::random(static_cast<std::size_t>(rows) * layer[0].y_stride, 4);
    Floats output = test::random(x_size, 5), dx(x_size, -9.0f), masked(x_size, -9.0f), in_place(x_size, -9.0f);
    for (std::size_t i = 0; i < x_size; ++i)
      output[i] = i % 5 == 0 ? 0 : std::tanh(output[i]);  // as an activation puts out
    Doubles expected =
        reference::linear_backward_input(layer, rows, test::doubles(dy), test::doubles(p), Doubles(x_size, -9.0));
    const auto is_read = [&](std::size_t i) { return i % layer[0].x_stride < static_cast<std::size_t>(inputs); };
    for (std::size_t i = 0; i < x_size; ++i)
      if (is_read(i)) expected[i] += static_cast<double>(residual[i]);
    for (const Activation activation : kActivations) {
      CAPTURE(static_cast<int>(activation));
      Doubles cut = expected;
      for (std::size_t i = 0; i < x_size; ++i)
        if (is_read(i)) cut[i] *= 1.25 * reference::slope(activation, static_cast<double>(output[i]));
      BackwardTail tail{in_rows(residual, rows), activation, in_rows(output, rows), 1.25f, in_rows(masked, rows)};
      backend->linear_backward_input(layer, in_rows(dy, rows), p, tail, in_rows(dx, rows));
      test::check_close(dx, expected, tolerance);
      test::check_close(masked, cut, tolerance);
      tail.masked = in_rows(in_place, rows);
      backend->linear_backward_input(layer, in_rows(dy, rows), p, tail, in_rows(in_place, rows));
      CHECK(in_place == masked);
    }
  }
}

TEST_CASE_TEMPLATE("a tangent goes forward through a layer as the derivative of its outputs says", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const Shape& s : {Shape{0, 3, 4}, {1, 1, 1}, {7, 2, 5}, {17, 33, 13}, {65, 130, 1}})
    for (const Activation activation : kActivations) {
      const int rows = s.rows, inputs = s.inputs, outputs = s.outputs;
      CAPTURE(rows);
      CAPTURE(static_cast<int>(activation));
      const GroupedLinear layer = prefix_layer(inputs, outputs);
      const Floats x = test::random(static_cast<std::size_t>(rows) * layer[0].x_stride, 1);
      Floats p = test::random(size_of(layer.back()), 2), y(static_cast<std::size_t>(rows) * layer[0].y_stride, 0.0f);
      const Floats output = test::random(y.size(), 3);
      const Dropout dropout{rows > 10 ? 0.3f : 0.0f, 5, 9};
      backend->linear_forward(layer, in_rows(x, rows), p,
                              {.activation = activation, .slope_of = in_rows(output, rows), .dropout = dropout},
                              in_rows(y, rows));
      for (const LinearGroup& g : layer) std::fill_n(p.begin() + static_cast<std::ptrdiff_t>(g.bias), outputs, 0.0f);
      Doubles expected = reference::linear_forward(layer, rows, test::doubles(x), test::doubles(p), Activation::kNone);
      for (std::size_t i = 0; i < y.size(); ++i)
        expected[i] *=
            reference::slope(activation, static_cast<double>(output[i])) * reference::dropout_mask(dropout, i);
      test::check_close(y, expected, 5e-5);
    }
}

TEST_CASE_TEMPLATE("the weights of many layers learn at once as they do one after the other", On, EVERY_BACKEND) {
  const auto backend = On::make();
  const int rows = 65;
  std::vector<GroupedLinear> layers;
  std::vector<Floats> operands;
  std::vector<WeightProduct> products;
  std::size_t parameters = 0;
  for (const auto& [inputs, outputs] : {std::pair{70, 3}, {1, 1}, {9, 130}, {2, 0}, {33, 64}, {5, 1}, {64, 2}}) {
    const auto in = static_cast<std::size_t>(inputs), out = static_cast<std::size_t>(outputs);
    if (outputs == 0) {
      layers.emplace_back();  // a layer without groups
    } else {
      layers.push_back({{inputs, outputs, 0, in, parameters, parameters + in * out, 0, out}});
      parameters += (in + 1) * out;
    }
    for (const std::size_t width : {in, out}) operands.push_back(test::random(rows * width, operands.size()));
  }
  for (std::size_t l = 0; l < layers.size(); ++l)
    products.push_back({layers[l], in_rows(operands[2 * l], rows), in_rows(operands[2 * l + 1], rows)});
  for (const bool with_bias : {false, true}) {
    Floats all(parameters, 0.5f), one_by_one = all;
    backend->linear_backward_weights(products, with_bias, all);
    for (const WeightProduct& of : products)
      if (!of.layer.empty()) backend->linear_backward_weight(of.layer, of.x, of.dy, with_bias, one_by_one);
    CHECK(all == one_by_one);
  }
}

namespace {

/// Groups over all of one x but two columns, at its begin, its middle and its end, and one over a prefix.
GroupedLinear gap_layer(int inputs, int outputs) {
  GroupedLinear layer;
  std::size_t parameters = 0, y = 0;
  const auto out = static_cast<std::size_t>(outputs);
  const auto add = [&](int read, int gap, int gap_width) {
    const std::size_t weight = parameters, bias = weight + static_cast<std::size_t>(read) * out;
    layer.push_back(
        {read, outputs, 0, static_cast<std::size_t>(inputs), weight, bias, y, 4 * out, true, gap, gap_width});
    parameters = bias + out, y += out;
  };
  for (const int gap : {0, (inputs - 2) / 2, inputs - 2}) add(inputs - 2, gap, 2);
  add(inputs / 2, 0, 0);
  return layer;
}

}  // namespace

TEST_CASE_TEMPLATE("products that leave a gap of x out agree with naive loops in double, and so do their gradients", On,
                   EVERY_BACKEND) {
  const auto backend = On::make();
  for (const Shape& s :
       {Shape{0, 5, 3}, {1, 3, 1}, {3, 4, 5}, {7, 13, 1}, {17, 7, 3}, {130, 300, 131}, {65, 131, 40}}) {
    const int rows = s.rows, inputs = s.inputs, outputs = s.outputs;
    CAPTURE(rows);
    CAPTURE(inputs);
    CAPTURE(outputs);
    const GroupedLinear layer = gap_layer(inputs, outputs);
    const Floats x = test::random(static_cast<std::size_t>(rows) * layer[0].x_stride, 1);
    const Floats p = test::random(size_of(layer.back()), 2);
    const std::size_t y_size = static_cast<std::size_t>(rows) * layer[0].y_stride;
    Floats y(y_size), dy = test::random(y_size, 3), dx(x.size(), -9.0f), dp(p.size(), 0.0f);
    backend->linear_forward(layer, in_rows(x, rows), p, {}, in_rows(y, rows));
    test::check_close(y, reference::linear_forward(layer, rows, test::doubles(x), test::doubles(p), Activation::kNone),
                      5e-5);
    backend->linear_backward_input(layer, in_rows(dy, rows), p, {}, in_rows(dx, rows));
    test::check_close(
        dx, reference::linear_backward_input(layer, rows, test::doubles(dy), test::doubles(p), Doubles(x.size())),
        5e-5);
    if (rows > 20) continue;
    backend->linear_backward_weight(layer, in_rows(x, rows), in_rows(dy, rows), true, dp);
    const auto loss = [&](const Doubles& at) {
      const Doubles out = reference::linear_forward(layer, rows, test::doubles(x), at, Activation::kNone);
      double sum = 0;
      for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] * static_cast<double>(dy[i]);
      return sum;
    };
    test::check_close(dp, reference::gradient(loss, test::doubles(p)), 1e-4);
  }
}

TEST_CASE_TEMPLATE("the batch may be empty", On, EVERY_BACKEND) {
  const auto backend = On::make();
  const GroupedLinear layer = masked_layer(4, 3);
  const Floats p = test::random(parameter_count(layer), 1);
  Floats gradients(p.size(), 0.0f);
  backend->linear_forward(layer, {}, p, {.activation = Activation::kRelu}, {});
  backend->linear_backward_weight(layer, {}, {}, true, gradients);
  CHECK(gradients == Floats(p.size(), 0.0f));
}

namespace {

struct Sums {
  int rows, groups, width;
};

}  // namespace

TEST_CASE_TEMPLATE("running sums and their gradients agree with naive loops in double, and go on where they were left",
                   On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const Sums& s : {Sums{0, 3, 4}, {1, 1, 1}, {3, 2, 5}, {7, 5, 3}, {17, 13, 31}, {65, 7, 128}, {9, 65, 130}})
    for (const float probability : {0.0f, 0.3f}) {
      const int rows = s.rows, groups = s.groups, width = s.width;
      CAPTURE(rows);
      CAPTURE(groups);
      CAPTURE(width);
      CAPTURE(probability);
      const Dropout dropout{probability, 5, 9};
      const auto units = static_cast<std::size_t>(groups) * static_cast<std::size_t>(width);
      const Floats products = test::random(static_cast<std::size_t>(rows) * units, 1), bias = test::random(units, 2);
      const auto columns = static_cast<std::size_t>(width), count = static_cast<std::size_t>(groups);
      const Doubles expected = reference::running_sum(columns, test::doubles(products), test::doubles(bias), dropout);
      Floats y(products.size()), sum(static_cast<std::size_t>(rows * width), 7.0f);
      const auto go = [&](std::size_t begin, std::size_t end, Floats& out) {
        backend->running_sum_forward(begin, end, in_rows(products, rows), in_rows(bias, groups), dropout,
                                     in_rows(sum, rows), in_rows(out, rows));
      };
      go(0, count, y);
      test::check_close(y, expected, 1e-5);

      Floats parts(y.size());
      for (std::size_t k = 0; k < count; ++k) go(k, k + 1, parts);
      CHECK(parts == y);

      const Floats weight = test::random(y.size(), 3);
      Floats dy(y.size()), dproducts(y.size()), dbias(units, 0.5f);
      for (std::size_t i = 0; i < y.size(); ++i) dy[i] = y[i] > 0 ? weight[i] * dropout.scale() : 0.0f;
      if (probability == 0) backend->activation_backward(Activation::kRelu, y, weight, dy);
      backend->running_sum_backward(in_rows(dy, rows), in_rows(dproducts, rows), in_rows(dbias, groups));
      Floats in_place = dy, again(units, 0.5f);
      backend->running_sum_backward(in_rows(in_place, rows), in_rows(in_place, rows), in_rows(again, groups));
      CHECK(in_place == dproducts);
      CHECK(again == dbias);
      if (products.size() > 200) continue;  // central differences cost their square
      for (float& d : dbias) d -= 0.5f;
      const auto loss = [&](const Doubles& p, const Doubles& b) {
        const Doubles out = reference::running_sum(columns, p, b, dropout);
        double total = 0;
        for (std::size_t i = 0; i < out.size(); ++i) total += out[i] * static_cast<double>(weight[i]);
        return total;
      };
      const Doubles p = test::doubles(products), b = test::doubles(bias);
      test::check_close(dproducts, reference::gradient([&](const Doubles& v) { return loss(v, b); }, p), 1e-4);
      test::check_close(dbias, reference::gradient([&](const Doubles& v) { return loss(p, v); }, b), 1e-4);
    }
}

TEST_CASE_TEMPLATE("sums of others and their gradients agree with naive loops in double, also group by group", On,
                   EVERY_BACKEND) {
  const auto backend = On::make();
  for (const Sums& s : {Sums{0, 3, 4}, {1, 1, 1}, {3, 2, 5}, {7, 5, 3}, {17, 13, 31}, {65, 7, 128}, {9, 65, 130}})
    for (const float probability : {0.0f, 0.3f}) {
      const int rows = s.rows, groups = s.groups, width = s.width;
      CAPTURE(rows);
      CAPTURE(groups);
      CAPTURE(width);
      CAPTURE(probability);
      const Dropout dropout{probability, 5, 9};
      const auto columns = static_cast<std::size_t>(width), units = static_cast<std::size_t>(groups) * columns;
      const Floats products = test::random(static_cast<std::size_t>(rows) * units, 1), bias = test::random(units, 2);
      Floats sum(static_cast<std::size_t>(rows) * columns, 0.0f), y(products.size()), parts(products.size());
      for (std::size_t i = 0; i < products.size(); ++i) sum[i / units * columns + i % columns] += products[i];
      const auto go = [&](std::size_t begin, std::size_t end, Floats& out) {
        backend->sum_of_others_forward(begin, end, in_rows(sum, rows), in_rows(products, rows), in_rows(bias, groups),
                                       dropout, in_rows(out, rows));
      };
      go(0, static_cast<std::size_t>(groups), y);
      test::check_close(y, reference::sum_of_others(columns, test::doubles(products), test::doubles(bias), dropout),
                        2e-5);
      for (std::size_t k = 0; k < static_cast<std::size_t>(groups); ++k) go(k, k + 1, parts);
      CHECK(parts == y);

      Floats dy = test::random(y.size(), 3), dproducts(y.size()), dbias(units, 0.5f);
      backend->sum_of_others_backward(in_rows(dy, rows), in_rows(dproducts, rows), in_rows(dbias, groups));
      Doubles expected(y.size(), 0.0), bias_sum(units, 0.5);
      for (std::size_t i = 0; i < y.size(); ++i) {
        bias_sum[i % units] += static_cast<double>(dy[i]);
        for (std::size_t j = i / units * units + i % columns; j < (i / units + 1) * units; j += columns)
          expected[i] += j == i ? 0 : static_cast<double>(dy[j]);
      }
      test::check_close(dproducts, expected, 1e-5);
      test::check_close(dbias, bias_sum, 1e-5);
      backend->sum_of_others_backward(in_rows(dy, rows), in_rows(dy, rows), in_rows(dbias, groups));
      CHECK(dy == dproducts);  // in place
    }
}

TEST_CASE_TEMPLATE("BCE from the logit has the right value and gradient, and stays finite far out", On, EVERY_BACKEND) {
  const auto backend = On::make();
  const Floats logit{-3.0f, -0.5f, 0.0f, 0.25f, 4.0f};
  for (const std::size_t real : {0, 1, 3, 5}) {
    float loss = 0.5f;
    Floats dlogit(logit.size());
    backend->bce_with_logits(real, logit, &loss, dlogit);
    const auto expected = [&](const Doubles& d) {
      const auto half = d.begin() + static_cast<std::ptrdiff_t>(real);
      return (real > 0 ? reference::bce_with_logits({d.begin(), half}, 1) : 0) +
             (real < 5 ? reference::bce_with_logits({half, d.end()}, 0) : 0);
    };
    CHECK(static_cast<double>(loss) == doctest::Approx(0.5 + expected(test::doubles(logit))).epsilon(1e-6));
    test::check_close(dlogit, reference::gradient(expected, test::doubles(logit)), 1e-5);
  }
  const Floats far{-500.0f};
  float loss = 0;
  Floats dlogit(1);
  backend->bce_with_logits(1, far, &loss, dlogit);
  CHECK(loss == doctest::Approx(500));
  CHECK(dlogit[0] == doctest::Approx(-1));
}

TEST_CASE_TEMPLATE("Adam follows its definition in double, with coupled and decoupled decay", On, EVERY_BACKEND) {
  const auto backend = On::make();
  const std::size_t n = 10007;
  AdamOptions o;
  o.weight_decay = 0.01f, o.l2 = 0.1f, o.rate = 1e-2f;
  Floats p = test::random(n, 1), m(n, 0.0f), v(n, 0.0f);
  Doubles pd = test::doubles(p), md(n, 0.0), vd(n, 0.0);
  for (int step = 1; step <= 3; ++step) {
    const Floats g = test::random(n, 10 + static_cast<std::uint64_t>(step));
    Floats gradient = g;
    backend->adam(step, o, {.gradient = gradient, .parameter = p, .first = m, .second = v});
    const double b1 = static_cast<double>(o.beta1), b2 = static_cast<double>(o.beta2);
    for (std::size_t i = 0; i < n; ++i) {
      const double gi = static_cast<double>(g[i]) + static_cast<double>(o.l2) * pd[i];
      md[i] = b1 * md[i] + (1 - b1) * gi;
      vd[i] = b2 * vd[i] + (1 - b2) * gi * gi;
      const double m_hat = md[i] / (1 - std::pow(b1, step)), v_hat = vd[i] / (1 - std::pow(b2, step));
      pd[i] -= static_cast<double>(o.rate) * (m_hat / (std::sqrt(v_hat) + static_cast<double>(o.epsilon)) +
                                              static_cast<double>(o.weight_decay) * pd[i]);
    }
  }
  test::check_close(p, pd, 1e-5);
}

TEST_CASE_TEMPLATE("Adam scales a gradient down to the norm it is cut at, and averages the parameters", On,
                   EVERY_BACKEND) {
  const auto backend = On::make();
  for (const std::size_t n : {std::size_t{1}, std::size_t{17}, std::size_t{10007}})
    for (const float clip : {0.5f, 1e6f}) {
      CAPTURE(n);
      CAPTURE(clip);
      AdamOptions o;
      o.clip = clip, o.average_decay = 0.75f, o.rate = 1e-2f, o.beta1 = 0;
      o.epsilon = 1e-2f;  // so that the size of the gradient counts
      const Floats g = test::random(n, 1), start = test::random(n, 2);
      Floats p = start, m(n, 0.0f), v(n, 0.0f), average(n, 2.0f), gradient = g;
      Floats norm(1, 0.0f);
      backend->add_square_sum(1.0f, g, norm.data());
      backend->adam(
          1, o,
          {.gradient = gradient, .parameter = p, .first = m, .second = v, .average = average, .square_norm = norm});
      CHECK(gradient == Floats(n, 0.0f));
      double square = 0;
      for (const float x : g) square += static_cast<double>(x) * static_cast<double>(x);
      const double scale = std::min(1.0, static_cast<double>(clip) / std::sqrt(square));
      Doubles expected(n), mean(n);
      for (std::size_t i = 0; i < n; ++i) {
        const double cut = scale * static_cast<double>(g[i]);
        expected[i] = static_cast<double>(start[i]) - 1e-2 * cut / (std::abs(cut) + 1e-2);
        mean[i] = 0.75 * 2 + 0.25 * expected[i];
      }
      test::check_close(p, expected, 1e-6);
      test::check_close(average, mean, 1e-6);
    }
}

TEST_CASE_TEMPLATE("sums are those of double, and are added to what is there", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{17}, std::size_t{100003}}) {
    CAPTURE(n);
    const Floats x = test::random(n, 1);
    double sum = 0, squares = 0;
    for (const float v : x) sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
    float got = 3, got_squares = 3;
    backend->add_sum(0.5f, x, &got);
    backend->add_square_sum(0.5f, x, &got_squares);
    CHECK(static_cast<double>(got) == doctest::Approx(3 + 0.5 * sum).epsilon(1e-6));
    CHECK(static_cast<double>(got_squares) == doctest::Approx(3 + 0.5 * squares).epsilon(1e-6));
  }
}

TEST_CASE_TEMPLATE("dropout multiplies every element by what its number says, however the work is cut", On,
                   EVERY_BACKEND) {
  const auto backend = On::make();
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{17}, std::size_t{130}, std::size_t{20001}}) {
    CAPTURE(n);
    const Dropout dropout{0.3f, 9, (std::uint64_t{1} << 40) + 7};
    Floats x(n, 1.0f);
    backend->dropout(dropout, x);
    Doubles expected;
    for (std::size_t i = 0; i < n; ++i) expected.push_back(reference::dropout_mask(dropout, i));
    test::check_close(x, expected, 1e-6);
  }
}

TEST_CASE_TEMPLATE("dropout keeps the mean, and the same counters give the same mask", On, EVERY_BACKEND) {
  const auto backend = On::make();
  const std::size_t n = 20001;
  Floats a(n, 1.0f), b(n, 1.0f);
  backend->dropout({0.25f, 1, 5}, a);
  backend->dropout({0.25f, 1, 5}, b);
  CHECK(a == b);
  double sum = 0;
  for (const float x : a) sum += static_cast<double>(x);
  CHECK(sum / static_cast<double>(n) == doctest::Approx(1).epsilon(0.02));  // 5 standard errors
}

TEST_CASE_TEMPLATE("noise of a row does not depend on the batch it is drawn in, nor on the threads", On,
                   EVERY_BACKEND) {
  const auto one = On::make(1), many = On::make(3);
  const int rows = 301, columns = 7;
  Floats whole(rows * columns), part(columns);
  one->fill_normal(3, Stream::kNoise, 100, View(whole).reshaped(rows, columns));
  for (const int row : {0, 1, 299}) {
    many->fill_normal(3, Stream::kNoise, 100 + static_cast<std::uint64_t>(row), part);
    CHECK(Floats(whole.begin() + row * columns, whole.begin() + (row + 1) * columns) == part);
  }
  Floats again(rows * columns);
  many->fill_normal(3, Stream::kNoise, 100, View(again).reshaped(rows, columns));
  CHECK(again == whole);
}

TEST_CASE_TEMPLATE("noise of a row is that of its counters, on every backend the same", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{0, 3}, {1, 1}, {3, 4}, {70, 7}, {17, 130}}) {
    const std::uint64_t first = (std::uint64_t{1} << 33) + 5;
    Floats out(rows * columns, -9.0f);
    backend->fill_normal(7, Stream::kSample, first, View(out.data(), rows, columns, Device::kCpu));
    Doubles expected;
    for (std::uint64_t r = 0; r < rows; ++r)
      for (std::uint32_t c = 0; c < columns; ++c)
        expected.push_back(static_cast<double>(Philox(7, Stream::kSample).normal(first + r, c / 4)[c % 4]));
    test::check_close(out, expected, 1e-5);
  }
}

TEST_CASE_TEMPLATE("an epoch's order has every row once, in places that the seed and the epoch choose", On,
                   EVERY_BACKEND) {
  const auto backend = On::make();
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{70}, std::size_t{1025}}) {
    CAPTURE(count);
    std::vector<std::uint32_t> numbers(count);  // uneven ones, of a larger table
    for (std::size_t i = 0; i < count; ++i) numbers[i] = static_cast<std::uint32_t>(3 * i + i % 2);
    const auto order = [&](std::uint64_t seed, std::uint64_t epoch, const std::uint32_t* rows) {
      std::vector<std::uint32_t> out(count, 0xffffffffu);
      backend->shuffle_rows(seed, epoch, {rows, count}, out);
      return out;
    };
    const std::vector<std::uint32_t> places = order(5, 0, nullptr), shuffled = order(5, 0, numbers.data());
    const KeyedPermutation place(Philox(5, Stream::kShuffle), 0, 0, count);
    for (std::size_t i = 0; i < count; ++i) CHECK(places[i] == place(i));
    for (std::size_t i = 0; i < count; ++i) CHECK(shuffled[i] == numbers[places[i]]);
    CHECK(is_permutation(places));
    CHECK(order(5, 0, nullptr) == places);
    if (count < 70) continue;
    CHECK(order(5, 1, nullptr) != places);
    CHECK(order(6, 0, nullptr) != places);
  }
}

TEST_CASE_TEMPLATE("rows are drawn by the words of their counters", On, EVERY_BACKEND) {
  const auto backend = On::make();
  const std::vector<std::uint32_t> from{40, 7, 7000, 3, 90};
  for (const int count : {0, 1, 300}) {
    std::vector<std::uint32_t> out(static_cast<std::size_t>(count)), places = out;
    backend->draw_rows(9, Stream::kRefinement, 1ull << 40, {from.data(), from.size()}, out);
    backend->draw_rows(9, Stream::kRefinement, 1ull << 40, {nullptr, from.size()}, places);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::uint32_t word = Philox(9, Stream::kRefinement).bits(1ull << 40, static_cast<std::uint32_t>(i))[0];
      const auto place = static_cast<std::size_t>(static_cast<double>(word) / 0x1p32 * 5);
      CHECK(places[i] == place);
      CHECK(out[i] == from[place]);
    }
  }
}

TEST_CASE_TEMPLATE("rows are gathered by number", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{0, 3}, {1, 1}, {70, 7}, {17, 130}}) {
    const Floats table = test::random(11 * columns, 1);
    std::vector<std::uint32_t> index(rows);
    for (std::size_t r = 0; r < index.size(); ++r) index[r] = static_cast<std::uint32_t>(r * 7 % 11);
    Floats out(rows * columns);
    backend->gather_rows(ConstView(table).reshaped(11, columns), index, View(out.data(), rows, columns, Device::kCpu));
    for (std::size_t i = 0; i < out.size(); ++i) CHECK(out[i] == table[index[i / columns] * columns + i % columns]);
  }
}

TEST_CASE_TEMPLATE("memory comes zeroed, and vectors are filled, added and carried back", On, EVERY_BACKEND) {
  const auto backend = On::make();
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{17}, std::size_t{600003}}) {
    CAPTURE(n);
    const Floats x = test::random(n, 1), start = test::random(n, 2);
    const Memory a = backend->allocate(n), b = backend->allocate(n);
    Floats out(n, 9.0f);
    backend->download(a, out);
    CHECK(out == Floats(n, 0.0f));
    backend->fill(2.5f, a);
    backend->download(a, out);
    CHECK(out == Floats(n, 2.5f));
    backend->upload(x, a);
    backend->upload(start, b);
    backend->add_scaled(-2.0f, a, 0.5f, b);
    backend->download(b, out);
    CHECK(std::equal(out.begin(), out.end(), x.begin(), [&, i = std::size_t{0}](float got, float added) mutable {
      return std::abs(got - (0.5f * start[i++] - 2.0f * added)) < 1e-5f;
    }));
  }
}

TEST_CASE_TEMPLATE("gradients go back through every activation", On, EVERY_BACKEND) {
  const auto backend = On::make();
  const Floats y{-0.75f, -0.0f, 0.0f, 0.5f, 0.9f}, dy{2.0f, -1.0f, 3.0f, 4.0f, -5.0f};
  const auto check = [&](Activation activation, const Doubles& expected) {
    Floats dx(y.size());
    backend->activation_backward(activation, y, dy, dx);
    test::check_close(dx, expected, 1e-6);
    Floats in_place = dy;
    backend->activation_backward(activation, y, in_place, in_place);
    CHECK(in_place == dx);
  };
  check(Activation::kNone, test::doubles(dy));
  check(Activation::kRelu, {0, 0, 0, 4, -5});
  check(Activation::kLeakyRelu, {0.4, -0.2, 0.6, 4, -5});
  check(Activation::kTanh, {2 * (1 - 0.5625), -1, 3, 4 * 0.75, -5 * 0.19});
  check(Activation::kSigmoid, {2 * -0.75 * 1.75, 0, 0, 4 * 0.25, -5 * 0.09});
}

namespace {

/// Normal numbers with `bits` bits behind the point.
Floats rounded(std::size_t count, std::uint64_t seed, int bits) {
  Floats out = test::random(count, seed);
  for (float& x : out) {
    int exponent;
    const float mantissa = std::frexp(x, &exponent);
    x = std::ldexp(std::round(std::ldexp(mantissa, bits + 1)), exponent - bits - 1);
  }
  return out;
}

template <class On>
inline constexpr int kBits = 10;
template <>
inline constexpr int kBits<test::Emulated<Precision::kBf16>> = 7;
#ifdef MEG_GPU_TESTS
template <>
inline constexpr int kBits<test::Gpu<Precision::kBf16>> = 7;
#endif

}  // namespace

TEST_CASE_TEMPLATE("products on tensor cores are exact where their factors are, but for float32 sums", On,
                   GPUS_WITH(Precision::kTf32), GPUS_WITH(Precision::kBf16)) {
  const auto backend = On::make();
  constexpr int bits = kBits<On>;
  for (const Shape& s : {Shape{1, 1, 1}, {3, 2, 5}, {17, 7, 3}, {129, 31, 13}, {64, 67, 2}, {65, 130, 131}}) {
    const int rows = s.rows, inputs = s.inputs, outputs = s.outputs;
    CAPTURE(rows);
    CAPTURE(inputs);
    const GroupedLinear layer = prefix_layer(inputs, outputs);
    const auto batch = static_cast<std::size_t>(rows);
    const Floats x = rounded(batch * layer[0].x_stride, 1, bits), p = rounded(size_of(layer.back()), 2, bits);
    Floats y(batch * layer[0].y_stride, 0.0f), dx(x.size(), -9.0f), dp(p.size(), 0.0f);
    const Doubles xd = test::doubles(x), pd = test::doubles(p);
    backend->linear_forward(layer, in_rows(x, rows), p, {}, in_rows(y, rows));
    test::check_close(y, reference::linear_forward(layer, rows, xd, pd, Activation::kNone), 5e-5);
    const Floats dy = rounded(y.size(), 3, bits);
    const Doubles dyd = test::doubles(dy);
    backend->linear_backward_input(layer, in_rows(dy, rows), p, {}, in_rows(dx, rows));
    test::check_close(dx, reference::linear_backward_input(layer, rows, dyd, pd, Doubles(dx.size(), -9.0)), 5e-5);
    backend->linear_backward_weight(layer, in_rows(x, rows), in_rows(dy, rows), true, dp);
    Doubles expected(p.size(), 0.0);
    reference::linear_backward_weight(layer, rows, xd, dyd, expected);
    test::check_close(dp, expected, 5e-5);
  }
}

TEST_CASE_TEMPLATE("a product is the same bits in a launch of many groups, whose tiles are larger, and alone", On,
                   GPUS_WITH(Precision::kFp32), GPUS_WITH(Precision::kTf32), GPUS_WITH(Precision::kBf16)) {
  const auto backend = On::make();
  constexpr int rows = 70, inputs = 37, outputs = 5, groups = 70;
  GroupedLinear layer;
  for (std::size_t n = 0; n < groups; ++n) {
    const std::size_t weight = n * (inputs + 1) * outputs;
    layer.push_back({inputs, outputs, n * inputs, groups * inputs, weight, weight + inputs * outputs, n * outputs,
                     groups * outputs, true});
  }
  const Floats x = test::random(std::size_t{rows} * groups * inputs, 1), p = test::random(size_of(layer.back()), 2);
  const Floats dy = test::random(std::size_t{rows} * groups * outputs, 3);
  const ForwardTail tail{.activation = Activation::kTanh, .dropout = {0.2f, 5, 6}};
  Floats y(dy.size()), dx(x.size()), dp(p.size(), 0.5f), y_alone(y.size()), dx_alone(x.size()), dp_alone = dp;
  backend->linear_forward(layer, in_rows(x, rows), p, tail, in_rows(y, rows));
  backend->linear_backward_input(layer, in_rows(dy, rows), p, {}, in_rows(dx, rows));
  backend->linear_backward_weight(layer, in_rows(x, rows), in_rows(dy, rows), true, dp);
  for (const LinearGroup& g : layer) {
    backend->linear_forward({&g, 1}, in_rows(x, rows), p, tail, in_rows(y_alone, rows));
    backend->linear_backward_input({&g, 1}, in_rows(dy, rows), p, {}, in_rows(dx_alone, rows));
    backend->linear_backward_weight({&g, 1}, in_rows(x, rows), in_rows(dy, rows), true, dp_alone);
  }
  CHECK(y == y_alone);
  CHECK(dx == dx_alone);
  CHECK(dp == dp_alone);
  if (!std::is_same_v<On, test::Emulated<Precision::kFp32>>) return;  // the CPU has no other precision
  Floats on_cpu(y.size());
  test::Cpu::make()->linear_forward(layer, in_rows(x, rows), p, tail, in_rows(on_cpu, rows));
  test::check_close(y, test::doubles(on_cpu), 1e-5);
}

TEST_CASE_TEMPLATE("what is infinite or not a number stays so in a product", On, GPUS_WITH(Precision::kFp32),
                   GPUS_WITH(Precision::kTf32), GPUS_WITH(Precision::kBf16)) {
  const auto backend = On::make();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const GroupedLinear layer{{1, 1, 0, 1, 0, 1, 0, 1}};
  const Floats x{infinity, -infinity, std::bit_cast<float>(0x7fffffffu), std::bit_cast<float>(0xffc00000u), 2};
  for (const float weight : {1.0f, infinity, std::bit_cast<float>(0x7fffffffu)}) {
    const Floats p{weight, 0.0f};
    Floats y(x.size());
    backend->linear_forward(layer, in_rows(x, x.size()), p, {}, in_rows(y, y.size()));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float expected = x[i] * weight;
      CHECK((std::isnan(expected) ? std::isnan(y[i]) : y[i] == expected));
    }
  }
}

TEST_CASE_TEMPLATE("tensor cores round factors to the nearest", On, GPUS_WITH(Precision::kTf32),
                   GPUS_WITH(Precision::kBf16)) {
  const auto backend = On::make();
  const float step = std::ldexp(1.0f, -kBits<On>);  // between two neighbours from 1 to 2
  const GroupedLinear layer{{1, 1, 0, 1, 0, 1, 0, 1}};
  const Floats x{1 + 0.49f * step, 1 + 0.51f * step, -1 - 0.51f * step, 1 + 1.49f * step}, p{1.0f, 0.0f};
  Floats y(x.size());
  backend->linear_forward(layer, in_rows(x, x.size()), p, {}, in_rows(y, y.size()));
  CHECK(y == Floats{1, 1 + step, -1 - step, 1 + step});
}
