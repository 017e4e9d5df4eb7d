#pragma once
#include "core/nn/backend.h"

namespace meg::bench {

/// 15 generators, batch 512: a masked first layer, where generator k reads the first 32 k columns of one x, and a
/// hidden layer, where each reads its own units; kOthers reads all but 32 columns of its own. The classic layer is the
/// small one: 4 generators on 100 columns, batch 64, and its outputs, one column each.
enum class Layer { kPrefix, kOthers, kHidden, kClassic, kClassicOutput };

inline bool is_large(Layer kind) { return kind != Layer::kClassic && kind != Layer::kClassicOutput; }

/// With so many units a generator.
inline GroupedLinear make_layer(Layer kind, int hidden = 128) {
  const bool large = is_large(kind);
  const int groups = large ? 15 : 4, outputs = kind == Layer::kClassicOutput ? 1 : hidden;
  GroupedLinear layer;
  std::size_t parameters = 0;
  for (int k = 0; k < groups; ++k) {
    LinearGroup g{};
    g.inputs = kind == Layer::kPrefix    ? 32 * (k + 1)
               : kind == Layer::kOthers  ? 448
               : kind == Layer::kClassic ? 100
                                         : hidden;
    if (kind == Layer::kOthers) g.gap = 32 * k, g.gap_width = 32;
    g.outputs = outputs;
    const auto in = static_cast<std::size_t>(g.inputs), out = static_cast<std::size_t>(outputs);
    const bool own = kind == Layer::kHidden || kind == Layer::kClassicOutput;
    g.x = own ? static_cast<std::size_t>(k) * in : 0;
    g.x_stride = own                                                ? static_cast<std::size_t>(groups) * in
                 : kind == Layer::kPrefix || kind == Layer::kOthers ? 480
                                                                    : in;
    g.y = static_cast<std::size_t>(k) * out;
    g.y_stride = static_cast<std::size_t>(groups) * out;
    g.weight = parameters;
    g.bias = g.weight + in * out;
    parameters = Arena::padded(g.bias + out);
    layer.push_back(g);
  }
  return layer;
}

/// Those of a stack: the prefix and the hidden layer, and heads of 8, 16, ... 120 outputs.
struct StackLayers {
  GroupedLinear first, hidden, head;
  std::size_t parameters;
};

inline StackLayers make_stack_layers(int units) {
  StackLayers layers{make_layer(Layer::kPrefix, units), make_layer(Layer::kHidden, units),
                     make_layer(Layer::kHidden, units), 0};
  std::size_t y = 0;
  for (LinearGroup& g : layers.head) {
    g.outputs = 8 * static_cast<int>(&g - layers.head.data() + 1);
    g.y = y, y += static_cast<std::size_t>(g.outputs);
  }
  for (GroupedLinear* layer : {&layers.first, &layers.hidden, &layers.head})
    for (LinearGroup& g : *layer) {
      const auto outputs = static_cast<std::size_t>(g.outputs);
      g.weight = layers.parameters, g.bias = g.weight + static_cast<std::size_t>(g.inputs) * outputs;
      layers.parameters = Arena::padded(g.bias + outputs);
    }
  for (LinearGroup& g : layers.head) g.y_stride = y;
  return layers;
}

inline std::size_t rows_of(Layer kind) { return is_large(kind) ? 512 : 64; }

}  // namespace meg::bench
