#include "core/nn/network.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/fail.h"

namespace meg {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // which Clang 14 does not find alone

/// What Backend::linear_backward_input asks for: groups that share a column begin at the same one, and are neighbours.
void check_masks(const std::vector<layers::Columns>& reads, int columns) {
  for (std::size_t g = 0; g < reads.size(); ++g) {
    const int first = reads[g].first, count = reads[g].count;
    if (first < 0 || count < 0 || first + count > columns)
      fail("group {} reads columns {} to {} of {}", g, first, first + count - 1, columns);
    for (std::size_t other = 0; other < g; ++other) {
      const auto [begin, width] = reads[other];
      const bool same = begin == first, apart = begin + width <= first || first + count <= begin;
      const bool neighbours = std::all_of(reads.begin() + static_cast<std::ptrdiff_t>(other),
                                          reads.begin() + static_cast<std::ptrdiff_t>(g),
                                          [&](const layers::Columns& between) { return between.first == first; });
      if (same ? !neighbours : !apart)
        fail("groups {} and {} read some of the same columns, but do not begin at the same one", other, g);
    }
  }
}

}  // namespace

Network::Network(int inputs, std::vector<layers::Layer> layers) : inputs_(inputs) {
  for (const layers::Layer& layer : layers)
    std::visit(Overloaded{[&](const layers::Linear& linear) { add(linear); },
                          [&](const layers::Relu&) { add(Activation::kRelu); },
                          [&](const layers::LeakyRelu&) { add(Activation::kLeakyRelu); },
                          [&](const layers::Tanh&) { add(Activation::kTanh); },
                          [&](const layers::Sigmoid&) { add(Activation::kSigmoid); },
                          [&](const layers::Dropout& dropout) { add(dropout); }},
               layer);
  if (stages_.empty()) fail("a network needs a Linear");
}

void Network::add(const layers::Linear& linear) {
  const std::size_t groups = linear.outputs.size();
  if (groups == 0) fail("a Linear needs a group");
  const int columns = stages_.empty() ? inputs_ : outputs();
  std::vector<layers::Columns> reads = linear.reads;
  if (reads.empty() && !stages_.empty() && stages_.back().linear.size() == groups)
    for (const LinearGroup& g : stages_.back().linear) reads.push_back({static_cast<int>(g.y), g.outputs});
  if (reads.empty()) reads.assign(groups, {0, columns});
  if (reads.size() != groups) fail("a Linear has {} groups, but says of {} what they read", groups, reads.size());
  check_masks(reads, columns);
  Stage stage;
  std::vector<bool> is_read(static_cast<std::size_t>(columns), false);
  for (const auto& [first, count] : reads) std::fill_n(is_read.begin() + first, count, true);
  stage.reads_all = std::find(is_read.begin(), is_read.end(), false) == is_read.end();
  std::size_t y = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    const auto in = static_cast<std::size_t>(reads[g].count), out = static_cast<std::size_t>(linear.outputs[g]);
    const std::size_t bias = parameters_ + in * out;
    stage.linear.push_back({.inputs = reads[g].count,
                            .outputs = linear.outputs[g],
                            .x = static_cast<std::size_t>(reads[g].first),
                            .x_stride = static_cast<std::size_t>(columns),
                            .weight = parameters_,
                            .bias = bias,
                            .y = y,
                            .y_stride = 0});
    y += out;
    parameters_ = bias + out;
  }
  for (LinearGroup& group : stage.linear) group.y_stride = y;
  stages_.push_back(std::move(stage));
}

void Network::add(Activation activation) {
  if (stages_.empty() || stages_.back().activation != Activation::kNone || stages_.back().dropout > 0)
    fail("an activation needs a Linear before it");
  stages_.back().activation = activation;
}

void Network::add(const layers::Dropout& dropout) {
  if (dropout.probability == 0) return;
  const Activation before = stages_.empty() ? Activation::kNone : stages_.back().activation;
  // backward reads the derivative off the output, which dropout has scaled: only the sign survives that.
  if (before != Activation::kRelu && before != Activation::kLeakyRelu)
    fail("dropout needs ReLU or LeakyReLU before it");
  stages_.back().dropout = dropout.probability;
}

void Network::initialize(std::uint64_t seed, std::span<float> parameters) const {
  const Philox philox(seed, Stream::kInit);
  for (const Stage& stage : stages_)
    for (const LinearGroup& group : stage.linear) {
      const float bound = 1.0f / std::sqrt(static_cast<float>(std::max(1, group.inputs)));
      const std::size_t end = group.bias + static_cast<std::size_t>(group.outputs);
      for_numbers(
          group.weight, end, [&](std::size_t block) { return philox.uniform(block, 0); },
          [&](std::size_t i, float uniform) { parameters[i] = bound * (2.0f * uniform - 1.0f); });
    }
}

