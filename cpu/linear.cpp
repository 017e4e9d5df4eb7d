#include "core/nn/checks.h"
#include "cpu/activation.h"
#include "cpu/backend.h"
#include "cpu/dropout.h"
#include "cpu/multiply.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

namespace {

// What one task owns: fixed cuts of the operands, so that a result never depends on the number of threads. Columns
// are cut first, for a task packs the columns of w that it multiplies with.
constexpr int kRowBlock = 128;
constexpr int kColumnBlock = kPanels * kPanel;

int blocks(int count, int block) { return (count + block - 1) / block; }

template <class Width>
int column_blocks(LinearGroups layer, Width width) {
  int most = 1;
  for (const LinearGroup& g : layer) most = std::max(most, blocks(width(g), kColumnBlock));
  return most;
}

double multiply_adds(LinearGroups layer, std::size_t rows) {
  double sum = 0;
  for (const LinearGroup& g : layer) sum += static_cast<double>(g.inputs) * g.outputs * static_cast<double>(rows);
  return sum;
}

/// Calls body(column of x, row of w, count) for the runs of x's columns in [first, first + count) that a group reads.
template <class Body>
void for_runs(const LinearGroup& g, int first, int count, const Body& body) {
  const auto run = [&](int begin, int end, int skipped) {
    begin = std::max(begin, first), end = std::min(end, first + count);
    if (begin < end) body(static_cast<std::size_t>(begin), static_cast<std::size_t>(begin - skipped), end - begin);
  };
  if (g.gap_width == 0) return run(0, g.inputs, 0);
  run(0, std::min(g.gap, g.inputs), 0);
  run(g.gap + g.gap_width, g.reach(), g.gap_width);
}

/// A task's part of a group: [first_row, +rows] of the batch and [first_column, +columns] of a matrix of the group.
struct Part {
  std::size_t group, first_row, first_column;
  int rows, columns;
};

Part part_of(int task, int row_blocks, int column_blocks, int rows) {
  const int row = task / column_blocks % row_blocks * kRowBlock, column = task % column_blocks * kColumnBlock;
  return {static_cast<std::size_t>(task / column_blocks / row_blocks), static_cast<std::size_t>(row),
          static_cast<std::size_t>(column), std::min(kRowBlock, rows - row), kColumnBlock};
}

/// What `tail` does to rows x width elements of dx behind element `first`.
void finish(const BackwardTail& tail, const LinearGroup& group, std::size_t rows, std::size_t width, std::size_t first,
            std::size_t stride, float* dx) {
  // Local copies: through a reference every store could change them, and nothing would be vectorized.
  const float *const residual = tail.residual.data(), *const output = tail.output.data();
  float* const masked = tail.masked.data();
  const float scale = group.drops ? tail.scale : 1.0f;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t begin = first + r * stride, end = begin + width;
    if (residual) for_independent(begin, end, [=](std::size_t i) { dx[i] += residual[i]; });
    if (masked)
      with_formula(tail.activation, [=](auto formula) {
        for_independent(begin, end, [=](std::size_t i) { masked[i] = scale * formula.slope(output[i]) * dx[i]; });
      });
  }
}

/// y *= tail.activation'(.), of rows x width elements behind element `first`.
void multiply_with_slope(const ForwardTail& tail, std::size_t rows, std::size_t width, std::size_t first,
                         std::size_t stride, float* y) {
  with_formula(tail.activation, [=, output = tail.slope_of.data()](auto formula) {
    for (std::size_t r = 0, begin = first; r < rows; ++r, begin += stride)
      for_independent(begin, begin + width, [=](std::size_t i) { y[i] *= formula.slope(output[i]); });
  });
}

/// The gradients of a group's weights, those of its outputs from column `first` on.
void add_weight_gradients(const WeightProduct& of, const LinearGroup& g, int first, bool with_bias, float* gradients) {
  const int count = std::min(kColumnBlock, g.outputs - first);
  if (count <= 0) return;
  const float* const x = of.x.data() + g.x;
  const std::size_t rows = of.dy.rows();
  const auto width = static_cast<std::size_t>(count), outputs = static_cast<std::size_t>(g.outputs);
  const float* out = of.dy.data() + g.y + first;
  float* dw = gradients + g.weight + first;
  float* db = gradients + g.bias + first;
  if (with_bias)
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < width; ++c) db[c] += out[r * g.y_stride + c];
  if (outputs == 1) {  // a column: rows of x, weighted
    for (std::size_t r = 0; r < rows; ++r)
      for_runs(g, 0, g.reach(), [&](std::size_t column, std::size_t row, int inputs) {
        for (std::size_t i = 0; i < static_cast<std::size_t>(inputs); ++i)
          dw[row + i] = fma(out[r * g.y_stride], x[r * g.x_stride + column + i], dw[row + i]);
      });
    return;
  }
  for_runs(g, 0, g.reach(), [&](std::size_t column, std::size_t row, int inputs) {
    multiply(inputs, count, static_cast<int>(rows), {x + column, 1, g.x_stride}, {out, g.y_stride, 1}, Into::kAdd,
             dw + row * outputs, outputs);
  });
}

}  // namespace

