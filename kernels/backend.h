#pragma once
#include <array>
#include <memory>

#include "core/nn/backend.h"
#include "kernels/cublas_linear.h"
#include "kernels/device_lists.h"

namespace meg::MEG_KERNELS {

/// nn/backend.h on one NVIDIA GPU; see there for every operation. All work is done in order; only download() and
/// finish_download() wait for it. Sums are trees of a fixed shape, so the same operands give the same bits; cuBLAS'
/// products, of wide layers that learn, do too where the library is the same.
class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(Precision precision);
  Device device() const override { return Device::kCuda; }
  int rows_of_pass(std::size_t wanted, std::size_t floats) const override;
  void begin_step() override { queue_.begin_step(); }
  void end_step() override { queue_.end_step(); }
  /// Launches of each kind of step that is replayed.
  std::vector<std::size_t> graphs() const { return queue_.graphs(); }

  std::size_t most_bytes() const override { return queue_.most_bytes(); }
  Memory allocate(std::size_t count) override;
  void upload(std::span<const float> from, View to) override;
  void upload(std::span<const std::uint32_t> from, IndexView to) override;
  void download(ConstView from, std::span<float> to) override;
  Memory allocate_on_host(std::size_t count) override;
  void start_download(int slot, ConstView from, std::span<float> to) override;
  void finish_download(int slot) override;
  void fill(float value, View out) override;

  void linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail, View y) override;
  void linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters, const BackwardTail& tail,
                             View dx) override;
  void linear_backward_weights(std::span<const WeightProduct> layers, bool with_bias, View gradients) override;

  bool stack_writes_units(int hidden) const override;
  void stack_forward(const Stack& stack, ConstView parameters, const StackTape& tape) override;
  void stack_backward(const Stack& stack, ConstView parameters, const StackTape& tape, View gradients) override;

  void running_sum_forward(std::size_t begin, std::size_t end, ConstView products, ConstView bias,
                           const Dropout& dropout, View sum, View y) override;
  void running_sum_backward(ConstView dy, View dproducts, View dbias) override;
  void sum_of_others_forward(std::size_t begin, std::size_t end, ConstView sum, ConstView products, ConstView bias,
                             const Dropout& dropout, View y) override;
  void sum_of_others_backward(ConstView dy, View dproducts, View dbias) override;

  void activation_backward(Activation activation, ConstView y, ConstView dy, View dx) override;
  void dropout(const Dropout& dropout, View x) override;
  void add_scaled(float factor, ConstView x, float scale, View y) override;

  void fill_normal(std::uint64_t seed, Stream stream, std::uint64_t first_row, View out) override;
  void shuffle_rows(std::uint64_t seed, std::uint64_t epoch, RowList rows, IndexView out) override;
  void draw_rows(std::uint64_t seed, Stream stream, std::uint64_t number, RowList from, IndexView out) override;
  void gather_rows(ConstView table, ConstIndexView index, View out) override;

  void bce_with_logits(std::size_t real, ConstView logit, float* loss, View dlogit) override;
  void add_square_sum(float factor, ConstView x, float* sum) override;
  void add_sum(float factor, ConstView x, float* sum) override;

  void decode(std::span<const NumberColumn> numbers, ConstView cells, IndexView code,
              BasicView<double> number) override;
  void unscale(std::span<const PlacedColumn> columns, ConstView x, BasicView<double> number) override;

  void features(const ColumnsLayout& layout, int begin, int end, ConstView cells, ConstView parameters,
                View x) override;
  void features_backward(const ColumnsLayout& layout, int end, ConstView cells, ConstView dx, View gradients) override;
  void hide_columns(std::uint64_t seed, std::uint64_t first_row, View x) override;
  void view_rows(const ColumnsLayout& layout, ConstView cells, View view) override;

  void heads_loss(const ColumnsLayout& layout, ConstView heads, ConstView cells, float factor, View loss,
                  View dheads) override;
  void sample_column(const ColumnsLayout& layout, int column, ConstView heads, ConstView constants, const Draw& draw,
                     View cells, View view, const Allowed& allowed) override;
  void draw_columns(const ColumnsLayout& layout, int begin, const Stack& stack, ConstView parameters,
                    const StackTape& tape, const RowsToDraw& to) override;
  void sample_backward(const ColumnsLayout& layout, ConstView heads, ConstView cells, const Draw& draw, ConstView dview,
                       View dheads) override;

  bool plays(const Game& game, int rows) const override;
  void play(const Game& game, std::span<const GameStep> steps, ConstIndexView order, View losses) override;

  void adam(int step, const AdamOptions& options, const AdamState& state) override;

 private:
  template <bool squared>
  void add_sum_of(float factor, ConstView x, float* sum);

  template <class T>
  const T* on_device(std::span<const T> items) {
    return lists_.find(items);
  }
  const LayerGroup* groups_on_device(LinearGroups layer) { return lists_.groups(layer); }
  StackGroups groups_on_device(const Stack& stack);
  /// What multiplies wide layers of a stack that learns; null where our own kernels do.
  CublasLinear* cublas_for(const Stack& stack, const StackTape& tape);

  Precision precision_;
  Queue queue_;
  DeviceLists lists_{queue_};
  std::unique_ptr<CublasLinear> cublas_;
  std::array<Download, 2> downloads_;
  Block sums_;                               // of the blocks of one add_sum, and how many of them are done
  Scratch step_arguments_, noises_, parts_;  // of play()
  std::vector<LayerGroup> groups_;           // scratch of a call
  std::vector<LayerTile> tiles_;
  std::vector<InputTile> input_tiles_;
};

}  // namespace meg::MEG_KERNELS