std::size_t Network::tape_floats(int rows) const {
  return Arena::floats([&](Arena& arena) { make_tape(arena, rows); });
}

Network::Tape Network::make_tape(Arena& arena, int rows) const {
  Tape tape;
  for (const Stage& stage : stages_)
    tape.outputs.push_back(arena.take(static_cast<std::size_t>(rows), stage.columns()));
  tape.products.reserve(stages_.size());
  return tape;
}

Dropout Network::dropout(const Tape& tape, std::size_t stage) const {
  if (!tape.training || stages_[stage].dropout == 0) return {};
  return {stages_[stage].dropout, tape.seed, tape.step * stages_.size() + stage};
}

View Network::forward(Backend& backend, ConstView x, ConstView parameters, Tape& tape) const {
  View y;
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    y = tape.outputs[s].row_range(0, x.rows());
    backend.linear_forward(stages_[s].linear, x, parameters,
                           {.activation = stages_[s].activation, .dropout = dropout(tape, s)}, y);
    x = y;
  }
  return y;
}

void Network::stage_backward(Backend& backend, ConstView parameters, const Tape& tape, std::size_t stage, ConstView dy,
                             View dx) const {
  const GroupedLinear& linear = stages_[stage].linear;
  if (!stages_[stage].reads_all) backend.fill(0.0f, dx);
  if (stage == 0) return backend.linear_backward_input(linear, dy, parameters, {}, dx);
  const View output = tape.outputs[stage - 1].row_range(0, dy.rows());
  backend.linear_backward_input(linear, dy, parameters,
                                {.activation = stages_[stage - 1].activation, .output = output, .masked = dx}, dx);
  const Dropout dropped = dropout(tape, stage - 1);
  if (dropped.probability > 0) backend.dropout(dropped, dx);
}

void Network::backward(Backend& backend, ConstView x, ConstView parameters, const Tape& tape, View dy, Tape& scratch,
                       View gradients, View dx) const {
  const std::size_t rows = dy.rows();
  const Stage& last = stages_.back();
  if (last.activation != Activation::kNone)
    backend.activation_backward(last.activation, tape.outputs.back().row_range(0, rows), dy, dy);
  if (const Dropout dropped = dropout(tape, stages_.size() - 1); dropped.probability > 0) backend.dropout(dropped, dy);
  scratch.products.clear();
  for (std::size_t s = stages_.size(); s-- > 0;) {
    scratch.products.push_back({stages_[s].linear, s > 0 ? tape.outputs[s - 1].row_range(0, rows) : x, dy});
    const View input = s > 0 ? scratch.outputs[s - 1].row_range(0, rows) : dx;
    if (input) stage_backward(backend, parameters, tape, s, dy, input);
    dy = input;
  }
  if (gradients) backend.linear_backward_weights(scratch.products, true, gradients);
}

void Network::add_gradient_penalty(Backend& backend, ConstView parameters, const Tape& tape, float factor, Tape& deltas,
                                   Tape& tangents, View x_scratch, float* penalty, View gradients) const {
  if (outputs() != 1 || stages_.back().activation != Activation::kNone)
    fail("a gradient penalty needs a network with one linear output");
  const std::size_t depth = stages_.size(), rows = x_scratch.rows();
  const auto of = [rows](const Tape& some, std::size_t stage) { return some.outputs[stage].row_range(0, rows); };
  const auto delta = [&](std::size_t stage) { return of(deltas, stage); };
  // First backward: the deltas are dy / d(pre-activation of the stage).
  backend.fill(1.0f, delta(depth - 1));
  for (std::size_t s = depth; s-- > 0;)
    stage_backward(backend, parameters, tape, s, delta(s), s > 0 ? delta(s - 1) : x_scratch);
  backend.add_square_sum(factor / static_cast<float>(rows), x_scratch, penalty);
  // Second: the tangent 2 factor / rows * g goes forward through the linearized network.
  backend.add_scaled(0.0f, x_scratch, 2.0f * factor / static_cast<float>(rows), x_scratch);
  deltas.products.clear();
  ConstView tangent = x_scratch;
  for (std::size_t s = 0; s < depth; ++s) {
    const GroupedLinear& linear = stages_[s].linear;
    deltas.products.push_back({linear, tangent, delta(s)});
    if (s + 1 == depth) break;
    const View next = of(tangents, s);
    backend.linear_forward(linear, tangent, parameters,
                           {.activation = stages_[s].activation, .slope_of = of(tape, s), .dropout = dropout(tape, s)},
                           next);
    tangent = next;
  }
  backend.linear_backward_weights(deltas.products, false, gradients);
}

}  // namespace meg
