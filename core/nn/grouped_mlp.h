#pragma once
#include <span>
#include <vector>

#include "core/nn/backend.h"

namespace meg {

/// Equally deep multilayer perceptrons side by side, one a generator (or a single discriminator): per generator
/// Linear -> activation -> ... -> Linear -> activation. All read the same x [rows, inputs]; generator g writes
/// `outputs[g]` adjacent columns of y [rows, sum of outputs], in the order of the generators: output masks are
/// structure, so masked outputs are never computed.
class GroupedMlp {
 public:
  struct Shape {
    int inputs;
    std::vector<int> hidden;   // widths of the hidden layers, the same for every generator
    std::vector<int> outputs;  // one entry per generator
    Activation hidden_activation = Activation::kRelu;
    Activation output_activation = Activation::kNone;
    float dropout = 0.0f;  // after every hidden activation, while training
  };

  explicit GroupedMlp(Shape shape);

  const Shape& shape() const { return shape_; }
  std::size_t parameters() const { return parameters_; }
  const std::vector<GroupedLinear>& layers() const { return layers_; }
  int output_columns() const { return output_columns_; }

  /// Uniform in +-1/sqrt(inputs) for weights and biases, PyTorch's nn.Linear; a function of seed alone.
  void initialize(std::uint64_t seed, std::span<float> parameters) const;

  /// What forward keeps for backward: the output of every layer.
  struct Tape {
    std::vector<float*> outputs;
    std::vector<WeightProduct> products;  // of a backward pass that has this tape for scratch
    std::uint64_t seed = 0, step = 0;
    bool training = false;
  };
  /// A tape for up to `rows` rows; tape_floats(rows) is what it takes.
  Tape make_tape(Arena& arena, int rows) const;
  std::size_t tape_floats(int rows) const;

  /// Returns y [rows, output_columns], which lives in the tape.
  const float* forward(Backend& backend, int rows, const float* x, const float* parameters, Tape& tape) const;

  /// dy [rows, output_columns] is overwritten; gradients are added to (null: not computed); dx [rows, inputs], not x,
  /// may be null. `scratch` is a second tape, whose contents are overwritten (the gradient at every layer's input).
  void backward(Backend& backend, int rows, const float* x, const float* parameters, const Tape& tape, float* dy,
                Tape& scratch, float* gradients, float* dx) const;

  /// Adds factor * E |d y / d x|^2 to *penalty and its gradient to `gradients`, for one generator with one output and
  /// piecewise linear activations (R1 and R2: Mescheder et al. 2018). Double backward in closed form: with
  /// g = dy/dx, the gradient of |g|^2 / 2 is the network linearized at x applied to the tangent g (a forward pass
  /// without biases), multiplied with the deltas of the first backward. `tape` is forward's on the same rows;
  /// x_scratch is [rows, inputs].
  void add_gradient_penalty(Backend& backend, int rows, const float* parameters, const Tape& tape, float factor,
                            Tape& deltas, Tape& tangents, float* x_scratch, float* penalty, float* gradients) const;

 private:
  std::size_t layer_columns(std::size_t layer) const;
  Activation activation(std::size_t layer) const;
  /// The dropout behind layer `layer`; of none behind the last.
  Dropout dropout(const Tape& tape, std::size_t layer) const;
  /// From the gradient at the outputs of layer `layer` (behind its activation) the one at those of the layer before it;
  /// of layer 0 at x.
  void layer_backward(Backend& backend, int rows, const float* parameters, const Tape& tape, std::size_t layer,
                      const float* dy, float* dx) const;

  Shape shape_;
  std::vector<GroupedLinear> layers_;
  std::size_t parameters_ = 0;
  int output_columns_ = 0;
};

}  // namespace meg
