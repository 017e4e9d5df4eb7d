#include "core/model/classic/classic.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/fail.h"
#include "core/nn/row_numbers.h"

namespace meg {

namespace {

/// Of all generators: on the same noise Linear -> ReLU -> dropout -> ... -> Linear -> Tanh, one group each.
Network generator_network(int columns, const ClassicOptions& options) {
  std::vector<int> outputs = options.generator_columns;
  if (outputs.empty()) outputs.assign(static_cast<std::size_t>(columns), 1);
  if (std::accumulate(outputs.begin(), outputs.end(), 0) != columns)
    fail("the generators write {} columns, but the table has {}", std::accumulate(outputs.begin(), outputs.end(), 0),
         columns);
  for (const int width : outputs)
    if (width < 1) fail("every generator must write at least one column");
  std::vector<layers::Layer> layers;
  for (const int units : options.hidden) {
    layers.push_back(layers::Linear{.outputs = std::vector<int>(outputs.size(), units)});
    layers.push_back(layers::Relu());
    layers.push_back(layers::Dropout{options.dropout});
  }
  layers.push_back(layers::Linear{.outputs = outputs});
  layers.push_back(layers::Tanh());
  return Network(options.input_dim, std::move(layers));
}

AdamOptions adam_options(const ClassicOptions& o) {
  return {.rate = o.learning_rate, .beta1 = o.beta1, .beta2 = o.beta2, .l2 = o.l2};
}

DiscriminatorOptions discriminator_options(const ClassicOptions& o) {
  return {.hidden = o.hidden, .dropout = o.dropout, .gamma = o.gamma, .adam = adam_options(o), .seed = o.seed * 2 + 1};
}

ClassicOptions checked(ClassicOptions o) {
  if (o.input_dim < 1) fail("the noise needs at least one dimension, got {}", o.input_dim);
  for (const int width : o.hidden)
    if (width < 1) fail("a hidden layer needs at least one unit, got {}", width);
  if (o.batch_size < 1) fail("the batch size must be at least 1, got {}", o.batch_size);
  if (!(o.learning_rate > 0)) fail("the learning rate must be positive, got {}", o.learning_rate);
  if (!(o.beta1 >= 0 && o.beta1 < 1 && o.beta2 >= 0 && o.beta2 < 1)) fail("Adam's betas must be in [0, 1)");
  if (!(o.gamma >= 0)) fail("gamma must not be negative, got {}", o.gamma);
  if (!(o.dropout >= 0 && o.dropout < 1)) fail("dropout must be in [0, 1), got {}", o.dropout);
  if (!(o.ema >= 0 && o.ema < 1)) fail("the decay of the average must be in [0, 1), got {}", o.ema);
  if (o.steps_at_once < 0) fail("steps at once cannot be {}", o.steps_at_once);
  if (!(o.l2 >= 0)) fail("l2 must not be negative, got {}", o.l2);
  return o;
}

}  // namespace

/// Everything a step needs, taken from the backend once.
struct ClassicEnsemble::Step {
  Step(const ClassicEnsemble& e, int batch, int steps)
      : arena(e.backend_.allocate(floats(e, batch, steps))),
        tape(e.generator_.make_tape(arena, 2 * batch)),
        scratch(e.generator_.make_tape(arena, batch)),
        noise(take(2 * batch, e.options_.input_dim)),
        rows(take(2 * batch, e.columns())),
        gradient(take(batch, e.columns())),
        losses(take(steps, 2)) {
    tape.training = true;
    tape.seed = e.options_.seed;
    at_once.reserve(static_cast<std::size_t>(e.options_.steps_at_once));
  }
  View take(int rows, int columns) {
    return arena.take(static_cast<std::size_t>(rows), static_cast<std::size_t>(columns));
  }
  static std::size_t floats(const ClassicEnsemble& e, int batch, int steps) {
    return e.generator_.tape_floats(2 * batch) + e.generator_.tape_floats(batch) +
           Arena::padded(elements(2 * batch, e.options_.input_dim)) + Arena::padded(elements(2 * batch, e.columns())) +
           Arena::padded(elements(batch, e.columns())) + Arena::padded(elements(steps, 2));
  }

