#include "tests/backends.h"
#include "tests/support.h"

// The stack of all layers of masked generators, in one operation each way.

using namespace meg;
using reference::Doubles;
using test::Floats;
using test::in_rows;

namespace {

enum class First { kPrefix, kGap, kGiven };

/// Generators side by side: of no inputs, of a few, of more than a panel; of heads from 1 to more than a tile. The
/// operands of one that stands before them and of one behind them are not touched.
struct Generators {
  static constexpr int kInputs[] = {11, 0, 5, 37, 70}, kHeads[] = {2, 5, 1, 131, 70};
  static constexpr std::size_t kCount = std::size(kInputs), kWidth = 80, kBegin = 1;

  Generators(int units, First kind) : width(static_cast<std::size_t>(units)), given(kind == First::kGiven) {
    for (std::size_t n = 0; n < kCount; ++n) {
      const auto add = [&](GroupedLinear& layer, int inputs, int outputs, std::size_t x, std::size_t x_stride,
                           std::size_t y, std::size_t y_stride) {
        const std::size_t weight = parameters, out = static_cast<std::size_t>(outputs);
        const std::size_t bias = weight + static_cast<std::size_t>(inputs) * out;
        parameters = bias + out + (units < 512 ? 3 : 4 - (bias + out) % 4);  // wide ones aligned, as cuBLAS wants them
        layer.push_back({inputs, outputs, x, x_stride, weight, bias, y, y_stride, n % 2 == 0});
      };
      add(first, kInputs[n], units, 0, kWidth, n * width, kCount * width);
      if (kind == First::kGap) first.back().gap = kInputs[n] / 2, first.back().gap_width = 7;
      add(hidden, units, units, n * width, kCount * width, n * width, kCount * width);
      add(head, units, kHeads[n], n * width, kCount * width, head_stride, kAllHeads);
      head_stride += static_cast<std::size_t>(kHeads[n]);
    }
  }
  Stack stack(float dropout) const {
    const auto some = [](LinearGroups layer) { return layer.subspan(kBegin, kCount - kBegin - 1); };
    return {given ? LinearGroups() : some(first), some(hidden), some(head), {dropout, 5, 6}, {dropout, 5, 7}};
  }

  static constexpr std::size_t kAllHeads = 2 + 5 + 1 + 131 + 70;
  std::size_t width, parameters = 0, head_stride = 0;
  bool given;
  GroupedLinear first, hidden, head;
};

struct Operands {
  Operands(const Generators& g, int rows_of_each)
      : rows(rows_of_each),
        x(size(rows, Generators::kWidth)),
        a0(size(rows, Generators::kCount * g.width), -9.0f),
        a1(a0),
        h(a0),
        heads(size(rows, Generators::kAllHeads), -9.0f),
        dheads(heads.size()),
        dh(a0),
        da1(a0),
        da0(a0),
        p(g.parameters),
        gradients(g.parameters, 2.0f) {}
  static std::size_t size(int rows, std::size_t stride) { return static_cast<std::size_t>(rows) * stride; }
  StackTape tape() {
    return {in_rows(x, rows),      in_rows(a0, rows), in_rows(a1, rows),  in_rows(h, rows),  in_rows(heads, rows),
            in_rows(dheads, rows), in_rows(dh, rows), in_rows(da1, rows), in_rows(da0, rows)};
  }
  reference::StackTape in_double() const {
    using test::doubles;
    return {doubles(x),     doubles(a0),     doubles(a1),  doubles(h),
            doubles(heads), doubles(dheads), doubles(da1), doubles(da0)};
  }

