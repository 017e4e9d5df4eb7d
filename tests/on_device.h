#pragma once
#include <algorithm>
#include <deque>
#include <exception>

#include "core/nn/backend.h"

namespace test {

/// A backend for tests that hold their operands on the host: every operation gets copies on the device, as long as
/// backend.h says that the operand is and not a float longer, and what it wrote is copied back. Memory of allocate() is
/// passed on as it is.
class OnDevice final : public meg::Backend {
 public:
  /// pass_rows: what rows_of_pass() says, 0: what it says there.
  explicit OnDevice(std::unique_ptr<meg::Backend> backend, int pass_rows = 0)
      : backend_(std::move(backend)), pass_rows_(pass_rows) {}
  meg::Device device() const override { return backend_->device(); }
  int rows_of_pass(std::size_t wanted, std::size_t floats) const override {
    return pass_rows_ > 0 ? pass_rows_ : backend_->rows_of_pass(wanted, floats);
  }
  void begin_step() override { backend_->begin_step(); }
  void end_step() override { backend_->end_step(); }

  meg::Memory allocate(std::size_t count) override {
    meg::Memory memory = backend_->allocate(count);
    blocks_.push_back({memory.data(), count});
    return memory;
  }
  void upload(std::span<const float> from, meg::View to) override { backend_->upload(from, to); }
  void upload(std::span<const std::uint32_t> from, meg::IndexView to) override { backend_->upload(from, to); }
  void download(meg::ConstView from, std::span<float> to) override { backend_->download(from, to); }
  meg::Memory allocate_on_host(std::size_t count) override { return backend_->allocate_on_host(count); }
  void start_download(int slot, meg::ConstView from, std::span<float> to) override {
    backend_->start_download(slot, from, to);
  }
  void finish_download(int slot) override { backend_->finish_download(slot); }
  void fill(float value, meg::View out) override {
    Operands o(*this);
    backend_->fill(value, o.write(out));
  }

  void linear_forward(meg::LinearGroups layer, meg::ConstView x, meg::ConstView parameters,
                      const meg::ForwardTail& tail, meg::View y) override {
    Operands o(*this);
    meg::ForwardTail on = tail;
    on.slope_of = o.read(tail.slope_of), on.residual = o.read(tail.residual), on.sum = o.write(tail.sum);
    backend_->linear_forward(layer, o.read(x), o.read(parameters), on, o.write(y));
  }
  void linear_backward_input(meg::LinearGroups layer, meg::ConstView dy, meg::ConstView parameters,
                             const meg::BackwardTail& tail, meg::View dx) override {
    Operands o(*this);
    meg::BackwardTail on = tail;
    on.residual = o.read(tail.residual), on.output = o.read(tail.output), on.masked = o.write(tail.masked);
    backend_->linear_backward_input(layer, o.read(dy), o.read(parameters), on, o.write(dx));
  }
  void linear_backward_weights(std::span<const meg::WeightProduct> layers, bool with_bias,
                               meg::View gradients) override {
    Operands o(*this);
    std::vector<meg::WeightProduct> on;
    for (const auto& [layer, x, dy] : layers) on.push_back({layer, o.read(x), o.read(dy)});
    backend_->linear_backward_weights(on, with_bias, o.write(gradients));
  }

  bool stack_writes_units(int hidden) const override { return backend_->stack_writes_units(hidden); }
  void stack_forward(const meg::Stack& stack, meg::ConstView parameters, const meg::StackTape& tape) override {
    Operands o(*this);
    backend_->stack_forward(stack, o.read(parameters), on_device(o, tape));
  }
  void stack_backward(const meg::Stack& stack, meg::ConstView parameters, const meg::StackTape& tape,
                      meg::View gradients) override {
    Operands o(*this);
    backend_->stack_backward(stack, o.read(parameters), on_device(o, tape), o.write(gradients));
  }

  void running_sum_forward(std::size_t begin, std::size_t end, meg::ConstView products, meg::ConstView bias,
                           const meg::Dropout& dropout, meg::View sum, meg::View y) override {
    Operands o(*this);
    backend_->running_sum_forward(begin, end, o.read(products), o.read(bias), dropout, o.write(sum), o.write(y));
  }
  void running_sum_backward(meg::ConstView dy, meg::View dproducts, meg::View dbias) override {
    Operands o(*this);
    const meg::View out = o.write(dproducts);
    backend_->running_sum_backward(o.read(dy), out, o.write(dbias));
  }

  void sum_of_others_forward(std::size_t begin, std::size_t end, meg::ConstView sum, meg::ConstView products,
                             meg::ConstView bias, const meg::Dropout& dropout, meg::View y) override {
    Operands o(*this);
    backend_->sum_of_others_forward(begin, end, o.read(sum), o.read(products), o.read(bias), dropout, o.write(y));
  }
  void sum_of_others_backward(meg::ConstView dy, meg::View dproducts, meg::View dbias) override {
    Operands o(*this);
    const meg::View out = o.write(dproducts);
    backend_->sum_of_others_backward(o.read(dy), out, o.write(dbias));
  }

