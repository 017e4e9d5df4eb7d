#include "core/nn/backend.h"

#include "core/fail.h"
#include "core/nn/stack_layers.h"

namespace meg {

void Backend::make_passes(int passes, int, const Pass& pass) {
  for (int i = 0; i < passes; ++i) pass(*this, 0, i);
}

void Backend::stack_forward(const Stack& stack, ConstView parameters, const StackTape& tape) {
  stack_layers_forward(*this, stack, parameters, tape);
}

void Backend::stack_backward(const Stack& stack, ConstView parameters, const StackTape& tape, View gradients) {
  stack_layers_backward(*this, stack, parameters, tape, gradients);
}

void Backend::draw_columns(const ColumnsLayout& layout, int begin, const Stack& stack, ConstView parameters,
                           const StackTape& tape, const RowsToDraw& to) {
  for (std::size_t k = 0; k < stack.hidden.size(); ++k) {
    const int column = begin + static_cast<int>(k);
    stack_forward(stack.of(k), parameters, tape);
    sample_column(layout, column, tape.heads, to.constants, to.draw, to.cells, to.view, k == 0 ? to.first : Allowed{});
    features(layout, column, column + 1, to.cells, parameters, tape.x);
  }
}

void Backend::play(const Game&, std::span<const GameStep>, ConstIndexView, View) {
  fail("this device takes no whole steps of a game");
}

}  // namespace meg