  int rows;
  Floats x, a0, a1, h, heads, dheads, dh, da1, da0, p, gradients;
};

template <class On>
inline constexpr double kTolerance = 2e-5;
template <template <Precision> class On>
inline constexpr double kTolerance<On<Precision::kTf32>> = 5e-3;
template <template <Precision> class On>
inline constexpr double kTolerance<On<Precision::kBf16>> = 4e-2;

template <class On>
inline constexpr bool kTakesCublas = false;
template <template <Precision> class On>
inline constexpr bool kTakesCublas<On<Precision::kTf32>> = true;

/// check(got, expected) for all that a pass forward and back writes.
template <class On, class Check>
void compare(Backend& backend, const Stack& stack, int rows, Operands& o, const Check& check) {
  const Doubles p = test::doubles(o.p);
  reference::StackTape expected = o.in_double();
  reference::stack_forward(stack, rows, p, expected);
  Operands heads_only = o;
  backend.stack_forward(stack, o.p, o.tape());
  check(o.a0, expected.a0);
  check(o.a1, expected.a1);
  check(o.h, expected.h);
  check(o.heads, expected.heads);
  StackTape tape = heads_only.tape();
  tape.dheads = View();
  backend.stack_forward(stack, o.p, tape);
  if (kTakesCublas<On> && stack.hidden.front().outputs >= 512)  // where it learns
    check(heads_only.heads, expected.heads);
  else
    CHECK(heads_only.heads == o.heads);

  expected = o.in_double();  // so that the ReLUs agree
  Doubles gradients = test::doubles(o.gradients);
  reference::stack_backward(stack, rows, p, expected, gradients);
  backend.stack_backward(stack, o.p, o.tape(), o.gradients);
  check(o.da1, expected.da1);
  check(o.da0, expected.da0);
  check(o.gradients, gradients);
}

/// One of -1, 0 and 1; not 0 with this probability.
Floats signs(std::size_t count, std::uint64_t seed, double probability) {
  Floats out(count);
  const Philox philox(seed, Stream::kMeasure);
  for (std::size_t i = 0; i < count; ++i) {
    const auto [word, sign, third, fourth] = philox.bits(i, 0);
    out[i] = word < probability * 4294967296.0 ? (sign % 2 == 0 ? 1.0f : -1.0f) : 0.0f;
  }
  return out;
}

struct Case {
  int rows, width;
  First first;
};

}  // namespace

TEST_CASE_TEMPLATE("a stack and its gradients are exact on small integers, in every precision", On, EVERY_PRECISION) {
  const auto backend = On::make();
  for (const Case& c : {Case{0, 8, First::kPrefix},
                        {1, 8, First::kGap},
                        {31, 40, First::kPrefix},
                        {65, 40, First::kGiven},
                        {31, 128, First::kGap},
                        {65, 128, First::kPrefix},
                        {1, 128, First::kGiven},
                        {3, 136, First::kPrefix},  // too wide for one kernel
                        {0, 512, First::kPrefix},
                        {5, 512, First::kPrefix},
                        {2, 516, First::kGap},
                        {1, 514, First::kPrefix},
                        {1, 512, First::kGiven}}) {
    CAPTURE(c.rows);
    CAPTURE(c.width);
    CAPTURE(static_cast<int>(c.first));
    if (c.width >= 512 && !kTakesCublas<On>) continue;  // as 136
    const Generators generators(c.width, c.first);
    Operands o(generators, c.rows);
    o.x = signs(o.x.size(), 1, 0.5), o.p = signs(o.p.size(), 2, 0.08), o.dheads = signs(o.dheads.size(), 3, 0.3);
    if (generators.given) o.a0 = signs(o.a0.size(), 4, 0.5);
    compare<On>(*backend, generators.stack(0.5f), c.rows, o, [](const Floats& got, const Doubles& expected) {
      CHECK(test::doubles(got) == expected);  // dropout of a half doubles
    });
    for (const Floats* factors : {&o.a0, &o.h, &o.da1, &o.da0})
      for (const float f : *factors) REQUIRE(std::abs(f) <= 256);  // so bf16 holds them
  }
}

TEST_CASE_TEMPLATE("a stack and its gradients agree with naive loops in double", On, EVERY_PRECISION) {
  const auto backend = On::make();
  // Sums of size 1 of 512 products at most, through three layers, in float32 and from factors of 24, 11 or 8 bits.
  const double tolerance = kTolerance<On>;
  for (const Case& c : {Case{31, 8, First::kGap},
                        {65, 40, First::kPrefix},
                        {33, 128, First::kPrefix},
                        {1, 128, First::kGiven},
                        {3, 512, First::kPrefix}}) {
    CAPTURE(c.rows);
    CAPTURE(c.width);
    if (c.width >= 512 && !kTakesCublas<On>) continue;  // as 136
    const Generators generators(c.width, c.first);
    Operands o(generators, c.rows);
    o.x = test::random(o.x.size(), 1), o.p = test::random(o.p.size(), 2), o.dheads = test::random(o.dheads.size(), 3);
    for (float& d : o.dheads) d /= std::sqrt(static_cast<float>(c.rows));
    for (const GroupedLinear* layer : {&generators.first, &generators.hidden, &generators.head})
      for (const LinearGroup& g : *layer)
        for (std::size_t i = g.weight; i < g.bias; ++i) o.p[i] /= std::sqrt(static_cast<float>(g.inputs));
    if (generators.given) o.a0 = test::random(o.a0.size(), 4);
    compare<On>(*backend, generators.stack(0.1f), c.rows, o,
                [&](const Floats& got, const Doubles& expected) { test::check_close(got, expected, tolerance); });
  }
}
