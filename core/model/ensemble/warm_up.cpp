#include "core/model/ensemble/warm_up.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/fail.h"

namespace meg {

namespace {

std::size_t arena_floats(const MaskedEnsemble& ensemble, int batch) {
  const ColumnsLayout& layout = ensemble.layout();
  return ensemble.tape_floats(batch, MaskedEnsemble::Passes::kBackward) +
         Arena::padded(elements(batch, layout.cell_stride())) + Arena::padded(elements(batch, layout.size())) +
         2 * Arena::padded(1);
}

}  // namespace

WarmUp::WarmUp(Backend& backend, const MaskedEnsemble& ensemble, const TrainingRows& rows, const WarmUpOptions& options,
               std::span<const float> parameters)
    : backend_(backend),
      ensemble_(ensemble),
      rows_(rows),
      options_(options),
      parameters_(backend, ensemble.parameters(), true),
      best_(backend.allocate(ensemble.parameters())),
      arena_(backend.allocate(arena_floats(ensemble, options.batch_size))),
      tape_(ensemble.make_tape(arena_, options.batch_size, MaskedEnsemble::Passes::kBackward)),
      cells_(arena_.take(static_cast<std::size_t>(options.batch_size), ensemble.layout().cell_stride())),
      losses_(arena_.take(static_cast<std::size_t>(options.batch_size), ensemble.layout().size())),
      sum_(arena_.take(1, 1)),
      square_norm_(arena_.take(1, 1)),
      order_(backend, rows.train.size()),
      stopping_({.epochs = options.epochs,
                 .decay_share = options.fall_share,
                 .least_improvement = options.worthwhile * static_cast<float>(steps_per_epoch()),
                 .patience = options.patience,
                 .least_gain = options.least_gain}) {
  for (const View to : {parameters_.parameters(), parameters_.average(), View(best_)}) backend.upload(parameters, to);
  tape_.seed = options_.seed;
  if (options_.epochs == 0) finish();
}

int WarmUp::steps_per_epoch() const {
  return static_cast<int>((rows_.train.size() - 1) / static_cast<std::size_t>(options_.batch_size)) + 1;
}

OneCycle WarmUp::cycle() const {
  const EarlyStopping::State& state = stopping_.state();
  return one_cycle(static_cast<double>(options_.rate), steps_per_epoch(),
                   {.most = options_.epochs, .decay = state.decay_epoch, .last = state.last_epoch});
}

bool WarmUp::step() {
  const int steps = steps_per_epoch();
  if (epoch_step_ == 0) {
    shuffle();
    backend_.fill(0.0f, sum_);
  }
  // As even as can be: a last batch of three rows would be a step in a random direction.
  const auto row = [&](int end) {
    return order_.size() * static_cast<std::size_t>(end) / static_cast<std::size_t>(steps);
  };
  const std::size_t first = row(epoch_step_);
  const std::size_t count = row(epoch_step_ + 1) - first;
  const int batch = static_cast<int>(count);
  const View cells = cells_.row_range(0, count), losses = losses_.row_range(0, count);
  backend_.begin_step();
  backend_.gather_rows(rows_.cells, order_.view().column_range(first, count), cells);
  tape_.dropout = ensemble_.shape().dropout;
  tape_.step = static_cast<std::uint64_t>(step_);
  if (ensemble_.shape().any_order)
    tape_.hidden_from = batch - MaskedEnsemble::hiding_rows(options_.hidden_share, batch);
  ensemble_.forward(backend_, cells, parameters_.parameters(), tape_);
  const MaskedEnsemble::Tape part = MaskedEnsemble::row_range(tape_, 0, batch);
  backend_.heads_loss(ensemble_.layout(), part.heads, cells, 1.0f / static_cast<float>(batch), losses, part.dheads);
  backend_.add_sum(1.0f, losses, sum_.data());
  ensemble_.backward(backend_, batch, cells, parameters_.parameters(), tape_, parameters_.gradients());
  const OneCycle schedule = cycle();
  ++step_;
  const auto t = static_cast<float>(step_);
  parameters_.step(backend_, step_,
                   {.rate = static_cast<float>(schedule.rate(step_ - 1)),
                    .beta1 = static_cast<float>(schedule.beta1(step_ - 1)),
                    .beta2 = 0.99f,
                    .weight_decay = options_.weight_decay,
                    .clip = options_.clip,
                    .average_decay = std::min(options_.average_decay, (1.0f + t) / (10.0f + t))},
                   square_norm_);
  backend_.end_step();
  if (++epoch_step_ < steps) return false;
  end_epoch();
  return true;
}

void WarmUp::shuffle() {
  backend_.shuffle_rows(options_.seed, static_cast<std::uint64_t>(epoch_), rows_.train, order_.view());
}

void WarmUp::end_epoch() {
  backend_.download(sum_, {&train_loss_, 1});
  train_loss_ /= static_cast<float>(order_.size());
  epoch_step_ = 0;
  ++epoch_;
  if (!std::isfinite(train_loss_))
    fail(ErrorCode::kDiverged, "the loss is not finite in epoch {} of the warm-up: lower the learning rate", epoch_);
  std::vector<float> losses = held_out_losses(MaskedEnsemble::Tape::kNowhere);
  held_out_loss_ = mean_loss(losses);
  if (ensemble_.shape().any_order) {
    const std::vector<float> hidden = held_out_losses(0);
    for (std::size_t i = 0; i < losses.size(); ++i) losses[i] += options_.hidden_share * (hidden[i] - losses[i]);
  }
  if (stopping_.end_epoch(epoch_, std::move(losses))) backend_.add_scaled(1.0f, parameters_.average(), 0.0f, best_);
  if (epoch_ >= stopping_.state().last_epoch) finish();
}

std::vector<float> WarmUp::held_out_losses(int hidden_from) {
  if (rows_.held_out.empty()) return {train_loss_};
  tape_.dropout = 0, tape_.step = 0, tape_.hidden_from = hidden_from;  // the same columns hidden after every epoch
  return row_losses(backend_, ensemble_, rows_.cells, rows_.held_out, parameters_.average(), tape_, cells_, losses_);
}

void WarmUp::finish() {
  done_ = true;
  parameters_ = TrainedParameters();
  order_ = {};
  arena_ = Arena(Memory());
  tape_ = {};
  cells_ = losses_ = sum_ = square_norm_ = View();
}

void WarmUp::save(TensorFile& file) const {
  const std::string when = fmt::format("after epoch {} of the warm-up", epoch_);
  save_vector(backend_, "warm_up.best", when, best_, file);
  const EarlyStopping::State& state = stopping_.state();
  float epoch_loss = 0;
  if (!done_) {
    parameters_.save(backend_, "warm_up", when, file);
    file.tensors["warm_up.best_losses"] = state.best_losses;
    backend_.download(sum_, {&epoch_loss, 1});
  }
  const nlohmann::json counters{{"epoch", epoch_},
                                {"epoch_step", epoch_step_},
                                {"step", step_},
                                {"turn_epoch", state.decay_epoch},
                                {"last_epoch", state.last_epoch},
                                {"slow_epochs", state.slow_epochs},
                                {"best_loss", state.best_loss},
                                {"done", done_},
                                {"epoch_loss", epoch_loss},
                                {"train_loss", train_loss_},
                                {"held_out_loss", held_out_loss_}};
  file.metadata["warm_up"] = counters.dump();
}

void WarmUp::load(const TensorFile& file) {
  load_vector(backend_, "warm_up.best", best_, file);
  const auto in = nlohmann::json::parse(file.metadata.at("warm_up"));
  epoch_ = in.at("epoch"), epoch_step_ = in.at("epoch_step"), step_ = in.at("step");
  EarlyStopping::State state;
  state.decay_epoch = in.at("turn_epoch");
  state.last_epoch = in.at("last_epoch");
  state.slow_epochs = in.at("slow_epochs");
  // JSON has no infinity: until an epoch has ended the best loss is one.
  if (!in.at("best_loss").is_null()) state.best_loss = in.at("best_loss");
  if (const auto losses = file.tensors.find("warm_up.best_losses"); losses != file.tensors.end())
    state.best_losses = losses->second;
  stopping_.set_state(std::move(state));
  train_loss_ = in.at("train_loss"), held_out_loss_ = in.at("held_out_loss");
  if (in.at("done")) return finish();
  parameters_.load(backend_, "warm_up", file);
  const float epoch_loss = in.at("epoch_loss");
  backend_.upload({&epoch_loss, 1}, sum_);
  if (epoch_step_ > 0) shuffle();
}

}  // namespace meg
