#pragma once
#include "core/nn/operands.h"

/// What the operations of core/nn/backend.h ask of their operands, where views check; nothing in release builds. A view
/// that is not given passes.
namespace meg {

/// That a view is [rows, columns] on `device`, without gaps.
template <class T, bool checks>
void check_matrix(Device device, const BasicView<T, checks>& view, std::size_t rows, std::size_t columns) {
  if constexpr (checks) {
    if (!view) return;
    check_alike(device, view);
    if (view.rows() != rows || (rows > 0 && view.columns() != columns))
      throw Error("an operand is [" + std::to_string(view.rows()) + ", " + std::to_string(view.columns()) +
                  "] in the place of [" + std::to_string(rows) + ", " + std::to_string(columns) + "]");
  }
}

/// That a view of `device` holds `count` elements, without gaps.
template <class T, bool checks>
void check_count(Device device, const BasicView<T, checks>& view, std::size_t count) {
  if constexpr (checks) {
    check_alike(device, view);
    if (view.size() != count)
      throw Error("an operand has " + std::to_string(view.size()) + " elements in the place of " +
                  std::to_string(count));
  }
}

/// That views are laid out as `first` is.
template <class T, bool checks, class... Others>
void check_laid_out_as(const BasicView<T, checks>& first, const BasicView<Others, checks>&... others) {
  if constexpr (checks) {
    const auto check = [&](const auto& view) {
      if (!view) return;
      if (view.rows() != first.rows() || view.columns() != first.columns() || view.stride() != first.stride())
        throw Error("an operand is not laid out as the one that it goes with");
      if (view.device() != first.device()) throw Error("an operand lies on another device");
    };
    (check(others), ...);
  }
}

/// That a layer's groups lie within x [rows, ..], y [rows, ..] and the parameters, or what is laid out as these.
template <class X, class P, class Y, bool checks>
void check_linear(Device device, LinearGroups layer, const BasicView<X, checks>& x,
                  const BasicView<P, checks>& parameters, const BasicView<Y, checks>& y) {
  if constexpr (checks) {
    const auto check = [&](const auto& matrix, std::size_t begin, int width, std::size_t stride) {
      if (width == 0 || y.rows() == 0) return;
      if (matrix.rows() != y.rows()) throw Error("the operands of a layer are not of as many rows");
      if (begin + static_cast<std::size_t>(width) > matrix.columns() || (y.rows() > 1 && stride != matrix.stride()))
        throw Error("a group of a layer lies outside of its operand");
      if (matrix.device() != device) throw Error("an operand lies on another device");
    };
    if (!layer.empty()) check_alike(device, parameters);
    for (const LinearGroup& g : layer) {
      const auto inputs = static_cast<std::size_t>(g.inputs), outputs = static_cast<std::size_t>(g.outputs);
      check(x, g.x, g.inputs > 0 ? g.reach() : 0, g.x_stride);
      check(y, g.y, g.outputs, g.y_stride);
      if (g.weight + inputs * outputs > parameters.size() || g.bias + outputs > parameters.size())
        throw Error("a group of a layer lies outside of the parameters");
    }
  }
}

/// That a stack's layers lie within its tape.
inline void check_stack(Device device, const Stack& stack, ConstView parameters, const StackTape& t) {
  if constexpr (kChecksViews) {
    const bool keeps = static_cast<bool>(t.a0);
    if (keeps && !stack.first.empty()) check_linear(device, stack.first, t.x, parameters, t.a0);
    if (keeps) check_linear(device, stack.hidden, t.a0, parameters, t.a1);
    if (keeps) check_linear(device, stack.head, t.h, parameters, t.heads);
    check_laid_out_as(t.a0, t.a1, t.h, t.dh, t.da1, t.da0);
    check_laid_out_as(t.heads, t.dheads);
  }
}

/// That rows are of as many vectors as `biases` [groups, width] has, and sums of one.
template <class B, class S, bool checks, class... Rows>
void check_vectors(Device device, const BasicView<B, checks>& biases, const BasicView<S, checks>& sums,
                   std::size_t rows, const BasicView<Rows, checks>&... of) {
  if constexpr (checks) {
    check_alike(device, biases);
    check_matrix(device, sums, rows, biases.columns());
    (check_matrix(device, of, rows, biases.size()), ...);
  }
}

/// Operands of the operations of columns; those that an operation does not take are empty.
template <bool checks = kChecksViews>
struct RowOperands {
  BasicView<const float, checks> cells{}, features{}, view{}, heads{}, dheads{}, loss{};
};

/// That they are laid out as `layout` says.
template <bool checks>
void check_rows(Device device, const ColumnsLayout& layout, std::size_t rows, const RowOperands<checks>& of) {
  if constexpr (checks) {
    check_matrix(device, of.cells, rows, layout.cell_stride());
    check_matrix(device, of.features, rows, kFeatures * layout.size());
    check_matrix(device, of.view, rows, layout.view_stride);
    check_matrix(device, of.heads, rows, layout.head_stride);
    check_matrix(device, of.dheads, rows, layout.head_stride);
    check_matrix(device, of.loss, rows, layout.size());
  }
}

/// That cells [rows, 3 columns] are decoded to codes and so many numbers of each row.
inline void check_decoded(Device device, std::size_t numbers, ConstView cells, IndexView code,
                          BasicView<double> number) {
  check_matrix(device, cells, code.rows(), 3 * code.columns());
  check_alike(device, code);
  check_matrix(device, number, code.rows(), numbers);
}

}  // namespace meg
