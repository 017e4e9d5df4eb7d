#pragma once
#include "core/nn/backend.h"

namespace meg {

/// Backend::stack_forward layer by layer, by the operations of `linear`: a Backend's linear_..., or others like them.
template <class Linear>
void stack_layers_forward(Linear& linear, const Stack& stack, ConstView parameters, const StackTape& tape) {
  if (!stack.first.empty())
    linear.linear_forward(stack.first, tape.x, parameters,
                          {.activation = Activation::kRelu, .dropout = stack.first_dropout}, tape.a0);
  linear.linear_forward(
      stack.hidden, tape.a0, parameters,
      {.activation = Activation::kRelu, .dropout = stack.hidden_dropout, .residual = tape.a0, .sum = tape.h}, tape.a1);
  linear.linear_forward(stack.head, tape.h, parameters, {}, tape.heads);
}

/// Backend::stack_backward in the same way.
template <class Linear>
void stack_layers_backward(Linear& linear, const Stack& stack, ConstView parameters, const StackTape& tape,
                           View gradients) {
  linear.linear_backward_input(stack.head, tape.dheads, parameters,
                               {.output = tape.a1, .scale = stack.hidden_dropout.scale(), .masked = tape.da1}, tape.dh);
  linear.linear_backward_input(
      stack.hidden, tape.da1, parameters,
      {.residual = tape.dh, .output = tape.a0, .scale = stack.first_dropout.scale(), .masked = tape.da0}, tape.da0);
  linear.linear_backward_weights(stack.weight_products(tape), true, gradients);
}

}  // namespace meg
