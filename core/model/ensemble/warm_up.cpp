#include "core/model/ensemble/warm_up.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

namespace meg {

namespace {

std::size_t arena_floats(const MaskedEnsemble& ensemble, int batch) {
  const ColumnsLayout& layout = ensemble.layout();
  return ensemble.tape_floats(batch, MaskedEnsemble::Passes::kBackward) +
         Arena::padded(product(batch, layout.cell_stride())) + Arena::padded(product(batch, layout.size())) +
         Arena::padded(2);
}

/// Steps in which the rate rises.
constexpr std::int64_t kRiseSteps = 60;

/// Standard error of the mean difference of two losses of the same rows; 0 where these are fewer than two.
float error_of_difference(std::span<const float> a, std::span<const float> b) {
  const std::size_t rows = std::min(a.size(), b.size());
  if (rows < 2) return 0;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference, squares += difference * difference;
  }
  const auto n = static_cast<double>(rows);
  return static_cast<float>(std::sqrt(std::max(0.0, squares - sum * sum / n) / (n - 1) / n));
}

/// Length of the fall behind `epochs` epochs.
int fall_epochs(int epochs, double share) { return std::max(1, static_cast<int>(std::lround(share * epochs))); }

/// The last epoch behind which the fall ends in time.
int latest_turn(int epochs, double share) {
  int turn = epochs;
  while (turn > 0 && turn + fall_epochs(turn, share) > epochs) --turn;
  return turn;
}

}  // namespace

std::vector<float> row_losses(Backend& backend, const MaskedEnsemble& ensemble, const float* table,
                              const RowNumbers& rows, int batch, const float* parameters, MaskedEnsemble::Tape& tape,
                              float* cells, float* losses) {
  const ColumnsLayout& layout = ensemble.layout();
  const auto columns = static_cast<std::ptrdiff_t>(layout.size());
  std::vector<float> out, cell_losses;
  out.reserve(rows.size());
  for (std::size_t first = 0; first < rows.size(); first += static_cast<std::size_t>(batch)) {
    const int count = static_cast<int>(std::min(rows.size() - first, static_cast<std::size_t>(batch)));
    backend.gather_rows(table, rows.data() + first, count, static_cast<int>(layout.cell_stride()), cells);
    ensemble.forward(backend, count, cells, parameters, tape);
    backend.heads_loss(layout, count, tape.heads, cells, 0.0f, losses, nullptr);
    cell_losses.resize(product(count, layout.size()));
    backend.download(losses, cell_losses);
    for (auto row = cell_losses.cbegin(); row != cell_losses.cend(); row += columns)
      out.push_back(std::accumulate(row, row + columns, 0.0f));
  }
  return out;
}

float mean(std::span<const float> x) {
  return static_cast<float>(std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size()));
}

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
      cells_(arena_.take(product(options.batch_size, ensemble.layout().cell_stride()))),
      losses_(arena_.take(product(options.batch_size, ensemble.layout().size()))),
      sum_(arena_.take(2)),
      order_(backend, rows.train.size()),
      turn_epoch_(latest_turn(options.epochs, options.fall_share)),
      last_epoch_(options.epochs),
      best_loss_(std::numeric_limits<float>::infinity()) {
  for (float* to : {parameters_.parameters(), parameters_.average(), best_.data()}) backend.upload(parameters, to);
  tape_.seed = options_.seed;
  if (options_.epochs == 0) finish();
}

int WarmUp::steps_per_epoch() const {
  return static_cast<int>((rows_.train.size() - 1) / static_cast<std::size_t>(options_.batch_size)) + 1;
}

Cycle WarmUp::cycle() const {
  const std::int64_t steps = steps_per_epoch();
  return {static_cast<double>(options_.rate), std::min(kRiseSteps, steps * options_.epochs / 10), turn_epoch_ * steps,
          std::max(last_epoch_, turn_epoch_ + 1) * steps};
}

void WarmUp::turn_where_due(float improvement) {
  slow_epochs_ = improvement < options_.worthwhile * static_cast<float>(steps_per_epoch()) ? slow_epochs_ + 1 : 0;
  if (epoch_ >= turn_epoch_ || slow_epochs_ < options_.patience) return;
  turn_epoch_ = epoch_;
  last_epoch_ = std::min(options_.epochs, epoch_ + fall_epochs(epoch_, options_.fall_share));
}

