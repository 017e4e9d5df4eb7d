#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/nn/column_layout.h"
#include "core/tensor/view.h"

/// What the operations of core/nn/backend.h take besides memory: layers, dropout, stacks, optimizers, games.
namespace meg {

/// Their formulas are in core/nn/formulas.h.
enum class Activation { kNone, kRelu, kLeakyRelu, kTanh, kSigmoid };

/// One member of a grouped linear layer: y = x w + b for one generator. Offsets count floats from the start of the
/// operand; all matrices are row-major. Several groups may read the same x (shared noise), read only its first
/// `inputs` columns (a prefix mask: masked weights do not exist) or all but some in a row (a gap), and write disjoint
/// columns of one y (output masks).
struct LinearGroup {
  int inputs, outputs;  // w is [inputs, outputs], b is [outputs]
  std::size_t x;        // first element of x, [rows, inputs] with row stride x_stride
  std::size_t x_stride;
  std::size_t weight, bias;  // first element of w and b in the parameter block
  std::size_t y;             // first element of y, [rows, outputs] with row stride y_stride
  std::size_t y_stride;
  bool drops = true;           // whether a tail's dropout is for this group
  int gap = 0, gap_width = 0;  // input i is column i of x, from `gap` on column i + gap_width: x has columns not read

  /// Columns of x up to the last one that is read.
  int reach() const { return inputs > gap ? inputs + gap_width : inputs; }
};

/// A grouped GEMM: one launch, one product per group, each with its own extents.
using GroupedLinear = std::vector<LinearGroup>;
/// All of a layer's groups, or some.
using LinearGroups = std::span<const LinearGroup>;

/// Multiplies by 0 with `probability` (of 16 bits), else by scale(), by the element's number in its operand, so no
/// result depends on how the work is cut: half word element % 128 / 16 (the low half of a word first) of Philox(seed,
/// kDropout).bits(step, element / 128 * 16 + element % 16). Sixteen neighbours are one half of 16 blocks.
struct Dropout {
  float probability = 0;
  std::uint64_t seed = 0, step = 0;

  std::uint32_t threshold() const { return static_cast<std::uint32_t>(probability * 65536.0f); }
  float scale() const { return 65536.0f / (65536.0f - static_cast<float>(threshold())); }
};

/// What linear_forward does to a product while it is in the cache.
struct ForwardTail {
  Activation activation = Activation::kNone;
  bool bias = true;
  ConstView slope_of{};  // where given, what the activation has put out, laid out as y: neither it nor the bias is
                         // applied, y is multiplied by its derivative there, as a tangent is
  Dropout dropout{};
  ConstView residual{};  // laid out as y; where given, sum = y + residual
  View sum{};
};

/// What linear_backward_input does to dx while it is in the cache; all operands are laid out as dx.
struct BackwardTail {
  ConstView residual{};  // dx += residual, the gradient that came round the layer
  // masked = scale * activation'(.) * dx, from output = activation(.): back through what made x. scale (of groups that
  // drop) is that of the dropout behind a ReLU, whose zeros say what was dropped.
  Activation activation = Activation::kRelu;
  ConstView output{};
  float scale = 1.0f;
  View masked{};  // may be dx
};

/// Operands of a layer whose weights learn.
struct WeightProduct {
  LinearGroups layer;
  ConstView x, dy;
};

/// What a pass through a Stack reads and writes, a row of each for every row of the batch.
struct StackTape {
  View x, a0, a1, h, heads;
  View dheads, dh, da1, da0;  // empty: no backward follows; a0, a1 and h may then be left as they are
};

/// Three grouped layers behind each other, those of masked generators: group n of each is of generator n. a0, a1 and h
/// are laid out alike.
///
///     a0 = dropout(relu(x w0 + b0));  a1 = dropout(relu(a0 w1 + b1));  h = a1 + a0;  heads = h w2 + b2
struct Stack {
  LinearGroups first;  // none: a0 is given
  LinearGroups hidden, head;
  Dropout first_dropout, hidden_dropout;

  /// The stack of generator k alone.
  Stack of(std::size_t k) const {
    return {.first = first.empty() ? first : first.subspan(k, 1),
            .hidden = hidden.subspan(k, 1),
            .head = head.subspan(k, 1),
            .first_dropout = first_dropout,
            .hidden_dropout = hidden_dropout};
  }
  /// Of all layers, first to last.
  std::array<WeightProduct, 3> weight_products(const StackTape& t) const {
    return {{{first, t.x, t.da0}, {hidden, t.a0, t.da1}, {head, t.h, t.dheads}}};
  }
};

/// Adam's constants; weight_decay is decoupled (AdamW, Loshchilov & Hutter 2019), l2 joins the gradient.
struct AdamOptions {
  float rate = 2e-4f, beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
  float weight_decay = 0.0f, l2 = 0.0f;
  float clip = 0.0f;           // where positive, the gradient is scaled down to this norm at most
  float average_decay = 0.0f;  // average = decay * average + (1 - decay) * parameter
};

/// The vectors of one optimizer, all of one length.
struct AdamState {
  View gradient;  // left zero, for the sums of the next step
  View parameter, first, second;
  View average{};           // may be empty
  ConstView square_norm{};  // one number, the gradient's squared norm; needed for clipping
};

/// One side of a Game: networks with one hidden layer of ReLUs side by side, group n of both layers is of network n,
/// and their optimizer. A bias lies behind its weights.
struct Player {
  LinearGroups first, last;
  AdamOptions adam;  // without clipping; average_decay is a step's
  AdamState state;   // of all parameters of the layers; gradients stay zero
};

/// The game of generators that see nothing but the same noise and of a discriminator that sees whole rows:
///
///     row = tanh(relu(noise w0 + b0) w1 + b1), where each generator writes columns of its own;
///     logit = relu(row w0 + b0) w1 + b1
struct Game {
  Player generators, discriminator;
  float gamma;         // weight of the R1 + R2 penalty
  std::uint64_t seed;  // of the noise
  ConstView table;     // real rows
};

/// What differs from one step of a Game to the next.
struct GameStep {
  std::uint32_t first, rows;  // the real rows are table[order[first + r]], r < rows
  std::uint64_t noise_row;    // first of 2 rows of noise: those of the generators, then those of the discriminator
  int number;                 // Adam's, from 1
  float average_decay;        // of the generators
};

/// Where draw_columns draws rows to, and from what.
struct RowsToDraw {
  Draw draw;
  ConstView constants;
  View cells, view;  // as of sample_column
  Allowed first{};   // what the first of the columns is kept to
};

/// Row numbers on a device that are held elsewhere; null: 0 to count - 1.
struct RowList {
  const std::uint32_t* numbers;
  std::size_t count;

  MEG_HOST_DEVICE std::uint32_t operator[](std::size_t i) const {
    return numbers ? numbers[i] : static_cast<std::uint32_t>(i);
  }
};

}  // namespace meg
