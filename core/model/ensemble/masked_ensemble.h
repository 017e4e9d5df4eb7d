#pragma once
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "core/nn/backend.h"

namespace meg {

/// What is known of rows before they are generated in the fixed order.
struct KnownCells {
  int columns = 0;  // of so many leading columns the cells are there already
  Allowed next{};   // what the column behind them is kept to
};

/// A column to draw where it is unknown.
struct ColumnToFill {
  int column = 0;
  Allowed allowed{};
};

/// The conditional masked ensemble: one generator per column, all side by side. Generator k sees the columns before it
/// in the generation order (its input mask), kFeatures numbers each:
///
///     a0 = dropout(relu(x w0 + b0));  a1 = dropout(relu(a0 w1 + b1));  h = a1 + a0;  heads = h w2 + b2
///
/// and its heads are logits over the column's codes and a mixture of Gaussians over z. A prefix mask is an inner
/// extent: w0 of generator k is [kFeatures k, hidden]; masked weights do not exist.
///
/// That is quadratic in the columns. Many columns share one first layer instead, whose products are summed up along the
/// generation order (NADE; Larochelle & Murray 2011), linear in the columns in memory and in time:
///
///     a0 of generator k = dropout(relu(b0 of k + sum over j < k of x_j w_j));  w_j of column j is [kFeatures, hidden]
///
/// Of any order, w0 of generator k has a part for every other column, and the sum runs over all j != k. What is unknown
/// of a row, or hidden in training, has features of zero and so adds nothing: the input mask is the row's own, any set
/// of columns (the masks of MADE drawn anew for every row; Germain et al. 2015, Uria et al. 2014). The fixed order uses
/// a part of the same weights.
class MaskedEnsemble {
 public:
  enum class FirstLayer { kOwn, kShared };

  struct Shape {
    int hidden = 128;
    float dropout = 0.1f;  // of generators of columns without a continuous code: it blurs densities
    FirstLayer first = FirstLayer::kOwn;
    bool any_order = false;
  };

  /// Of `columns` the codes, continuous and z range are read; all offsets are set here.
  MaskedEnsemble(ColumnsLayout columns, Shape shape);

  const ColumnsLayout& layout() const { return layout_; }
  const Shape& shape() const { return shape_; }
  std::size_t parameters() const { return parameters_; }
  /// Size of the block that code_position and z_position point into.
  std::size_t constants() const { return constants_; }
  /// Where in the parameters the head's bias of generator k begins, [head_width].
  std::size_t head_bias(std::size_t k) const { return head_[k].bias; }
  /// Multiply-adds of the products of one row, forward, in the fixed order: the masked ones are not counted, for they
  /// do not happen.
  double multiply_adds() const;

  /// Normal numbers in the scales of the reference; mixtures begin spread over [-2, 2]. A function of the seed.
  void initialize(std::uint64_t seed, std::span<float> parameters) const;

  /// What a pass over `rows` rows works in.
  struct Tape : StackTape {
    View dx;                           // backward; empty, as all that is not needed for the tape's passes
    View sum, product;                 // of a shared first layer: the sum so far and what changes it, [rows, hidden]
    float dropout = 0;                 // of this pass
    std::uint64_t seed = 0, step = 0;  // of its masks
    /// From this row on generators see all other columns, of which every row hides some at random.
    static constexpr int kNowhere = std::numeric_limits<int>::max();
    int hidden_from = kNowhere;
  };
  /// What a tape is for: forward passes that a backward one follows; forward ones alone; those where the backend's
  /// stacks keep hidden units to themselves.
  enum class Passes { kBackward, kForward, kStacks };
  /// For forward passes alone on this backend.
  Passes forward_on(const Backend& backend) const {
    return shared() || backend.stack_writes_units(shape_.hidden) ? Passes::kForward : Passes::kStacks;
  }
  Tape make_tape(Arena& arena, int rows, Passes passes) const;
  std::size_t tape_floats(int rows, Passes passes) const;
  /// Of `rows` rows those that hide columns, as a share of them, to the nearest row.
  static int hiding_rows(float share, int rows) {
    return static_cast<int>(std::lround(share * static_cast<float>(rows)));
  }
  /// `count` rows of a tape, from one on.
  static Tape row_range(const Tape& tape, int first, int count);