  Arena arena;
  Network::Tape tape, scratch;  // of the generators
  View noise;
  View rows;  // the discriminator's, real ones and behind them generated ones
  View gradient;
  View losses;                    // [steps of an epoch, 2]: what they were, on the device
  std::vector<GameStep> at_once;  // the steps of one launch
};

ClassicEnsemble::ClassicEnsemble(Backend& backend, int columns, ClassicOptions options)
    : backend_(backend),
      options_(checked(std::move(options))),
      generator_(generator_network(columns, options_)),
      generators_(backend, generator_, options_.seed * 2, options_.ema > 0),
      discriminator_(backend, columns, 1, discriminator_options(options_)) {}

void ClassicEnsemble::train_step(Step& s, int count) {
  const auto rows = static_cast<std::size_t>(count);
  const View noise = s.noise.row_range(0, 2 * rows), gradient = s.gradient.row_range(0, rows);
  // Two batches in one pass, for the generators stand still until both are used: theirs, then the discriminator's.
  backend_.fill_normal(options_.seed, Stream::kNoise, noise_row_, noise);
  noise_row_ += 2 * static_cast<std::uint64_t>(count);
  s.tape.step = noise_row_;  // dropout masks of its own for every batch
  const ConstView generated = generator_.forward(backend_, noise, generators_.parameters(), s.tape);
  const View losses = s.losses.row_range(static_cast<std::size_t>(epoch_step_), 1);
  backend_.add_scaled(1.0f, generated.row_range(rows, rows), 0.0f, s.rows.row_range(rows, rows));
  discriminator_.train(s.rows.row_range(0, 2 * rows), &losses(0, 0));
  discriminator_.row_gradients(generated.row_range(0, rows), &losses(0, 1), gradient);
  generator_.backward(backend_, noise.row_range(0, rows), generators_.parameters(), s.tape, gradient, s.scratch,
                      generators_.gradients(), {});
  AdamOptions adam = adam_options(options_);
  adam.average_decay = average_decay(step_);
  generators_.step(backend_, step_, adam);
}

float ClassicEnsemble::average_decay(int step) const {
  // Ramped, so that the start is soon forgotten; the first step's parameters are the first average.
  const auto t = static_cast<float>(step);
  return std::min(options_.ema, (t - 1.0f) / (t + 9.0f));
}

Game ClassicEnsemble::game(ConstView table) const {
  const auto player = [&](const Network& network, const TrainedParameters& parameters) {
    return Player{.first = network.stages().front().linear,
                  .last = network.stages().back().linear,
                  .adam = adam_options(options_),
                  .state = parameters.state()};
  };
  return {.generators = player(generator_, generators_),
          .discriminator = player(discriminator_.network(), discriminator_.parameters()),
          .gamma = options_.gamma,
          .seed = options_.seed,
          .table = table};
}

void ClassicEnsemble::train(std::span<const float> data, int rows, int last_epoch,
                            const std::function<void(const Epoch&)>& on_epoch,
                            const std::function<bool()>& keep_going) {
  if (rows < 1 || data.size() != elements(rows, columns()))
    fail("training needs [rows, {}] values, got {} values for {} rows", columns(), data.size(), rows);
  const Memory memory = backend_.allocate(data.size());
  const View table = memory.view(static_cast<std::size_t>(rows), static_cast<std::size_t>(columns()));
  backend_.upload(data, table);
  // As even as can be: a last batch of three rows would be a step in a random direction.
  const int steps = (rows - 1) / options_.batch_size + 1;
  const auto first_row = [&](int s) { return static_cast<int>(static_cast<std::int64_t>(rows) * s / steps); };
  Step step(*this, std::min(options_.batch_size, rows), steps);
  discriminator_.make_room(std::min(options_.batch_size, rows));
  const RowNumbers order(backend_, static_cast<std::size_t>(rows));
  const Game whole_game = game(table);
  const bool plays = options_.steps_at_once > 0 && options_.hidden.size() == 1 && options_.dropout == 0 &&
                     backend_.plays(whole_game, std::min(options_.batch_size, rows));
  std::vector<float> losses(elements(steps, 2));
  while (epoch_ < last_epoch) {
    backend_.shuffle_rows(options_.seed, static_cast<std::uint64_t>(epoch_), {nullptr, order.size()}, order.view());
    backend_.fill(0.0f, step.losses);
    const int begin = epoch_step_;
    const auto add_losses = [&] {
      backend_.download(step.losses, losses);
      for (int s = begin; s < epoch_step_; ++s) {
        const int batch = first_row(s + 1) - first_row(s);
        discriminator_loss_ += static_cast<double>(losses[elements(s, 2)]) * batch;
        generator_loss_ += static_cast<double>(losses[elements(s, 2) + 1]) * batch;
      }
    };
    const auto take_step = [&] {
      const int first = first_row(epoch_step_), batch = first_row(epoch_step_ + 1) - first;
      const auto count = static_cast<std::size_t>(batch);
      ++step_;
      backend_.begin_step();
      backend_.gather_rows(table, order.view().column_range(static_cast<std::size_t>(first), count),
                           step.rows.row_range(0, count));
      train_step(step, batch);
      backend_.end_step();
      ++epoch_step_;
    };
    const auto take_steps_at_once = [&] {
      step.at_once.clear();
      const auto first_step = static_cast<std::size_t>(epoch_step_);
      for (int n = 0; n < options_.steps_at_once && epoch_step_ < steps; ++n, ++epoch_step_) {
        const int first = first_row(epoch_step_), batch = first_row(epoch_step_ + 1) - first;
        ++step_;
        step.at_once.push_back({.first = static_cast<std::uint32_t>(first),
                                .rows = static_cast<std::uint32_t>(batch),
                                .noise_row = noise_row_,
                                .number = step_,
                                .average_decay = average_decay(step_)});
        noise_row_ += 2 * static_cast<std::uint64_t>(batch);
      }
      backend_.play(whole_game, step.at_once, order.view(), step.losses.row_range(first_step, step.at_once.size()));
      discriminator_.set_steps_done(step_);
    };
    while (epoch_step_ < steps) {
      plays ? take_steps_at_once() : take_step();
      if (epoch_step_ < steps && keep_going && !keep_going()) return add_losses();
    }
    add_losses();
    const Epoch report{epoch_ + 1, static_cast<float>(discriminator_loss_ / rows),
                       static_cast<float>(generator_loss_ / rows)};
    if (!std::isfinite(report.discriminator + report.generator))
      fail(ErrorCode::kDiverged, "the losses are not finite in epoch {}: lower the learning rate", report.number);
    ++epoch_;
    epoch_step_ = 0;
    discriminator_loss_ = generator_loss_ = 0;
    if (on_epoch) on_epoch(report);
    if (keep_going && !keep_going()) return;
  }
}

double ClassicEnsemble::discriminator_auc(std::span<const float> data, int rows) {
  const auto real = static_cast<std::size_t>(rows), generated = std::max<std::size_t>(real, 1024),
             width = static_cast<std::size_t>(columns());
  const Memory memory = backend_.allocate((real + generated) * width);
  const View both = memory.view(real + generated, width), fake = both.row_range(real, generated);
  backend_.upload(data, both.row_range(0, real));
  Slot slot = make_slot(rows_of_pass(generated));
  const auto pass = static_cast<std::size_t>(slot.rows);
  for (std::size_t row = 0; row < generated; row += pass) {
    const ConstView made = generate(backend_, options_.seed, row, slot);
    const std::size_t count = std::min(pass, generated - row);
    backend_.add_scaled(1.0f, made.row_range(0, count), 0.0f, fake.row_range(row, count));
  }
  return meg::discriminator_auc(discriminator_, both.row_range(0, real), fake);
}

void ClassicEnsemble::save(TensorFile& file) const {
  const std::string when = fmt::format("after epoch {}", epoch_);
  generators_.save(backend_, "generator", when, file);
  discriminator_.parameters().save(backend_, "discriminator", when, file);
  const nlohmann::json counters{{"epoch", epoch_},
                                {"epoch_step", epoch_step_},
                                {"step", step_},
                                {"noise_row", noise_row_},
                                {"discriminator_loss", discriminator_loss_},
                                {"generator_loss", generator_loss_}};
  file.metadata["counters"] = counters.dump();
}

void ClassicEnsemble::load(const TensorFile& file) {
  generators_.load(backend_, "generator", file);
  discriminator_.parameters().load(backend_, "discriminator", file);
  const auto counters = nlohmann::json::parse(file.metadata.at("counters"));
  epoch_ = counters.at("epoch");
  epoch_step_ = counters.at("epoch_step");
  step_ = counters.at("step");
  discriminator_.set_steps_done(step_);
  noise_row_ = counters.at("noise_row");
  discriminator_loss_ = counters.at("discriminator_loss");
  generator_loss_ = counters.at("generator_loss");
}

void ClassicEnsemble::set_batch_size(int rows) {
  options_.batch_size = rows;
  options_ = checked(std::move(options_));
}

void ClassicEnsemble::restart() {
  generators_.forget(backend_);
  discriminator_.parameters().forget(backend_);
  discriminator_.set_steps_done(0);
  epoch_ = epoch_step_ = step_ = 0;
  discriminator_loss_ = generator_loss_ = 0;
}

std::size_t ClassicEnsemble::slot_floats(int rows) const {
  return generator_.tape_floats(rows) + Arena::padded(elements(rows, options_.input_dim));
}

int ClassicEnsemble::rows_of_pass(std::size_t wanted) const { return backend_.rows_of_pass(wanted, slot_floats(1)); }

ClassicEnsemble::Slot ClassicEnsemble::make_slot(int rows) const {
  Arena arena(backend_.allocate(slot_floats(rows)));
  Network::Tape tape = generator_.make_tape(arena, rows);
  const View noise = arena.take(static_cast<std::size_t>(rows), static_cast<std::size_t>(options_.input_dim));
  return {.rows = rows, .arena = std::move(arena), .tape = std::move(tape), .noise = noise};
}

ConstView ClassicEnsemble::generate(Backend& on, std::uint64_t seed, std::uint64_t first_row, Slot& slot) const {
  const ConstView parameters = options_.ema > 0 && step_ > 0 ? generators_.average() : generators_.parameters();
  on.fill_normal(seed, Stream::kSample, first_row, slot.noise);
  return generator_.forward(on, slot.noise, parameters, slot.tape);
}

}  // namespace meg
