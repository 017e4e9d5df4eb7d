#include "core/model/ensemble/masked_ensemble.h"

#include <cmath>

namespace meg {

MaskedEnsemble::MaskedEnsemble(ColumnsLayout columns, Shape shape) : layout_(std::move(columns)), shape_(shape) {
  const std::size_t n = layout_.size(), hidden = static_cast<std::size_t>(shape_.hidden);
  layout_.head_stride = layout_.view_stride = 0;
  for (ColumnLayout& column : layout_.columns) {
    const auto codes = static_cast<std::size_t>(column.codes);
    column.head = layout_.head_stride;
    column.view = layout_.view_stride;
    layout_.head_stride += static_cast<std::size_t>(column.head_width());
    layout_.view_stride += static_cast<std::size_t>(column.view_width());
    column.code_position = constants_;
    column.z_position = constants_ + codes;
    constants_ += codes + (column.continuous >= 0 ? kZCells + 1 : 0);
  }
  const auto add = [&](GroupedLinear& layer, std::size_t k, std::size_t outputs, std::size_t y, std::size_t y_stride) {
    const std::size_t weight = parameters_, bias = weight + hidden * outputs;
    parameters_ = bias + outputs;
    layer.push_back({.inputs = shape_.hidden,
                     .outputs = static_cast<int>(outputs),
                     .x = k * hidden,
                     .x_stride = units(),
                     .weight = weight,
                     .bias = bias,
                     .y = y,
                     .y_stride = y_stride,
                     .drops = drops(k)});
  };
  add_first_layer();
  for (std::size_t k = 0; k < n; ++k) add(hidden_, k, hidden, k * hidden, units());
  for (std::size_t k = 0; k < n; ++k) {
    const ColumnLayout& column = layout_.columns[k];
    add(head_, k, static_cast<std::size_t>(column.head_width()), column.head, layout_.head_stride);
  }
  for (ColumnLayout& column : layout_.columns) {
    column.embedding = parameters_;
    parameters_ += static_cast<std::size_t>(column.codes) * kEmbedding;
  }
}

void MaskedEnsemble::add_first_layer() {
  const std::size_t n = layout_.size(), hidden = static_cast<std::size_t>(shape_.hidden), stride = n * kFeatures;
  const int all = static_cast<int>(stride), others = all - kFeatures;
  for (std::size_t k = 0; k < n; ++k) {
    // Shared: the one product that generator k adds to the sum of those before it. The first has seen nothing.
    const std::size_t before = kFeatures * (shared() ? std::min<std::size_t>(k, 1) : k);
    const std::size_t x = shared() && k > 0 ? (k - 1) * kFeatures : 0;
    const std::size_t inputs = shape_.any_order && !shared() ? static_cast<std::size_t>(others) : before;
    const std::size_t weight = parameters_, bias = weight + inputs * hidden;
    first_.push_back({.inputs = static_cast<int>(before),
                      .outputs = shape_.hidden,
                      .x = x,
                      .x_stride = stride,
                      .weight = weight,
                      .bias = bias,
                      .y = k * hidden,
                      .y_stride = units(),
                      .drops = drops(k)});
    parameters_ = bias + (shared() ? 0 : hidden);
    if (!shape_.any_order || shared()) continue;
    others_.push_back(first_.back());
    others_.back().inputs = others, others_.back().gap = static_cast<int>(before), others_.back().gap_width = kFeatures;
  }
  if (!shared()) return;
  for (std::size_t k = 0; k < n && shape_.any_order; ++k)
    others_.push_back({.inputs = kFeatures,
                       .outputs = shape_.hidden,
                       .x = k * kFeatures,
                       .x_stride = stride,
                       .weight = first_.front().weight + k * kFeatures * hidden,
                       .bias = 0,
                       .y = k * hidden,
                       .y_stride = units()});
  if (shape_.any_order) parameters_ += kFeatures * hidden;  // of the last column, which others see now
  total_ = {.inputs = all,
            .outputs = shape_.hidden,
            .x = 0,
            .x_stride = stride,
            .weight = first_.front().weight,
            .bias = 0,
            .y = 0,
            .y_stride = hidden};
  for (GroupedLinear* layer : {&first_, &others_})
    for (std::size_t k = 0; k < layer->size(); ++k) (*layer)[k].bias = parameters_ + k * hidden;  // one block
  parameters_ += units();
}

bool MaskedEnsemble::drops(std::size_t k) const { return shared() || layout_.columns[k].continuous < 0; }

double MaskedEnsemble::multiply_adds() const {
  double sum = 0;
  for (const GroupedLinear* layer : {&first_, &hidden_, &head_})
    for (const LinearGroup& g : *layer) sum += static_cast<double>(g.inputs) * g.outputs;
  return sum;
}

void MaskedEnsemble::initialize(std::uint64_t seed, std::span<float> parameters) const {
  const Philox philox(seed, Stream::kInit);
  const auto normal = [&](std::size_t first, std::size_t count, double scale) {
    for_numbers(
        first, first + count, [&](std::size_t block) { return philox.normal(block, 0); },
        [&](std::size_t i, float number) { parameters[i] = static_cast<float>(scale) * number; });
  };
  const auto weights = [](const LinearGroup& g) {
    return static_cast<std::size_t>(g.inputs) * static_cast<std::size_t>(g.outputs);
  };
  std::fill(parameters.begin(), parameters.end(), 0.0f);
  for (const LinearGroup& g : shape_.any_order ? others_ : first_) {
    const double inputs = shared() ? static_cast<double>(g.x_stride) : g.inputs;  // of the whole sum
    normal(g.weight, weights(g), 1 / std::sqrt(std::max(1.0, inputs / 2)));
    normal(g.bias, static_cast<std::size_t>(g.outputs), 0.1);
  }
  for (const LinearGroup& g : hidden_) normal(g.weight, weights(g), std::sqrt(2.0 / shape_.hidden));
  for (std::size_t k = 0; k < layout_.size(); ++k) {
    const ColumnLayout& column = layout_.columns[k];
    normal(head_[k].weight, weights(head_[k]), 0.02);
    normal(column.embedding, static_cast<std::size_t>(column.codes) * kEmbedding, 0.3);
    if (column.continuous < 0) continue;
    float* mean = &parameters[head_[k].bias + static_cast<std::size_t>(column.codes) + kMixtures];
    for (int i = 0; i < kMixtures; ++i) {
      mean[i] = -2.0f + 4.0f * static_cast<float>(i) / (kMixtures - 1);
      mean[kMixtures + i] = -1.0f;  // log sigma
    }
  }
}

std::size_t MaskedEnsemble::tape_floats(int rows, Passes passes) const {
  return Arena::floats([&](Arena& arena) { make_tape(arena, rows, passes); });
}

MaskedEnsemble::Tape MaskedEnsemble::make_tape(Arena& arena, int rows, Passes passes) const {
  const std::size_t features = layout_.size() * kFeatures, hidden = static_cast<std::size_t>(shape_.hidden);
  const auto take = [&](std::size_t width) { return arena.take(static_cast<std::size_t>(rows), width); };
  Tape tape{};
  tape.x = take(features);
  if (passes != Passes::kStacks) tape.a0 = take(units()), tape.a1 = take(units()), tape.h = take(units());
  tape.heads = take(layout_.head_stride);
  if (shared()) tape.sum = take(hidden);
  if (shared() && shape_.any_order) tape.product = take(hidden);
  if (passes != Passes::kBackward) return tape;
  tape.dheads = take(layout_.head_stride);
  tape.dh = take(units()), tape.da1 = take(units()), tape.da0 = take(units());
  tape.dx = take(features);
  return tape;
}

MaskedEnsemble::Tape MaskedEnsemble::row_range(const Tape& tape, int first, int count) {
  Tape out = tape;
  for (View* part : {&out.x, &out.a0, &out.a1, &out.h, &out.heads, &out.dheads, &out.dh, &out.da1, &out.da0, &out.dx,
                     &out.sum, &out.product})
    if (*part) *part = part->row_range(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
  if (tape.hidden_from != Tape::kNowhere) out.hidden_from -= first;
  return out;
}

void MaskedEnsemble::first_forward(Backend& backend, std::size_t begin, std::size_t end, ConstView parameters,
                                   const Tape& tape) const {
  const LinearGroups layer = LinearGroups(first_).subspan(begin, end - begin);
  if (!shared())
    return backend.linear_forward(layer, tape.x, parameters,
                                  {.activation = Activation::kRelu, .dropout = dropout(tape, 0)}, tape.a0);
  // The products lie where a1 of the same generators is written next.
  backend.linear_forward(layer, tape.x, parameters, {.bias = false}, tape.a1);
  backend.running_sum_forward(begin, end, tape.a1, first_biases(parameters), dropout(tape, 0), tape.sum, tape.a0);
}

void MaskedEnsemble::others_forward(Backend& backend, ConstView parameters, const Tape& tape) const {
  if (!shared())
    return backend.linear_forward(others_, tape.x, parameters,
                                  {.activation = Activation::kRelu, .dropout = others_dropout(tape)}, tape.a0);
  backend.linear_forward({&total_, 1}, tape.x, parameters, {.bias = false}, tape.sum);
  backend.linear_forward(others_, tape.x, parameters, {.bias = false}, tape.a1);
  backend.sum_of_others_forward(0, layout_.size(), tape.sum, tape.a1, first_biases(parameters), others_dropout(tape),
                                tape.a0);
}

Stack MaskedEnsemble::stack(const Tape& tape, bool others, std::size_t begin, std::size_t end) const {
  const auto some = [&](LinearGroups layer) { return layer.subspan(begin, end - begin); };
  return {.first = shared() ? LinearGroups() : some(others ? others_ : first_),
          .hidden = some(hidden_),
          .head = some(head_),
          .first_dropout = others ? others_dropout(tape) : dropout(tape, 0),
          .hidden_dropout = dropout(tape, 1)};
}

Stack MaskedEnsemble::stack(const Tape& tape, int rows) const {
  const auto [before, others] = parts(rows, tape);
  Stack all = stack(tape, before.rows == 0, 0, layout_.size());
  if (before.rows > 0 && others.rows > 0) all.first = {};
  return all;
}

std::array<MaskedEnsemble::Part, 2> MaskedEnsemble::parts(int rows, const Tape& tape) const {
  const int before = std::min(rows, tape.hidden_from);
  return {Part{0, before, false}, Part{before, rows - before, true}};
}

void MaskedEnsemble::forward(Backend& backend, ConstView cells, ConstView parameters, const Tape& all) const {
  const int rows = static_cast<int>(cells.rows());
  const Tape tape = row_range(all, 0, rows);
  const Stack layers = stack(tape, rows);
  backend.features(layout_, 0, static_cast<int>(layout_.size()), cells, parameters, tape.x);
  for (const Part& part : parts(rows, tape)) {
    if (part.rows == 0) continue;
    const Tape of = row_range(tape, part.first, part.rows);
    if (part.others) backend.hide_columns(tape.seed, hiding_row(tape), of.x);
    if (!layers.first.empty()) continue;
    if (part.others)
      others_forward(backend, parameters, of);
    else
      first_forward(backend, 0, layout_.size(), parameters, of);
  }
  backend.stack_forward(layers, parameters, tape);
}

void MaskedEnsemble::first_backward(Backend& backend, bool others, int embedding_rows, ConstView cells,
                                    ConstView parameters, const Tape& tape, bool weights, View gradients) const {
  const GroupedLinear& layer = others ? others_ : first_;
  const int n = static_cast<int>(layout_.size());
  if (shared() && others)  // da0 becomes the gradient of the products
    backend.sum_of_others_backward(tape.da0, tape.da0, first_biases(gradients));
  else if (shared())
    backend.running_sum_backward(tape.da0, tape.da0, first_biases(gradients));
  if (weights) backend.linear_backward_weight(layer, tape.x, tape.da0, !shared(), gradients);
  if (embedding_rows == 0) return;
  const int skipped = static_cast<int>(cells.rows()) - embedding_rows;
  const Tape seen = row_range(tape, skipped, embedding_rows);
  backend.linear_backward_input(layer, seen.da0, parameters, {}, seen.dx);
  if (others) backend.hide_columns(tape.seed, hiding_row(tape) + static_cast<std::uint64_t>(skipped), seen.dx);
  // In the fixed order nobody sees the last column.
  backend.features_backward(layout_, others ? n : n - 1,
                            cells.row_range(static_cast<std::size_t>(skipped), seen.dx.rows()), seen.dx, gradients);
}

void MaskedEnsemble::backward(Backend& backend, int embedding_rows, ConstView cells, ConstView parameters,
                              const Tape& all, View gradients) const {
  const int rows = static_cast<int>(cells.rows());
  const Tape tape = row_range(all, 0, rows);
  const Stack layers = stack(tape, rows);
  backend.stack_backward(layers, parameters, tape, gradients);
  for (const Part& part : parts(rows, tape))
    if (part.rows > 0)
      first_backward(backend, part.others, std::clamp(part.first + part.rows - (rows - embedding_rows), 0, part.rows),
                     cells.row_range(static_cast<std::size_t>(part.first), static_cast<std::size_t>(part.rows)),
                     parameters, row_range(tape, part.first, part.rows), layers.first.empty(), gradients);
}

void MaskedEnsemble::generate(Backend& backend, const Draw& draw, ConstView parameters, ConstView constants,
                              const Tape& all, View cells, View view, const KnownCells& known) const {
  const Tape tape = row_range(all, 0, static_cast<int>(cells.rows()));
  const auto first = static_cast<std::size_t>(known.columns);
  start_at(backend, first, cells, parameters, tape);
  const auto draw_columns = [&](std::size_t begin, std::size_t end) {
    const Allowed allowed = begin == first ? known.next : Allowed{};
    backend.draw_columns(layout_, static_cast<int>(begin), stack(tape, false, begin, end), parameters, tape,
                         {draw, constants, cells, view, allowed});
  };
  if (!shared()) return draw_columns(first, layout_.size());
  for (std::size_t k = first; k < layout_.size(); ++k) {
    first_forward(backend, k, k + 1, parameters, tape);
    draw_columns(k, k + 1);
  }
}

void MaskedEnsemble::start_at(Backend& backend, std::size_t k, ConstView cells, ConstView parameters,
                              const Tape& all) const {
  if (k == 0) return;
  const Tape tape = row_range(all, 0, static_cast<int>(cells.rows()));
  backend.features(layout_, 0, static_cast<int>(k), cells, parameters, tape.x);
  if (shared()) first_forward(backend, 0, k, parameters, tape);
}

void MaskedEnsemble::see(Backend& backend, std::size_t k, ConstView cells, ConstView parameters,
                         const Tape& tape) const {
  const std::size_t first = shared() && k > 0 ? k - 1 : 0;
  backend.features(layout_, static_cast<int>(first), static_cast<int>(k), cells, parameters, tape.x);
  if (shared()) first_forward(backend, k, k + 1, parameters, tape);
}

void MaskedEnsemble::head(Backend& backend, std::size_t k, ConstView cells, ConstView parameters, const Tape& all,
                          View head) const {
  Tape tape = row_range(all, 0, static_cast<int>(cells.rows()));
  see(backend, k, cells, parameters, tape);
  LinearGroup alone = head_[k];
  alone.y = 0, alone.y_stride = head.columns();
  Stack layers = stack(tape, false, k, k + 1);
  layers.head = {&alone, 1};
  tape.heads = head;
  backend.stack_forward(layers, parameters, tape);
}

void MaskedEnsemble::draw(Backend& backend, const Draw& draw, std::size_t k, ConstView parameters, ConstView constants,
                          const Tape& all, View cells) const {
  const Tape tape = row_range(all, 0, static_cast<int>(cells.rows()));
  see(backend, k, cells, parameters, tape);
  backend.draw_columns(layout_, static_cast<int>(k), stack(tape, false, k, k + 1), parameters, tape,
                       {draw, constants, cells, {}, {}});
}

void MaskedEnsemble::fill(Backend& backend, Draw draw, ConstView parameters, ConstView constants, const Tape& all,
                          View cells, std::span<const ColumnToFill> columns) const {
  draw.fills = true;
  const Tape tape = row_range(all, 0, static_cast<int>(cells.rows()));
  backend.features(layout_, 0, static_cast<int>(layout_.size()), cells, parameters, tape.x);
  if (shared()) backend.linear_forward({&total_, 1}, tape.x, parameters, {.bias = false}, tape.sum);
  for (const auto& [column, allowed] : columns) {
    const auto k = static_cast<std::size_t>(column);
    LinearGroup own = others_[k];  // shared: the column's product, in rows of its own
    own.y = 0, own.y_stride = static_cast<std::size_t>(shape_.hidden);
    if (shared()) {
      backend.linear_forward({&others_[k], 1}, tape.x, parameters, {.bias = false}, tape.a1);
      backend.sum_of_others_forward(k, k + 1, tape.sum, tape.a1, first_biases(parameters), {}, tape.a0);
      backend.linear_forward({&own, 1}, tape.x, parameters, {.bias = false}, tape.product);
    }
    backend.draw_columns(layout_, column, stack(tape, true, k, k + 1), parameters, tape,
                         {draw, constants, cells, {}, allowed});
    if (!shared()) continue;
    // The sum changes by the difference of two products, which is exactly 0 in rows whose cell was known: what is known
    // of other rows must not change a bit of them.
    const View product(tape.a1.data(), cells.rows(), own.y_stride, backend.device());
    backend.linear_forward({&own, 1}, tape.x, parameters, {.bias = false}, product);
    backend.add_scaled(1.0f, product, -1.0f, tape.product);
    backend.add_scaled(1.0f, tape.product, 1.0f, tape.sum);
  }
}

}  // namespace meg
