#pragma once
#include <variant>
#include <vector>

/// The layers that a Network (network.h) is put together from. They say what is computed; the network has the memory,
/// and runs a Linear with the activation and the dropout behind it as one operation, forward and backward.
namespace meg::layers {

/// Columns first ... first + count - 1 of a layer's input.
struct Columns {
  int first, count;
};

/// y = x w + b: one product for each of some groups side by side, which have weights of their own. Group g writes
/// outputs[g] columns of y, behind those of group g - 1: an output mask is where a group writes.
///
/// reads[g] are the columns of x that group g sees, its input mask: weights that would be masked do not exist, and are
/// not computed. Two groups that share a column must begin at the same one. Without `reads` a group sees what the group
/// of its number in the Linear before it wrote, if that one has as many groups; else everything.
struct Linear {
  std::vector<int> outputs;
  std::vector<Columns> reads{};
};

struct Relu {};
struct LeakyRelu {};
struct Tanh {};
struct Sigmoid {};

/// Multiplies by 0 with this probability, else by what keeps the mean; while training. Only behind ReLU or LeakyReLU,
/// whose derivative can be read off an output that is scaled.
struct Dropout {
  float probability;
};

using Layer = std::variant<Linear, Relu, LeakyRelu, Tanh, Sigmoid, Dropout>;

}  // namespace meg::layers