  void activation_backward(meg::Activation activation, meg::ConstView y, meg::ConstView dy, meg::View dx) override {
    Operands o(*this);
    const meg::View out = o.write(dx);
    backend_->activation_backward(activation, o.read(y), o.read(dy), out);
  }
  void dropout(const meg::Dropout& dropout, meg::View x) override {
    Operands o(*this);
    backend_->dropout(dropout, o.write(x));
  }
  void add_scaled(float factor, meg::ConstView x, float scale, meg::View y) override {
    Operands o(*this);
    const meg::View out = o.write(y);
    backend_->add_scaled(factor, o.read(x), scale, out);
  }

  void fill_normal(std::uint64_t seed, meg::Stream stream, std::uint64_t first_row, meg::View out) override {
    Operands o(*this);
    backend_->fill_normal(seed, stream, first_row, o.write(out));
  }
  void shuffle_rows(std::uint64_t seed, std::uint64_t epoch, meg::RowList rows, meg::IndexView out) override {
    Operands o(*this);
    backend_->shuffle_rows(seed, epoch, {o.read(rows.numbers, rows.count), rows.count}, o.write(out));
  }
  void draw_rows(std::uint64_t seed, meg::Stream stream, std::uint64_t number, meg::RowList from,
                 meg::IndexView out) override {
    Operands o(*this);
    backend_->draw_rows(seed, stream, number, {o.read(from.numbers, from.count), from.count}, o.write(out));
  }
  void gather_rows(meg::ConstView table, meg::ConstIndexView index, meg::View out) override {
    Operands o(*this);
    backend_->gather_rows(o.read(table), o.read(index), o.write(out));
  }

  void bce_with_logits(std::size_t real, meg::ConstView logit, float* loss, meg::View dlogit) override {
    Operands o(*this);
    backend_->bce_with_logits(real, o.read(logit), o.write(loss, 1), o.write(dlogit));
  }
  void add_square_sum(float factor, meg::ConstView x, float* sum) override {
    Operands o(*this);
    backend_->add_square_sum(factor, o.read(x), o.write(sum, 1));
  }
  void add_sum(float factor, meg::ConstView x, float* sum) override {
    Operands o(*this);
    backend_->add_sum(factor, o.read(x), o.write(sum, 1));
  }

  /// Of operands that lie on the device.
  void decode(std::span<const meg::NumberColumn> numbers, meg::ConstView cells, meg::IndexView code,
              meg::BasicView<double> number) override {
    backend_->decode(numbers, cells, code, number);
  }
  void unscale(std::span<const meg::PlacedColumn> columns, meg::ConstView x, meg::BasicView<double> number) override {
    backend_->unscale(columns, x, number);
  }

  void features(const meg::ColumnsLayout& layout, int begin, int end, meg::ConstView cells, meg::ConstView parameters,
                meg::View x) override {
    Operands o(*this);
    backend_->features(layout, begin, end, o.read(cells), o.read(parameters), o.write(x));
  }
  void hide_columns(std::uint64_t seed, std::uint64_t first_row, meg::View x) override {
    Operands o(*this);
    backend_->hide_columns(seed, first_row, o.write(x));
  }
  void features_backward(const meg::ColumnsLayout& layout, int end, meg::ConstView cells, meg::ConstView dx,
                         meg::View gradients) override {
    Operands o(*this);
    backend_->features_backward(layout, end, o.read(cells), o.read(dx), o.write(gradients));
  }
  void view_rows(const meg::ColumnsLayout& layout, meg::ConstView cells, meg::View view) override {
    Operands o(*this);
    backend_->view_rows(layout, o.read(cells), o.write(view));
  }

  void heads_loss(const meg::ColumnsLayout& layout, meg::ConstView heads, meg::ConstView cells, float factor,
                  meg::View loss, meg::View dheads) override {
    Operands o(*this);
    backend_->heads_loss(layout, o.read(heads), o.read(cells), factor, o.write(loss), o.write(dheads));
  }
  void sample_column(const meg::ColumnsLayout& layout, int column, meg::ConstView heads, meg::ConstView constants,
                     const meg::Draw& draw, meg::View cells, meg::View view, const meg::Allowed& allowed) override {
    Operands o(*this);
    const meg::RowsToDraw to = on_device(o, {draw, constants, cells, view, allowed});
    backend_->sample_column(layout, column, o.read(heads), to.constants, draw, to.cells, to.view, to.first);
  }
  /// With a tape that lies on the device.
  void draw_columns(const meg::ColumnsLayout& layout, int begin, const meg::Stack& stack, meg::ConstView parameters,
                    const meg::StackTape& tape, const meg::RowsToDraw& to) override {
    Operands o(*this);
    backend_->draw_columns(layout, begin, stack, o.read(parameters), tape, on_device(o, to));
  }
  void sample_backward(const meg::ColumnsLayout& layout, meg::ConstView heads, meg::ConstView cells,
                       const meg::Draw& draw, meg::ConstView dview, meg::View dheads) override {
    Operands o(*this);
    backend_->sample_backward(layout, o.read(heads), o.read(cells), draw, o.read(dview), o.write(dheads));
  }

