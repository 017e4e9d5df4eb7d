#include "core/nn/grouped_mlp.h"

#include <numeric>

namespace meg {

GroupedMlp::GroupedMlp(Shape shape) : shape_(std::move(shape)) {
  // backward reads the derivative off the output, which dropout has scaled: only the sign survives that.
  if (shape_.dropout > 0 && shape_.hidden_activation != Activation::kRelu &&
      shape_.hidden_activation != Activation::kLeakyRelu)
    fail("dropout needs ReLU or LeakyReLU before it");
  const std::size_t generators = shape_.outputs.size(), depth = shape_.hidden.size() + 1;
  output_columns_ = std::accumulate(shape_.outputs.begin(), shape_.outputs.end(), 0);
  for (std::size_t l = 0; l < depth; ++l) {
    const bool first = l == 0, last = l + 1 == depth;
    GroupedLinear layer;
    std::size_t y = 0;
    for (std::size_t g = 0; g < generators; ++g) {
      LinearGroup group{};
      group.inputs = first ? shape_.inputs : shape_.hidden[l - 1];
      group.outputs = last ? shape_.outputs[g] : shape_.hidden[l];
      group.x = first ? 0 : g * static_cast<std::size_t>(group.inputs);
      group.x_stride = static_cast<std::size_t>(group.inputs) * (first ? 1 : generators);
      group.y = y;
      y += static_cast<std::size_t>(group.outputs);
      group.weight = parameters_;
      group.bias = group.weight + static_cast<std::size_t>(group.inputs) * static_cast<std::size_t>(group.outputs);
      parameters_ = group.bias + static_cast<std::size_t>(group.outputs);
      layer.push_back(group);
    }
    for (LinearGroup& group : layer) group.y_stride = y;
    layers_.push_back(std::move(layer));
  }
}

std::size_t GroupedMlp::layer_columns(std::size_t layer) const { return layers_[layer].front().y_stride; }

Activation GroupedMlp::activation(std::size_t layer) const {
  return layer + 1 == layers_.size() ? shape_.output_activation : shape_.hidden_activation;
}

void GroupedMlp::initialize(std::uint64_t seed, std::span<float> parameters) const {
  const Philox philox(seed, Stream::kInit);
  for (const GroupedLinear& layer : layers_)
    for (const LinearGroup& group : layer) {
      const float bound = 1.0f / std::sqrt(static_cast<float>(group.inputs));
      const std::size_t end = group.bias + static_cast<std::size_t>(group.outputs);
      for_numbers(
          group.weight, end, [&](std::size_t block) { return philox.uniform(block, 0); },
          [&](std::size_t i, float uniform) { parameters[i] = bound * (2.0f * uniform - 1.0f); });
    }
}

std::size_t GroupedMlp::tape_floats(int rows) const {
  return Arena::floats([&](Arena& arena) { make_tape(arena, rows); });
}

GroupedMlp::Tape GroupedMlp::make_tape(Arena& arena, int rows) const {
  Tape tape;
  for (std::size_t l = 0; l < layers_.size(); ++l)
    tape.outputs.push_back(arena.take(static_cast<std::size_t>(rows) * layer_columns(l)));
  tape.products.reserve(layers_.size());
  return tape;
}

Dropout GroupedMlp::dropout(const Tape& tape, std::size_t layer) const {
  if (!tape.training || layer + 1 == layers_.size()) return {};
  return {shape_.dropout, tape.seed, tape.step * layers_.size() + layer};
}

const float* GroupedMlp::forward(Backend& backend, int rows, const float* x, const float* parameters,
                                 Tape& tape) const {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    backend.linear_forward(layers_[l], rows, x, parameters, {.activation = activation(l), .dropout = dropout(tape, l)},
                           tape.outputs[l]);
    x = tape.outputs[l];
  }
  return x;
}

void GroupedMlp::layer_backward(Backend& backend, int rows, const float* parameters, const Tape& tape,
                                std::size_t layer, const float* dy, float* dx) const {
  if (layer == 0) return backend.linear_backward_input(layers_[layer], rows, dy, parameters, {}, dx);
  backend.linear_backward_input(layers_[layer], rows, dy, parameters,
                                {.activation = activation(layer - 1), .output = tape.outputs[layer - 1], .masked = dx},
                                dx);
  const Dropout dropped = dropout(tape, layer - 1);
  if (dropped.probability > 0) backend.dropout(dropped, static_cast<std::size_t>(rows) * layer_columns(layer - 1), dx);
}

void GroupedMlp::backward(Backend& backend, int rows, const float* x, const float* parameters, const Tape& tape,
                          float* dy, Tape& scratch, float* gradients, float* dx) const {
  if (shape_.output_activation != Activation::kNone)
    backend.activation_backward(shape_.output_activation,
                                static_cast<std::size_t>(rows) * static_cast<std::size_t>(output_columns_),
                                tape.outputs.back(), dy, dy);
  scratch.products.clear();
  for (std::size_t l = layers_.size(); l-- > 0;) {
    scratch.products.push_back({layers_[l], l > 0 ? tape.outputs[l - 1] : x, dy});
    float* const input = l > 0 ? scratch.outputs[l - 1] : dx;
    if (input) layer_backward(backend, rows, parameters, tape, l, dy, input);
    dy = input;
  }
  if (gradients) backend.linear_backward_weights(scratch.products, rows, true, gradients);
}

void GroupedMlp::add_gradient_penalty(Backend& backend, int rows, const float* parameters, const Tape& tape,
                                      float factor, Tape& deltas, Tape& tangents, float* x_scratch, float* penalty,
                                      float* gradients) const {
  if (output_columns_ != 1 || shape_.output_activation != Activation::kNone)
    fail("a gradient penalty needs a network with one linear output");
  const std::size_t depth = layers_.size(), batch = static_cast<std::size_t>(rows);
  // First backward: deltas[l] = dy / d(pre-activation of layer l).
  backend.fill(batch, 1.0f, deltas.outputs[depth - 1]);
  for (std::size_t l = depth; l-- > 0;)
    layer_backward(backend, rows, parameters, tape, l, deltas.outputs[l], l > 0 ? deltas.outputs[l - 1] : x_scratch);
  const std::size_t inputs = batch * static_cast<std::size_t>(shape_.inputs);
  backend.add_square_sum(inputs, factor / static_cast<float>(rows), x_scratch, penalty);
  // Second: the tangent 2 factor / rows * g goes forward through the linearized network.
  backend.add_scaled(inputs, 0.0f, x_scratch, 2.0f * factor / static_cast<float>(rows), x_scratch);
  deltas.products.clear();
  const float* tangent = x_scratch;
  for (std::size_t l = 0; l < depth; ++l) {
    deltas.products.push_back({layers_[l], tangent, deltas.outputs[l]});
    if (l + 1 == depth) break;
    backend.linear_forward(layers_[l], rows, tangent, parameters,
                           {.activation = activation(l), .slope_of = tape.outputs[l], .dropout = dropout(tape, l)},
                           tangents.outputs[l]);
    tangent = tangents.outputs[l];
  }
  backend.linear_backward_weights(deltas.products, rows, false, gradients);
}

}  // namespace meg
