#include "core/nn/backend.h"

namespace meg {

void Backend::make_passes(int passes, int, const Pass& pass) {
  for (int i = 0; i < passes; ++i) pass(*this, 0, i);
}

void Backend::stack_forward(const Stack& stack, int rows, const float* parameters, const StackTape& tape) {
  if (!stack.first.empty())
    linear_forward(stack.first, rows, tape.x, parameters,
                   {.activation = Activation::kRelu, .dropout = stack.first_dropout}, tape.a0);
  linear_forward(stack.hidden, rows, tape.a0, parameters,
                 {.activation = Activation::kRelu, .dropout = stack.hidden_dropout, .residual = tape.a0, .sum = tape.h},
                 tape.a1);
  linear_forward(stack.head, rows, tape.h, parameters, {}, tape.heads);
}

void Backend::stack_backward(const Stack& stack, int rows, const float* parameters, const StackTape& tape,
                             float* gradients) {
  linear_backward_input(stack.head, rows, tape.dheads, parameters,
                        {.output = tape.a1, .scale = stack.hidden_dropout.scale(), .masked = tape.da1}, tape.dh);
  linear_backward_input(
      stack.hidden, rows, tape.da1, parameters,
      {.residual = tape.dh, .output = tape.a0, .scale = stack.first_dropout.scale(), .masked = tape.da0}, tape.da0);
  linear_backward_weights(stack.weight_products(tape), rows, true, gradients);
}

void Backend::draw_columns(const ColumnsLayout& layout, int begin, const Stack& stack, int rows,
                           const float* parameters, const StackTape& tape, const RowsToDraw& to) {
  for (std::size_t k = 0; k < stack.hidden.size(); ++k) {
    const int column = begin + static_cast<int>(k);
    stack_forward(stack.of(k), rows, parameters, tape);
    sample_column(layout, column, rows, tape.heads, to.constants, to.draw, to.cells, to.view,
                  k == 0 ? to.first : Allowed{});
    features(layout, column, column + 1, rows, to.cells, parameters, tape.x);
  }
}

void Backend::play(const Game&, std::span<const GameStep>, const std::uint32_t*, float*) {
  fail("this device takes no whole steps of a game");
}

}  // namespace meg
