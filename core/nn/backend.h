#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/nn/operands.h"
#include "core/tensor/memory.h"
#include "core/tensor/philox.h"

namespace meg {

/// THE interface: the operations that a training step is made of. cpu/ and kernels/ implement it, file by file.
/// All views and pointers are to memory of this backend, float32, row-major; sizes are in elements. Nothing allocates
/// but allocate(), allocate_on_host() and scratch(). Results do not depend on the number of threads; bit for bit they
/// do on the alignment of the operands, which is the same for what an Arena hands out.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Device device() const = 0;

  /// Rows of a pass over trained networks where `wanted` rows are, each with so many floats of memory: on the CPU no
  /// more than the caches hold, on a GPU many, which keep it busy. A row has the same bits whichever rows it is
  /// computed with.
  virtual int rows_of_pass(std::size_t wanted, std::size_t floats) const = 0;

  /// How many passes can be made at once: on a CPU one a thread, so that no thread waits for another within a pass.
  virtual int passes_at_once() const { return 1; }
  /// Calls pass(backend, slot, i) for i in [0, passes), at most `slots` (up to passes_at_once()) at once: each has its
  /// slot to itself, and a backend for the memory of this one. Throws what the first of those that throw does, when all
  /// that have begun have ended.
  using Pass = std::function<void(Backend& backend, int slot, int i)>;
  virtual void make_passes(int passes, int slots, const Pass& pass);

  // --- steps
  /// The operations up to end_step() are one step of a loop. A GPU runs them together at its end, and as a graph again
  /// where a later step is the same but for numbers; so results are there behind end_step(), or behind a download.
  /// Nothing changes what they are. A step that uploads or downloads costs as much as its single operations.
  virtual void begin_step() {}
  virtual void end_step() {}

  // --- memory
  /// Of a device of its own, that this backend and its passes have held together so far, without the driver's own.
  virtual std::size_t most_bytes() const { return 0; }
  /// `count` floats, set to zero.
  virtual Memory allocate(std::size_t count) = 0;
  /// `count` floats for the time of a request, contents undefined: where it can, of memory that earlier ones gave back.
  virtual Memory scratch(std::size_t count) { return allocate(count); }
  // As many elements are copied as there are on either side, without gaps.
  virtual void upload(std::span<const float> from, View to) = 0;
  virtual void upload(std::span<const std::uint32_t> from, IndexView to) = 0;
  virtual void download(ConstView from, std::span<float> to) = 0;
  /// `count` floats of the host, for start_download().
  virtual Memory allocate_on_host(std::size_t count) = 0;
  /// The same as download(), but a GPU copies while it does what is asked of it next, which must leave `from` alone:
  /// `to`, of allocate_on_host(), is there behind finish_download() of the same slot. There are two, 0 and 1.
  virtual void start_download(int slot, ConstView from, std::span<float> to) = 0;
  virtual void finish_download(int slot) = 0;
  virtual void fill(float value, View out) = 0;

