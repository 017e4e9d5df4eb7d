#pragma once
#include "core/nn/backend.h"
#include "cpu/level.h"
#include "cpu/scratch_pool.h"
#include "cpu/thread_pool.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

/// nn/backend.h on a thread pool; see there for every operation. It has no state but that and memory to work
/// in, so that any number of threads may call it at once.
class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(int threads)
      : pool_(threads), alone_(pool_.threads() > 1 ? std::make_unique<CpuBackend>(1) : nullptr) {}
  Device device() const override { return Device::kCpu; }
  int rows_of_pass(std::size_t, std::size_t floats) const override;
  int passes_at_once() const override { return pool_.threads(); }
  void make_passes(int passes, int slots, const Pass& pass) override;

  Memory allocate(std::size_t count) override;
  Memory scratch(std::size_t count) override { return scratch_.take(count); }
  void upload(std::span<const float> from, View to) override;
  void upload(std::span<const std::uint32_t> from, IndexView to) override;
  void download(ConstView from, std::span<float> to) override;
  Memory allocate_on_host(std::size_t count) override { return scratch(count); }
  void start_download(int, ConstView from, std::span<float> to) override { download(from, to); }
  void finish_download(int) override {}
  void fill(float value, View out) override;

  void linear_forward(LinearGroups layer, ConstView x, ConstView parameters, const ForwardTail& tail, View y) override;
  void linear_backward_input(LinearGroups layer, ConstView dy, ConstView parameters, const BackwardTail& tail,
                             View dx) override;
  void linear_backward_weights(std::span<const WeightProduct> layers, bool with_bias, View gradients) override;

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
  void sample_backward(const ColumnsLayout& layout, ConstView heads, ConstView cells, const Draw& draw, ConstView dview,
                       View dheads) override;

  void adam(int step, const AdamOptions& options, const AdamState& state) override;

 private:
  ScratchPool scratch_;
  ThreadPool pool_;
  std::unique_ptr<CpuBackend> alone_;  // of one thread, for the passes of make_passes
};

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