  bool plays(const meg::Game& game, int rows) const override { return backend_->plays(game, rows); }
  void play(const meg::Game& game, std::span<const meg::GameStep> steps, meg::ConstIndexView order,
            meg::View losses) override {
    Operands o(*this);
    meg::Game on = game;
    for (meg::Player* player : {&on.generators, &on.discriminator}) {
      for (meg::View* part :
           {&player->state.parameter, &player->state.first, &player->state.second, &player->state.average})
        *part = o.write(*part);
    }
    on.table = o.read(game.table);
    backend_->play(on, steps, o.read(order), o.write(losses));
  }

  void adam(int step, const meg::AdamOptions& options, const meg::AdamState& state) override {
    Operands o(*this);
    backend_->adam(step, options,
                   {.gradient = o.write(state.gradient),
                    .parameter = o.write(state.parameter),
                    .first = o.write(state.first),
                    .second = o.write(state.second),
                    .average = o.write(state.average),
                    .square_norm = o.read(state.square_norm)});
  }

 private:
  bool is_on_device(const float* p) const {
    return std::any_of(blocks_.begin(), blocks_.end(),
                       [&](const auto& block) { return p >= block.data() && p < block.data() + block.size(); });
  }

  /// The copies of one operation; two names of the same operand share one.
  class Operands {
   public:
    explicit Operands(OnDevice& on) : on_(on) {}
    ~Operands() noexcept(false) {
      if (std::uncaught_exceptions() > 0) return;  // the operation failed
      for (const Copy& copy : copies_)
        if (copy.to) on_.backend_->download(copy.memory, std::span(copy.to, copy.count));
    }
    const float* read(const float* p, std::size_t count) { return find(p, count).first; }
    /// Of views without gaps.
    template <class T>
    meg::BasicView<const T> read(meg::BasicView<const T> x) {
      return {read(x.data(), x.size()), x.rows(), x.columns(), on_.device()};
    }
    template <class T>
    meg::BasicView<T> write(meg::BasicView<T> x) {
      return {write(x.data(), x.size()), x.rows(), x.columns(), on_.device()};
    }
    /// Row numbers; memory is of floats.
    const std::uint32_t* read(const std::uint32_t* p, std::size_t count) {
      return reinterpret_cast<const std::uint32_t*>(read(reinterpret_cast<const float*>(p), count));
    }
    std::uint32_t* write(std::uint32_t* p, std::size_t count) {
      return reinterpret_cast<std::uint32_t*>(write(reinterpret_cast<float*>(p), count));
    }
    float* write(float* p, std::size_t count) {
      const auto [data, copy] = find(p, count);
      if (copy) copy->to = p;
      return data;
    }

   private:
    struct Copy {
      const float* from;
      std::size_t count;
      meg::Memory memory;
      float* to = nullptr;
    };
    std::pair<float*, Copy*> find(const float* p, std::size_t count) {
      if (!p || count == 0 || on_.is_on_device(p)) return {const_cast<float*>(p), nullptr};
      for (Copy& copy : copies_)
        if (copy.from == p && count <= copy.count) return {copy.memory.data(), &copy};
      Copy& copy = copies_.emplace_back(Copy{p, count, on_.backend_->allocate(count)});
      on_.backend_->upload(std::span(p, count), copy.memory);
      return {copy.memory.data(), &copy};
    }

    OnDevice& on_;
    std::deque<Copy> copies_;
  };

  static meg::RowsToDraw on_device(Operands& o, meg::RowsToDraw to) {
    to.constants = o.read(to.constants), to.cells = o.write(to.cells), to.view = o.write(to.view);
    to.first.codes = o.read(to.first.codes), to.first.log_mass = o.write(to.first.log_mass);
    return to;
  }
  static meg::StackTape on_device(Operands& o, const meg::StackTape& t) {
    return {o.write(t.x),      o.write(t.a0), o.write(t.a1),  o.write(t.h),  o.write(t.heads),
            o.write(t.dheads), o.write(t.dh), o.write(t.da1), o.write(t.da0)};
  }

  std::unique_ptr<meg::Backend> backend_;
  int pass_rows_;
  std::vector<std::span<const float>> blocks_;
};

}  // namespace test