  // --- linear (grouped)
  /// y[g] = dropout(activation(x[g] w[g] + b[g])), and what else `tail` says. A group may have no inputs: y is its
  /// bias.
  virtual void linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail,
                              View y) = 0;
  /// dx[g] = dy[g] w[g]^T; where groups share x their gradients are added in the order of the groups. The x of two
  /// groups start at the same element, and then so do those of all groups between them, or have none in common. What
  /// only gaps cover gets 0.
  virtual void linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters, const BackwardTail& tail,
                                     View dx) = 0;
  /// Of every layer: dw[g] += x[g]^T dy[g], and with_bias: db[g] += column sums of dy[g]. No two share parameters, and
  /// all have as many rows.
  virtual void linear_backward_weights(std::span<const WeightProduct> layers, bool with_bias, View gradients) = 0;
  /// Of one layer.
  void linear_backward_weight(LinearGroups layer, ConstView x, ConstView dy, bool with_bias, View gradients) {
    const WeightProduct one{layer, x, dy};
    linear_backward_weights({&one, 1}, with_bias, gradients);
  }

  // --- stacks: all layers of masked generators at once; what is here does it layer by layer
  /// Whether stack_forward of hidden layers of so many units writes a0, a1 and h even where no backward follows. Where
  /// it does not, they may be empty then, if the stack has a first layer.
  virtual bool stack_writes_units(int /*hidden*/) const { return true; }
  /// Where a backward pass follows (tape.dheads), a GPU may leave products of wide layers to cuBLAS: heads are then
  /// those without one up to rounding, which also depends on how many rows there are.
  virtual void stack_forward(const Stack& stack, ConstView parameters, const StackTape& tape);
  /// From dheads: adds to the gradients of all weights and biases of the stack, the first layer's too where it has one,
  /// and writes da1 and da0, both behind the masks of ReLU and dropout. dh may be left as it is.
  virtual void stack_backward(const Stack& stack, ConstView parameters, const StackTape& tape, View gradients);

  // --- running sums over groups: one first layer for many masked generators
  // Biases are [groups, width]. A row of products and of y has a vector of that width for each group.
  /// y[r, k] = dropout(relu(bias[k] + sum of products[r, j] over j <= k)) for the groups begin <= k < end. sum [rows,
  /// width] holds the sum over j < begin, where begin is not 0, and afterwards that over j < end.
  virtual void running_sum_forward(std::size_t begin, std::size_t end, ConstView products, ConstView bias,
                                   const Dropout& dropout, View sum, View y) = 0;
  /// From dy, which the ReLU and the dropout have masked: dproducts[r, k] = sum of dy[r, j] over j >= k, may be dy;
  /// dbias[k] += sum of dy[r, k] over r.
  virtual void running_sum_backward(ConstView dy, View dproducts, View dbias) = 0;
  /// The same where a generator sees the products of all others: y[r, k] = dropout(relu(bias[k] + sum[r] - products[r,
  /// k])) for the groups begin <= k < end, where sum [rows, width] is that of all products.
  virtual void sum_of_others_forward(std::size_t begin, std::size_t end, ConstView sum, ConstView products,
                                     ConstView bias, const Dropout& dropout, View y) = 0;
  /// dproducts[r, k] = sum of dy[r, j] over j != k, which may be dy; dbias as above.
  virtual void sum_of_others_backward(ConstView dy, View dproducts, View dbias) = 0;

  // --- pointwise
  // Of operands without gaps, element by element.
  /// dx = dy * activation'(x), from y = activation(x); dx may be dy.
  virtual void activation_backward(Activation activation, ConstView y, ConstView dy, View dx) = 0;
  /// Drops elements of x. Calling it on the gradient with the same (seed, step) is the backward.
  virtual void dropout(const Dropout& dropout, View x) = 0;
  /// y = scale * y + factor * x.
  virtual void add_scaled(float factor, ConstView x, float scale, View y) = 0;

  // --- rows
  /// out[r, :] = standard normal numbers of row first_row + r. No gaps.
  virtual void fill_normal(std::uint64_t seed, Stream stream, std::uint64_t first_row, View out) = 0;
  /// out[i] = the row p(i) of `rows`, where p is the KeyedPermutation of Philox(seed, kShuffle) at position 0 with the
  /// number `epoch`, for all of them.
  virtual void shuffle_rows(std::uint64_t seed, std::uint64_t epoch, RowList rows, IndexView out) = 0;
  /// out[i] = a row of `from`, any as likely as another: word 0 of Philox(seed, stream).bits(number, i) says which.
  virtual void draw_rows(std::uint64_t seed, Stream stream, std::uint64_t number, RowList from, IndexView out) = 0;
  /// out[r, :] = table[index[r], :]. No gaps.
  virtual void gather_rows(ConstView table, ConstIndexView index, View out) = 0;

  // --- losses
  /// BCE from the logit: softplus(logit) - label * logit, computed without exp overflow. The mean over the first `real`
  /// logits, label 1, and that over the generated ones behind them, label 0, are added to *loss; dlogit is the
  /// gradient. There may be none of either.
  virtual void bce_with_logits(std::size_t real, ConstView logit, float* loss, View dlogit) = 0;
  /// *sum += factor * sum of squares of x.
  virtual void add_square_sum(float factor, ConstView x, float* sum) = 0;
  /// *sum += factor * sum of x.
  virtual void add_sum(float factor, ConstView x, float* sum) = 0;

  // --- decoding
  /// code[r, j] = the code of column j; number[r, i] = what the z of the column numbers[i] stands for, see GridTables,
  /// where its cell is continuous, else 0. cells as ColumnsLayout says; no cell is unknown.
  virtual void decode(std::span<const NumberColumn> numbers, ConstView cells, IndexView code,
                      BasicView<double> number) = 0;

  /// number[r, i] = columns[i] unscaled from x[r, columns[i].place].
  virtual void unscale(std::span<const PlacedColumn> columns, ConstView x, BasicView<double> number) = 0;

  // --- features: cells as the generators and the discriminator see them
  // Cells, heads and views are laid out as ColumnsLayout says; features are [rows, kFeatures columns].
  /// x[r, kFeatures j ...] = [embedding of the code | clip(position - i, 0, 1) for i < kKnots - 1 | z / 4] of the cell
  /// of column j, for the columns begin <= j < end; zeros for a position of -1, and nothing but zeros for an unknown
  /// cell.
  virtual void features(const ColumnsLayout& layout, int begin, int end, ConstView cells, ConstView parameters,
                        View x) = 0;
  /// The embeddings' gradients of the columns j < end += dx.
  virtual void features_backward(const ColumnsLayout& layout, int end, ConstView cells, ConstView dx,
                                 View gradients) = 0;
  /// Sets features of random columns to zero, as if their cells were unknown: of row r, number first_row + r of
  /// (seed, kHide), column j where bits(row, 1 + j / 4)[j % 4] < bits(row, 0)[0], so that any share of them is as
  /// likely as any other. Calling it on the gradient is the backward.
  virtual void hide_columns(std::uint64_t seed, std::uint64_t first_row, View x) = 0;
  /// view[r] = the one-hot codes and z of row r.
  virtual void view_rows(const ColumnsLayout& layout, ConstView cells, View view) = 0;

  // --- heads: a softmax over a column's codes, a mixture of Gaussians over the z of its continuous code
  /// loss[r, j] = -log likelihood of the cell of column j under heads; a continuous code's includes -log of the
  /// mixture's density at z, with log sigma kept in [-7, 2]. dheads, where given, = factor * gradient of the sum of all
  /// losses. Stable: log-sum-exp with the largest term taken out (Bishop 1994, mixture density networks).
  virtual void heads_loss(const ColumnsLayout& layout, ConstView heads, ConstView cells, float factor, View loss,
                          View dheads) = 0;
  /// Draws the cells of one column from its heads: the code and the mixture's component by Gumbel noise, z by normal
  /// noise, kept in [z_low, z_high]. Writes code, z and position into cells, and into view where it is given.
  /// `allowed` gives exactly the distribution of a free draw that falls into it, and rejects nothing: logits of other
  /// codes are masked, the continuous code's gains the log of the mixture's mass in the interval, the component is
  /// drawn by weight times mass, and z by inverting its Gaussian's distribution function between the ends.
  /// Where draw.fills, known cells stay as they are and nothing is written for them.
  virtual void sample_column(const ColumnsLayout& layout, int column, ConstView heads, ConstView constants,
                             const Draw& draw, View cells, View view, const Allowed& allowed = {}) = 0;
  /// Draws columns begin, begin + 1, ..., one for each generator of the stack, after one another: stack_forward of a
  /// generator, sample_column from its heads, and features of what was drawn, which the next one reads. All other
  /// features are there already.
  virtual void draw_columns(const ColumnsLayout& layout, int begin, const Stack& stack, ConstView parameters,
                            const StackTape& tape, const RowsToDraw& to);
  /// dheads = gradient through sample_column of all columns at temperature 1, from dview: straight through for what was
  /// drawn (the gradient of the softmax of logit + noise; Jang et al. 2017), reparameterized for z.
  virtual void sample_backward(const ColumnsLayout& layout, ConstView heads, ConstView cells, const Draw& draw,
                               ConstView dview, View dheads) = 0;

  // --- whole steps, where a device can do many of them at once; without it they are made of the operations above
  /// Whether play() can be asked for this game in steps of up to so many rows.
  virtual bool plays(const Game&, int /*rows*/) const { return false; }
  /// Steps of a game. In each the discriminator learns, by one step of Adam, to tell the real rows (label 1) from as
  /// many generated ones (label 0): mean BCE + gamma / 2 E |d logit / d row|^2, of either half; then the generators, by
  /// one of theirs, to have theirs taken for real (mean BCE, label 1). losses[s, 0] += the discriminator's loss of step
  /// s, losses[s, 1] += the generators'.
  virtual void play(const Game& game, std::span<const GameStep> steps, ConstIndexView order, View losses);

  // --- optimizers
  /// One Adam / AdamW step number `step` (from 1), see AdamStep in formulas.h. Adam is element-wise, so one call over
  /// the parameters of all generators IS one optimizer per generator.
  virtual void adam(int step, const AdamOptions& options, const AdamState& state) = 0;
};

/// The backend of a device. threads = 0 takes all cores; it never changes a result. `precision` is for a GPU. Throws
/// Error where the device is one and cuda_obstacle() says why there is none.
std::unique_ptr<Backend> make_backend(Device device, int threads = 0, Precision precision = Precision::kFp32);

}  // namespace meg