void CpuBackend::linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail,
                                View y) {
  check_linear(Device::kCpu, layer, x, parameters, y);
  check_laid_out_as(y, tail.slope_of, tail.residual, tail.sum);
  const int rows = static_cast<int>(y.rows());
  const int row_blocks = blocks(rows, kRowBlock);
  const int columns = column_blocks(layer, [](const LinearGroup& g) { return g.outputs; });
  const int tasks = static_cast<int>(layer.size()) * row_blocks * columns;
  pool_.run(tasks, multiply_adds(layer, static_cast<std::size_t>(rows)), [&](int task) {
    Part part = part_of(task, row_blocks, columns, rows);
    const LinearGroup& g = layer[part.group];
    part.columns = std::min(part.columns, g.outputs - static_cast<int>(part.first_column));
    if (part.columns <= 0) return;
    const auto inputs = static_cast<std::size_t>(g.inputs), outputs = static_cast<std::size_t>(g.outputs);
    const auto count = static_cast<std::size_t>(part.rows), width = static_cast<std::size_t>(part.columns);
    const float* in = x.data() + g.x + part.first_row * g.x_stride;
    const float* w = parameters.data() + g.weight + part.first_column;
    const float* bias = tail.bias ? parameters.data() + g.bias + part.first_column : nullptr;
    const std::size_t first = g.y + part.first_row * g.y_stride + part.first_column;
    float* out = y.data() + first;
    if (inputs == 0)
      for (std::size_t r = 0; r < count; ++r) std::fill_n(out + r * g.y_stride, width, 0.0f);
    else if (outputs == 1)  // a matrix times a vector: panels of one column would be padding
      for (std::size_t r = 0; r < count; ++r) {
        float sum = 0;
        for_runs(g, 0, g.reach(), [&](std::size_t column, std::size_t row, int depth) {
          sum += dot(static_cast<std::size_t>(depth), in + r * g.x_stride + column, w + row);
        });
        out[r * g.y_stride] = sum;
      }
    else
      for_runs(g, 0, g.reach(), [&](std::size_t column, std::size_t row, int depth) {
        multiply(part.rows, part.columns, depth, {in + column, g.x_stride, 1}, {w + row * outputs, outputs, 1},
                 row == 0 ? Into::kAssign : Into::kAdd, out, g.y_stride);
      });
    if (tail.slope_of)
      multiply_with_slope(tail, count, width, first, g.y_stride, y.data());
    else
      activate(tail.activation, count, width, bias, out, g.y_stride);
    if (tail.dropout.probability > 0 && g.drops) drop_out(tail.dropout, count, width, first, g.y_stride, out);
    if (!tail.sum) return;
    const float *const done = y.data(), *const residual = tail.residual.data();
    float* const sum = tail.sum.data();
    for (std::size_t r = 0, begin = first; r < count; ++r, begin += g.y_stride)
      for_independent(begin, begin + width, [=](std::size_t i) { sum[i] = done[i] + residual[i]; });
  });
}

void CpuBackend::linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters, const BackwardTail& tail,
                                       View dx) {
  check_linear(Device::kCpu, layer, dx, parameters, dy);
  check_laid_out_as(dx, tail.residual, tail.output, tail.masked);
  const int rows = static_cast<int>(dy.rows());
  const int row_blocks = blocks(rows, kRowBlock);
  const int columns = column_blocks(layer, [](const LinearGroup& g) { return g.reach(); });
  const int tasks = static_cast<int>(layer.size()) * row_blocks * columns;
  pool_.run(tasks, multiply_adds(layer, static_cast<std::size_t>(rows)), [&](int task) {
    const Part part = part_of(task, row_blocks, columns, rows);
    const LinearGroup& owner = layer[part.group];
    // Groups that share x are neighbours. The first that reaches this block of dx writes it for all.
    const auto width_in = [&](const LinearGroup& g) {
      return std::min(part.columns, g.reach() - static_cast<int>(part.first_column));
    };
    if (width_in(owner) <= 0) return;
    std::size_t begin = part.group, end = part.group + 1;
    for (; begin > 0 && layer[begin - 1].x == owner.x; --begin)
      if (width_in(layer[begin - 1]) > 0) return;
    while (end < layer.size() && layer[end].x == owner.x) ++end;
    const LinearGroups sharing = layer.subspan(begin, end - begin);
    const std::size_t first = owner.x + part.first_row * owner.x_stride + part.first_column;
    float* out = dx.data() + first;
    int width = 0;
    for (const LinearGroup& g : sharing) width = std::max(width, width_in(g));
    for (std::size_t r = 0; r < static_cast<std::size_t>(part.rows); ++r)
      std::fill_n(out + r * owner.x_stride, width, 0.0f);
    for (const LinearGroup& g : sharing)
      for_runs(g, static_cast<int>(part.first_column), part.columns,
               [&](std::size_t column, std::size_t row, int count) {
                 const auto outputs = static_cast<std::size_t>(g.outputs);
                 multiply(part.rows, count, g.outputs, {dy.data() + g.y + part.first_row * g.y_stride, g.y_stride, 1},
                          {parameters.data() + g.weight + row * outputs, 1, outputs}, Into::kAdd,
                          out + column - part.first_column, owner.x_stride);
               });
    finish(tail, owner, static_cast<std::size_t>(part.rows), static_cast<std::size_t>(width), first, owner.x_stride,
           dx.data());
  });
}

void CpuBackend::linear_backward_weights(std::span<const WeightProduct> layers, bool with_bias, View gradients) {
  int groups = 0, columns = 1;
  double work = 0;
  for (const auto& [layer, x, dy] : layers) {
    check_linear(Device::kCpu, layer, x, gradients, dy);
    groups += static_cast<int>(layer.size()), work += multiply_adds(layer, dy.rows());
    columns = std::max(columns, column_blocks(layer, [](const LinearGroup& g) { return g.outputs; }));
  }
  pool_.run(groups * columns, work, [&](int task) {
    auto group = static_cast<std::size_t>(task / columns);
    const WeightProduct* of = layers.data();
    for (; group >= of->layer.size(); ++of) group -= of->layer.size();
    add_weight_gradients(*of, of->layer[group], task % columns * kColumnBlock, with_bias, gradients.data());
  });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