  /// The heads of all columns given the columns before them, as cells [rows, 3 columns] has them; from row
  /// tape.hidden_from on, which needs any_order, given a random set of all others.
  void forward(Backend& backend, ConstView cells, ConstView parameters, const Tape& tape) const;
  /// Adds to `gradients` what dheads, which the caller has put into the tape, says. Of the embeddings only with
  /// `embedding_rows` > 0: those that the last so many rows saw.
  void backward(Backend& backend, int embedding_rows, ConstView cells, ConstView parameters, const Tape& tape,
                View gradients) const;

  /// Rows from noise alone, or from what is known of them, column after column, into cells [rows, 3 columns]; view may
  /// be empty, and known columns are not written into it. Where none is known, the tape then holds what forward would
  /// have put there.
  void generate(Backend& backend, const Draw& draw, ConstView parameters, ConstView constants, const Tape& tape,
                View cells, View view, const KnownCells& known = {}) const;

  // One column of rows that are generated column by column. Of a shared first layer, tape.sum is the sum so far: it
  // must be what the column before has left, and is changed.
  /// Makes the tape what the columns before column k, whose cells are there, would have left.
  void start_at(Backend& backend, std::size_t k, ConstView cells, ConstView parameters, const Tape& tape) const;
  /// The heads of generator k, [rows, head_width], given the cells before column k.
  void head(Backend& backend, std::size_t k, ConstView cells, ConstView parameters, const Tape& tape, View head) const;
  /// Draws column k, as generate() does.
  void draw(Backend& backend, const Draw& draw, std::size_t k, ConstView parameters, ConstView constants,
            const Tape& tape, View cells) const;

  /// Draws the unknown cells (code -1) of these columns, one column after the other, each given all cells of its row
  /// that are known by then. Needs any_order; unknown cells of other columns remain so.
  void fill(Backend& backend, Draw draw, ConstView parameters, ConstView constants, const Tape& tape, View cells,
            std::span<const ColumnToFill> columns) const;

 private:
  /// Rows of a pass that see the same columns.
  struct Part {
    int first, rows;
    bool others;  // all others, where not hidden; else those before
  };
  std::array<Part, 2> parts(int rows, const Tape& tape) const;
  /// Whether generator k drops hidden units; a shared first layer drops those of all or none.
  bool drops(std::size_t k) const;
  Dropout dropout(const Tape& tape, int layer) const {
    return {tape.dropout, tape.seed, 2 * tape.step + static_cast<std::uint64_t>(layer)};
  }
  /// Of the first layer where it sees others: masks of its own.
  Dropout others_dropout(const Tape& tape) const {
    return {tape.dropout, tape.seed, (std::uint64_t{1} << 63) + 2 * tape.step};
  }
  std::uint64_t hiding_row(const Tape& tape) const { return tape.step << 20; }  // a batch is shorter
  bool shared() const { return shape_.first == FirstLayer::kShared; }
  std::size_t units() const { return layout_.size() * static_cast<std::size_t>(shape_.hidden); }
  void add_first_layer();
  /// All layers of the generators begin <= k < end, on rows that see others or those before; without a shared first
  /// one.
  Stack stack(const Tape& tape, bool others, std::size_t begin, std::size_t end) const;
  /// The same of all generators for a pass over `rows` rows; without a first layer also where they are of both kinds.
  Stack stack(const Tape& tape, int rows) const;
  /// The first layer where the stack has none, of the generators begin <= k < end; those before them have been done.
  void first_forward(Backend& backend, std::size_t begin, std::size_t end, ConstView parameters,
                     const Tape& tape) const;
  void others_forward(Backend& backend, ConstView parameters, const Tape& tape) const;
  /// What generator k alone sees: its features, and the first layer where the stack has none.
  void see(Backend& backend, std::size_t k, ConstView cells, ConstView parameters, const Tape& tape) const;
  /// From da0 of a part of the rows; of the embeddings that its last `embedding_rows` saw, and of the first layer's
  /// weights where the stack has none.
  void first_backward(Backend& backend, bool others, int embedding_rows, ConstView cells, ConstView parameters,
                      const Tape& tape, bool weights, View gradients) const;
  /// The biases of a shared first layer, or what is laid out as they are: [columns, hidden].
  template <class Parameters>
  Parameters first_biases(Parameters of) const {
    return of.column_range(first_.front().bias, units()).reshaped(layout_.size(), units() / layout_.size());
  }

  ColumnsLayout layout_;
  Shape shape_;
  GroupedLinear first_, hidden_, head_;  // a group per generator; of a shared first layer the last column before it
  GroupedLinear others_;                 // of any order: the first layer on all other columns; shared: on its own
  LinearGroup total_{};                  // and shared: the sum of all of these products
  std::size_t parameters_ = 0, constants_ = 0;
};

}  // namespace meg
