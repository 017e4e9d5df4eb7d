#include "core/model/masked_ensemble.h"

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
    layer.push_back(
        {shape_.hidden, static_cast<int>(outputs), k * hidden, units(), weight, bias, y, y_stride, drops(k)});
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
  const std::size_t n = layout_.size(), hidden = static_cast<std::size_t>(shape_.hidden);
  for (std::size_t k = 0; k < n; ++k) {
    // Shared: the one product that generator k adds to the sum of those before it. The first has seen nothing.
    const std::size_t inputs = kFeatures * (shared() ? std::min<std::size_t>(k, 1) : k);
    const std::size_t x = shared() && k > 0 ? (k - 1) * kFeatures : 0, bias = parameters_ + inputs * hidden;
    first_.push_back(
        {static_cast<int>(inputs), shape_.hidden, x, n * kFeatures, parameters_, bias, k * hidden, units(), drops(k)});
    parameters_ = bias + (shared() ? 0 : hidden);
  }
  if (!shared()) return;
  for (LinearGroup& g : first_) g.bias = parameters_, parameters_ += hidden;  // in one block, [columns, hidden]
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
    for (std::size_t i = first; i < first + count; ++i)
      parameters[i] = static_cast<float>(scale) * philox.normal(i / 4, 0)[i % 4];
  };
  const auto weights = [](const LinearGroup& g) {
    return static_cast<std::size_t>(g.inputs) * static_cast<std::size_t>(g.outputs);
  };
  std::fill(parameters.begin(), parameters.end(), 0.0f);
  for (const LinearGroup& g : first_) {
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

std::size_t MaskedEnsemble::tape_floats(int rows, bool backward) const {
  const std::size_t wide = Arena::padded(floats(rows, units())),
                    x = Arena::padded(floats(rows, layout_.size() * kFeatures)),
                    heads = Arena::padded(floats(rows, layout_.head_stride)),
                    sum = shared() ? Arena::padded(floats(rows, static_cast<std::size_t>(shape_.hidden))) : 0;
  return sum + (x + 3 * wide + heads) * (backward ? 2 : 1);
}

MaskedEnsemble::Tape MaskedEnsemble::make_tape(Arena& arena, int rows, bool backward) const {
  const std::size_t features = layout_.size() * kFeatures;
  const auto take = [&](std::size_t width) { return arena.take(floats(rows, width)); };
  Tape tape{};
  tape.x = take(features);
  tape.a0 = take(units()), tape.a1 = take(units()), tape.h = take(units());
  tape.heads = take(layout_.head_stride);
  if (shared()) tape.sum = take(static_cast<std::size_t>(shape_.hidden));
  if (!backward) return tape;
  tape.dheads = take(layout_.head_stride);
  tape.dh = take(units()), tape.da1 = take(units()), tape.da0 = take(units());
  tape.dx = take(features);
  return tape;
}

MaskedEnsemble::Tape MaskedEnsemble::rows_from(const Tape& tape, int row) const {
  Tape out = tape;
  const auto move = [&](std::size_t width, auto... operands) { ((*operands += floats(row, width)), ...); };
  move(layout_.size() * kFeatures, &out.x, &out.dx);
  move(units(), &out.a0, &out.a1, &out.h, &out.dh, &out.da1, &out.da0);
  move(layout_.head_stride, &out.heads, &out.dheads);
  if (shared()) move(static_cast<std::size_t>(shape_.hidden), &out.sum);
  return out;
}

void MaskedEnsemble::first_forward(Backend& backend, std::size_t begin, std::size_t end, int rows,
                                   const float* parameters, Tape& tape) const {
  const LinearGroups layer = LinearGroups(first_).subspan(begin, end - begin);
  if (!shared())
    return backend.linear_forward(layer, rows, tape.x, parameters,
                                  {.activation = Activation::kRelu, .dropout = dropout(tape, 0)}, tape.a0);
  // The products lie where a1 of the same generators is written next.
  backend.linear_forward(layer, rows, tape.x, parameters, {.bias = false}, tape.a1);
  backend.running_sum_forward({static_cast<int>(layout_.size()), shape_.hidden}, static_cast<int>(begin),
                              static_cast<int>(end), rows, tape.a1, parameters + first_.front().bias, dropout(tape, 0),
                              tape.sum, tape.a0);
}

void MaskedEnsemble::layers_forward(Backend& backend, std::size_t begin, std::size_t end, int rows,
                                    const float* parameters, Tape& tape) const {
  const auto some = [&](LinearGroups layer) { return layer.subspan(begin, end - begin); };
  first_forward(backend, begin, end, rows, parameters, tape);
  const ForwardTail tail{
      .activation = Activation::kRelu, .dropout = dropout(tape, 1), .residual = tape.a0, .sum = tape.h};
  backend.linear_forward(some(hidden_), rows, tape.a0, parameters, tail, tape.a1);
  backend.linear_forward(some(head_), rows, tape.h, parameters, {}, tape.heads);
}

void MaskedEnsemble::forward(Backend& backend, int rows, const float* cells, const float* parameters,
                             Tape& tape) const {
  backend.features(layout_, 0, static_cast<int>(layout_.size()), rows, cells, parameters, tape.x);
  layers_forward(backend, 0, layout_.size(), rows, parameters, tape);
}

void MaskedEnsemble::backward(Backend& backend, int rows, int embedding_rows, const float* cells,
                              const float* parameters, Tape& tape, float* gradients) const {
  const float scale = tape.dropout > 0 ? dropout(tape, 0).scale() : 1.0f;
  backend.linear_backward_weight(head_, rows, tape.h, tape.dheads, true, gradients);
  backend.linear_backward_input(head_, rows, tape.dheads, parameters,
                                {.relu_output = tape.a1, .scale = scale, .masked = tape.da1}, tape.dh);
  backend.linear_backward_weight(hidden_, rows, tape.a0, tape.da1, true, gradients);
  backend.linear_backward_input(hidden_, rows, tape.da1, parameters,
                                {.residual = tape.dh, .relu_output = tape.a0, .scale = scale, .masked = tape.da0},
                                tape.da0);
  if (shared())  // da0 becomes the gradient of the products
    backend.running_sum_backward({static_cast<int>(layout_.size()), shape_.hidden}, rows, tape.da0, tape.da0,
                                 gradients + first_.front().bias);
  backend.linear_backward_weight(first_, rows, tape.x, tape.da0, !shared(), gradients);
  if (embedding_rows == 0) return;
  const auto skipped = static_cast<std::size_t>(rows - embedding_rows);
  const std::size_t width = layout_.size() * kFeatures;
  backend.linear_backward_input(first_, embedding_rows, tape.da0 + skipped * units(), parameters, {},
                                tape.dx + skipped * width);
  backend.features_backward(layout_, embedding_rows, cells + skipped * layout_.cell_stride(), tape.dx + skipped * width,
                            gradients);
}

void MaskedEnsemble::generate(Backend& backend, int rows, const Draw& draw, const float* parameters,
                              const float* constants, Tape& tape, float* cells, float* view,
                              const KnownCells& known) const {
  const auto first = static_cast<std::size_t>(known.columns);
  if (known.columns > 0) backend.features(layout_, 0, known.columns, rows, cells, parameters, tape.x);
  if (known.columns > 0 && shared()) first_forward(backend, 0, first, rows, parameters, tape);
  for (std::size_t k = first; k < layout_.size(); ++k) {
    const int column = static_cast<int>(k);
    layers_forward(backend, k, k + 1, rows, parameters, tape);
    backend.sample_column(layout_, column, rows, tape.heads, constants, draw, cells, view,
                          k == first ? known.next : Allowed{});
    backend.features(layout_, column, column + 1, rows, cells, parameters, tape.x);
  }
}

}  // namespace meg
