#pragma once
#include <span>
#include <vector>

#include "core/nn/backend.h"
#include "core/nn/layers.h"

namespace meg {

/// Layers one behind the other: Linear, then perhaps an activation, then perhaps a Dropout, and again. All of it is
/// decided when the network is made; a pass calls one operation of the backend for each Linear, and allocates nothing.
/// x [rows, inputs], y [rows, outputs]; binary cross-entropy behind it is Backend::bce_with_logits.
class Network {
 public:
  /// Throws Error where layers do not fit each other.
  Network(int inputs, std::vector<layers::Layer> layers);

  int inputs() const { return inputs_; }
  int outputs() const { return static_cast<int>(stages_.back().columns()); }
  /// Floats of all weights and biases: of every Linear, of every group, [inputs, outputs] and then [outputs].
  std::size_t parameters() const { return parameters_; }
  /// Uniform in +-1/sqrt(inputs) for weights and biases, PyTorch's nn.Linear; a function of seed alone.
  void initialize(std::uint64_t seed, std::span<float> parameters) const;

  /// A Linear and what follows it.
  struct Stage {
    GroupedLinear linear;
    Activation activation = Activation::kNone;
    float dropout = 0;
    bool reads_all = true;  // whether some group reads every column of x

    std::size_t columns() const { return linear.front().y_stride; }
  };
  const std::vector<Stage>& stages() const { return stages_; }

  /// What forward keeps for backward: the output of every stage.
  struct Tape {
    std::vector<View> outputs;
    std::vector<WeightProduct> products;  // of a backward pass that has this tape for scratch
    std::uint64_t seed = 0, step = 0;     // of the dropout's masks
    bool training = false;                // whether anything is dropped
  };
  /// A tape for up to `rows` rows; tape_floats(rows) is what it takes.
  Tape make_tape(Arena& arena, int rows) const;
  std::size_t tape_floats(int rows) const;

  /// Returns y, which lives in the tape.
  View forward(Backend& backend, ConstView x, ConstView parameters, Tape& tape) const;

  /// From dy, which is overwritten: adds to `gradients` (empty: not computed), and writes dx, not x (empty: not
  /// computed). `scratch` is a second tape, whose contents are overwritten: the gradients between the stages.
  void backward(Backend& backend, ConstView x, ConstView parameters, const Tape& tape, View dy, Tape& scratch,
                View gradients, View dx) const;

  /// Adds factor * E |d y / d x|^2 to *penalty and its gradient to `gradients`, for one group with one output and
  /// piecewise linear activations (R1 and R2: Mescheder et al. 2018). Double backward in closed form: with
  /// g = dy/dx, the gradient of |g|^2 / 2 is the network linearized at x applied to the tangent g (a forward pass
  /// without biases), multiplied with the deltas of the first backward. `tape` is forward's on the same rows;
  /// x_scratch has the shape of x.
  void add_gradient_penalty(Backend& backend, ConstView parameters, const Tape& tape, float factor, Tape& deltas,
                            Tape& tangents, View x_scratch, float* penalty, View gradients) const;

 private:
  void add(const layers::Linear& linear);
  void add(Activation activation);
  void add(const layers::Dropout& dropout);
  /// The dropout of a stage in this pass.
  Dropout dropout(const Tape& tape, std::size_t stage) const;
  /// From the gradient at the outputs of a stage, behind its activation, the one at those of the stage before it; of
  /// stage 0 at x.
  void stage_backward(Backend& backend, ConstView parameters, const Tape& tape, std::size_t stage, ConstView dy,
                      View dx) const;

  int inputs_;
  std::vector<Stage> stages_;
  std::size_t parameters_ = 0;
};

}  // namespace meg