bool WarmUp::step() {
  const int steps = steps_per_epoch();
  if (epoch_step_ == 0) {
    shuffle();
    backend_.fill(1, 0.0f, sum_);
  }
  // As even as can be: a last batch of three rows would be a step in a random direction.
  const auto row = [&](int end) {
    return order_.size() * static_cast<std::size_t>(end) / static_cast<std::size_t>(steps);
  };
  const std::size_t first = row(epoch_step_);
  const int batch = static_cast<int>(row(epoch_step_ + 1) - first);
  const ColumnsLayout& layout = ensemble_.layout();
  backend_.begin_step();
  backend_.gather_rows(rows_.cells, order_.data() + first, batch, static_cast<int>(layout.cell_stride()), cells_);
  tape_.dropout = ensemble_.shape().dropout;
  tape_.step = static_cast<std::uint64_t>(step_);
  if (ensemble_.shape().any_order) tape_.hidden_from = batch - share_of(options_.hidden_share, batch);
  ensemble_.forward(backend_, batch, cells_, parameters_.parameters(), tape_);
  backend_.heads_loss(layout, batch, tape_.heads, cells_, 1.0f / static_cast<float>(batch), losses_, tape_.dheads);
  backend_.add_sum(product(batch, layout.size()), 1.0f, losses_, sum_);
  ensemble_.backward(backend_, batch, batch, cells_, parameters_.parameters(), tape_, parameters_.gradients());
  const Cycle schedule = cycle();
  ++step_;
  const auto t = static_cast<float>(step_);
  parameters_.step(backend_, step_,
                   {.rate = static_cast<float>(schedule.rate(step_ - 1)),
                    .beta1 = static_cast<float>(schedule.beta1(step_ - 1)),
                    .beta2 = 0.99f,
                    .weight_decay = options_.weight_decay,
                    .clip = options_.clip,
                    .average_decay = std::min(options_.average_decay, (1.0f + t) / (10.0f + t))},
                   sum_ + 1);
  backend_.end_step();
  if (++epoch_step_ < steps) return false;
  end_epoch();
  return true;
}

void WarmUp::shuffle() {
  backend_.shuffle_rows(options_.seed, static_cast<std::uint64_t>(epoch_), rows_.train, order_.data());
}

void WarmUp::end_epoch() {
  backend_.download(sum_, {&train_loss_, 1});
  train_loss_ /= static_cast<float>(order_.size());
  epoch_step_ = 0;
  ++epoch_;
  if (!std::isfinite(train_loss_))
    fail("the loss is not finite in epoch {} of the warm-up: lower the learning rate", epoch_);
  std::vector<float> losses = held_out_losses(MaskedEnsemble::Tape::kNowhere);
  held_out_loss_ = mean(losses);
  if (ensemble_.shape().any_order) {
    const std::vector<float> hidden = held_out_losses(0);
    for (std::size_t i = 0; i < losses.size(); ++i) losses[i] += options_.hidden_share * (hidden[i] - losses[i]);
  }
  const float judged = mean(losses), improvement = best_loss_ - judged;
  if (improvement > options_.least_gain * error_of_difference(losses, best_losses_)) {
    best_loss_ = judged, best_losses_ = std::move(losses);
    backend_.add_scaled(ensemble_.parameters(), 1.0f, parameters_.average(), 0.0f, best_.data());
  }
  turn_where_due(improvement);
  if (epoch_ >= last_epoch_) finish();
}

std::vector<float> WarmUp::held_out_losses(int hidden_from) {
  if (rows_.held_out.empty()) return {train_loss_};
  tape_.dropout = 0, tape_.step = 0, tape_.hidden_from = hidden_from;  // the same columns hidden after every epoch
  return row_losses(backend_, ensemble_, rows_.cells, rows_.held_out, options_.batch_size, parameters_.average(), tape_,
                    cells_, losses_);
}

void WarmUp::finish() {
  done_ = true;
  parameters_ = TrainedParameters();
  order_ = {};
  arena_ = Arena(Memory());
  tape_ = {};
  cells_ = losses_ = sum_ = nullptr;
}

void WarmUp::save(TensorFile& file) const {
  const std::string when = fmt::format("after epoch {} of the warm-up", epoch_);
  save_vector(backend_, "warm_up.best", when, ensemble_.parameters(), best_.data(), file);
  float epoch_loss = 0;
  if (!done_) {
    parameters_.save(backend_, "warm_up", when, file);
    file.tensors["warm_up.best_losses"] = best_losses_;
    backend_.download(sum_, {&epoch_loss, 1});
  }
  file.metadata["warm_up"] = nlohmann::json{
      {"epoch", epoch_},
      {"epoch_step", epoch_step_},
      {"step", step_},

      {"turn_epoch", turn_epoch_},
      {"last_epoch", last_epoch_},
      {"slow_epochs", slow_epochs_},
      {"best_loss", best_loss_},
      {"done", done_},
      {"epoch_loss", epoch_loss},
      {"train_loss", train_loss_},
      {"held_out_loss",
       held_out_loss_}}.dump();
}

void WarmUp::load(const TensorFile& file) {
  load_vector(backend_, "warm_up.best", ensemble_.parameters(), best_.data(), file);
  const auto in = nlohmann::json::parse(file.metadata.at("warm_up"));
  epoch_ = in.at("epoch"), epoch_step_ = in.at("epoch_step"), step_ = in.at("step");
  turn_epoch_ = in.at("turn_epoch"), last_epoch_ = in.at("last_epoch"), slow_epochs_ = in.at("slow_epochs");
  // JSON has no infinity: no epoch has ended yet.
  best_loss_ = in.at("best_loss").is_null() ? std::numeric_limits<float>::infinity() : in.at("best_loss").get<float>();
  train_loss_ = in.at("train_loss"), held_out_loss_ = in.at("held_out_loss");
  if (in.at("done")) return finish();
  parameters_.load(backend_, "warm_up", file);
  if (const auto losses = file.tensors.find("warm_up.best_losses"); losses != file.tensors.end())
    best_losses_ = losses->second;
  const float epoch_loss = in.at("epoch_loss");
  backend_.upload({&epoch_loss, 1}, sum_);
  if (epoch_step_ > 0) shuffle();
}

}  // namespace meg
