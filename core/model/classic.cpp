#include "core/model/classic.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/measure/roc_auc.h"

namespace meg {

namespace {

constexpr int kGenerateRows = 1024;  // rows of one pass of generate()

GroupedMlp::Shape generator_shape(int columns, const ClassicOptions& options) {
  std::vector<int> outputs = options.generator_columns;
  if (outputs.empty()) outputs.assign(static_cast<std::size_t>(columns), 1);
  if (std::accumulate(outputs.begin(), outputs.end(), 0) != columns)
    fail("the generators write {} columns, but the table has {}", std::accumulate(outputs.begin(), outputs.end(), 0),
         columns);
  for (const int width : outputs)
    if (width < 1) fail("every generator must write at least one column");
  return {options.input_dim, options.hidden, outputs, Activation::kRelu, Activation::kTanh, options.dropout};
}

GroupedMlp::Shape discriminator_shape(int columns, const ClassicOptions& options) {
  return {columns, options.hidden, {1}, Activation::kRelu, Activation::kNone, options.dropout};
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
  if (!(o.l2 >= 0)) fail("l2 must not be negative, got {}", o.l2);
  return o;
}

}  // namespace

/// Four blocks of one allocation: parameters, gradients, first and second moments.
struct ClassicEnsemble::Network {
  Network(const GroupedMlp& mlp, const Memory& state) : count(mlp.parameters()), stride(Arena::padded(count)) {
    parameters = state.data();
    gradients = parameters + stride;
    first = gradients + stride;
    second = first + stride;
  }
  static std::size_t floats(const GroupedMlp& mlp) { return 4 * Arena::padded(mlp.parameters()); }

  void step(Backend& backend, int number, const ClassicOptions& o) {
    const AdamOptions adam{.rate = o.learning_rate, .beta1 = o.beta1, .beta2 = o.beta2, .l2 = o.l2};
    backend.adam(count, number, adam, {gradients, parameters, first, second});
  }

  using Part = std::pair<const char*, float*>;
  /// What a file keeps of it.
  std::array<Part, 3> parts() const {
    return {Part{"parameters", parameters}, {"first_moments", first}, {"second_moments", second}};
  }

  std::size_t count, stride;
  float *parameters, *gradients, *first, *second;
};

/// Everything a step needs, taken from the backend once.
struct ClassicEnsemble::Step {
  Step(const ClassicEnsemble& e, int batch)
      : generator(e.generator_, e.generator_state_),
        discriminator(e.discriminator_, e.discriminator_state_),
        arena(e.backend_.allocate(floats(e, batch))),
        generator_tape(e.generator_.make_tape(arena, batch)),
        generator_scratch(e.generator_.make_tape(arena, batch)),
        tape(e.discriminator_.make_tape(arena, batch)),
        deltas(e.discriminator_.make_tape(arena, batch)),
        tangents(e.discriminator_.make_tape(arena, batch)),
        noise(arena.take(size(batch, e.options_.input_dim))),
        real(arena.take(size(batch, e.columns()))),
        gradient(arena.take(size(batch, e.columns()))),
        dlogit(arena.take(size(batch, 1))),
        loss(arena.take(1)) {
    generator_tape.training = tape.training = true;
    generator_tape.seed = e.options_.seed;
    tape.seed = e.options_.seed + 1;
  }
  static std::size_t size(int rows, int columns) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  }
  static std::size_t floats(const ClassicEnsemble& e, int batch) {
    return 2 * e.generator_.tape_floats(batch) + 3 * e.discriminator_.tape_floats(batch) +
           Arena::padded(size(batch, e.options_.input_dim)) + 2 * Arena::padded(size(batch, e.columns())) +
           Arena::padded(size(batch, 1)) + Arena::padded(1);
  }

  Network generator, discriminator;
  Arena arena;
  GroupedMlp::Tape generator_tape, generator_scratch, tape, deltas, tangents;
  float *noise, *real, *gradient, *dlogit, *loss;
};

std::array<std::pair<const char*, ClassicEnsemble::Network>, 2> ClassicEnsemble::networks() const {
  return {std::pair{"generator", Network(generator_, generator_state_)},
          std::pair{"discriminator", Network(discriminator_, discriminator_state_)}};
}

ClassicEnsemble::ClassicEnsemble(Backend& backend, int columns, ClassicOptions options)
    : backend_(backend),
      options_(checked(std::move(options))),
      generator_(generator_shape(columns, options_)),
      discriminator_(discriminator_shape(columns, options_)),
      generator_state_(backend.allocate(Network::floats(generator_))),
      discriminator_state_(backend.allocate(Network::floats(discriminator_))),
      generator_average_(backend.allocate(options_.ema > 0 ? generator_.parameters() : 0)) {
  std::vector<float> start(generator_.parameters());
  generator_.initialize(options_.seed * 2, start);
  backend.upload(start, generator_state_.data());
  start.resize(discriminator_.parameters());
  discriminator_.initialize(options_.seed * 2 + 1, start);
  backend.upload(start, discriminator_state_.data());
}

const float* ClassicEnsemble::generated_rows(Step& s, int rows) {
  backend_.fill_normal(options_.seed, Stream::kNoise, noise_row_, rows, options_.input_dim, s.noise);
  noise_row_ += static_cast<std::uint64_t>(rows);
  s.generator_tape.step = noise_row_;  // dropout masks of its own for every batch
  return generator_.forward(backend_, rows, s.noise, s.generator.parameters, s.generator_tape);
}

float ClassicEnsemble::train_discriminator(Step& s, const float* real, int rows) {
  backend_.fill(1, 0.0f, s.loss);
  backend_.fill(s.discriminator.count, 0.0f, s.discriminator.gradients);
  const float* fake = generated_rows(s, rows);
  for (const bool is_real : {true, false}) {
    const float* x = is_real ? real : fake;
    s.tape.step = 3 * static_cast<std::uint64_t>(step_) + (is_real ? 0 : 1);
    const float* logit = discriminator_.forward(backend_, rows, x, s.discriminator.parameters, s.tape);
    backend_.bce_with_logits(rows, logit, is_real ? 1.0f : 0.0f, s.loss, s.dlogit);
    discriminator_.backward(backend_, rows, x, s.discriminator.parameters, s.tape, s.dlogit, s.deltas,
                            s.discriminator.gradients, nullptr);
    if (options_.gamma > 0)
      discriminator_.add_gradient_penalty(backend_, rows, s.discriminator.parameters, s.tape, options_.gamma / 2,
                                          s.deltas, s.tangents, s.gradient, s.loss, s.discriminator.gradients);
  }
  s.discriminator.step(backend_, step_, options_);
  float loss;
  backend_.download(s.loss, {&loss, 1});
  return loss;
}

float ClassicEnsemble::train_generators(Step& s, int rows) {
  backend_.fill(1, 0.0f, s.loss);
  backend_.fill(s.generator.count, 0.0f, s.generator.gradients);
  const float* fake = generated_rows(s, rows);
  s.tape.step = 3 * static_cast<std::uint64_t>(step_) + 2;
  const float* logit = discriminator_.forward(backend_, rows, fake, s.discriminator.parameters, s.tape);
  backend_.bce_with_logits(rows, logit, 1.0f, s.loss, s.dlogit);
  discriminator_.backward(backend_, rows, fake, s.discriminator.parameters, s.tape, s.dlogit, s.deltas, nullptr,
                          s.gradient);
  generator_.backward(backend_, rows, s.noise, s.generator.parameters, s.generator_tape, s.gradient,
                      s.generator_scratch, s.generator.gradients, nullptr);
  s.generator.step(backend_, step_, options_);
  if (options_.ema > 0) {
    // Ramped, so that the start is soon forgotten; the first step's parameters are the first average.
    const auto t = static_cast<float>(step_);
    const float decay = std::min(options_.ema, (t - 1.0f) / (t + 9.0f));
    backend_.add_scaled(s.generator.count, 1.0f - decay, s.generator.parameters, decay, generator_average_.data());
  }
  float loss;
  backend_.download(s.loss, {&loss, 1});
  return loss;
}

void ClassicEnsemble::order_epoch(std::vector<std::uint32_t>& order) const {
  // Fisher-Yates on counters: an epoch's order is a function of (seed, epoch).
  const Philox philox(options_.seed, Stream::kShuffle);
  std::iota(order.begin(), order.end(), 0u);
  for (std::size_t i = order.size(); i-- > 1;) {
    const std::uint64_t word = philox.bits(static_cast<std::uint64_t>(epoch_), static_cast<std::uint32_t>(i))[0];
    std::swap(order[i], order[word * (i + 1) >> 32]);
  }
}

void ClassicEnsemble::train(std::span<const float> data, int rows, int last_epoch,
                            const std::function<void(const Epoch&)>& on_epoch,
                            const std::function<bool()>& keep_going) {
  if (rows < 1 || data.size() != Step::size(rows, columns()))
    fail("training needs [rows, {}] values, got {} values for {} rows", columns(), data.size(), rows);
  const Memory table = backend_.allocate(data.size());
  backend_.upload(data, table.data());
  Step step(*this, std::min(options_.batch_size, rows));
  std::vector<std::uint32_t> order(static_cast<std::size_t>(rows));
  while (epoch_ < last_epoch) {
    order_epoch(order);
    // As even as can be: a last batch of three rows would be a step in a random direction.
    for (const int steps = (rows - 1) / options_.batch_size + 1; epoch_step_ < steps;) {
      const auto row = [&](int end) { return static_cast<int>(static_cast<std::int64_t>(rows) * end / steps); };
      const int first = row(epoch_step_), batch = row(epoch_step_ + 1) - first;
      ++step_;
      backend_.gather_rows(table.data(), order.data() + first, batch, columns(), step.real);
      discriminator_loss_ += static_cast<double>(train_discriminator(step, step.real, batch)) * batch;
      generator_loss_ += static_cast<double>(train_generators(step, batch)) * batch;
      ++epoch_step_;
      if (epoch_step_ < steps && keep_going && !keep_going()) return;
    }
    const Epoch report{epoch_ + 1, static_cast<float>(discriminator_loss_ / rows),
                       static_cast<float>(generator_loss_ / rows)};
    if (!std::isfinite(report.discriminator + report.generator))
      fail("the losses are not finite in epoch {}: lower the learning rate", report.number);
    ++epoch_;
    epoch_step_ = 0;
    discriminator_loss_ = generator_loss_ = 0;
    if (on_epoch) on_epoch(report);
    if (keep_going && !keep_going()) return;
  }
}

double ClassicEnsemble::discriminator_auc(std::span<const float> data, int rows) const {
  const int generated = std::max(rows, 1024);
  std::vector<float> fake(Step::size(generated, columns())), logit(static_cast<std::size_t>(rows + generated));
  generate(options_.seed, 0, generated, fake);
  Arena arena(backend_.allocate(discriminator_.tape_floats(generated) + Arena::padded(fake.size())));
  GroupedMlp::Tape tape = discriminator_.make_tape(arena, generated);
  float* x = arena.take(fake.size());
  const auto score = [&](std::span<const float> from, int count, std::span<float> to) {
    backend_.upload(from, x);
    backend_.download(discriminator_.forward(backend_, count, x, discriminator_state_.data(), tape), to);
  };
  const auto real = static_cast<std::size_t>(rows);
  score(data, rows, std::span(logit).first(real));
  score(fake, generated, std::span(logit).subspan(real));
  std::vector<int> is_real(logit.size(), 0);
  std::fill_n(is_real.begin(), rows, 1);
  return roc_auc(std::vector<double>(logit.begin(), logit.end()), is_real);
}

void ClassicEnsemble::save(TensorFile& file) const {
  const auto put = [&](const std::string& name, std::size_t count, const float* from) {
    std::vector<float>& to = file.tensors[name];
    to.resize(count);
    backend_.download(from, to);
    if (!std::all_of(to.begin(), to.end(), [](float x) { return std::isfinite(x); }))
      fail("the {} are not finite after epoch {}: lower the learning rate", name, epoch_);
  };
  for (const auto& [name, network] : networks())
    for (const auto& [part, from] : network.parts()) put(fmt::format("{}.{}", name, part), network.count, from);
  if (options_.ema > 0) put("generator.average", generator_.parameters(), generator_average_.data());
  file.metadata["counters"] = nlohmann::json{
      {"epoch", epoch_},
      {"epoch_step", epoch_step_},
      {"step", step_},
      {"noise_row", noise_row_},
      {"discriminator_loss", discriminator_loss_},
      {"generator_loss",
       generator_loss_}}.dump();
}

void ClassicEnsemble::load(const TensorFile& file) {
  const auto get = [&](const std::string& name, std::size_t count, float* to) {
    const auto from = file.tensors.find(name);
    if (from == file.tensors.end() || from->second.size() != count)
      fail("the model has no '{}' of {} numbers; it is of another shape", name, count);
    backend_.upload(from->second, to);
  };
  for (const auto& [name, network] : networks())
    for (const auto& [part, to] : network.parts()) get(fmt::format("{}.{}", name, part), network.count, to);
  if (options_.ema > 0) get("generator.average", generator_.parameters(), generator_average_.data());
  const auto counters = nlohmann::json::parse(file.metadata.at("counters"));
  epoch_ = counters.at("epoch");
  epoch_step_ = counters.at("epoch_step");
  step_ = counters.at("step");
  noise_row_ = counters.at("noise_row");
  discriminator_loss_ = counters.at("discriminator_loss");
  generator_loss_ = counters.at("generator_loss");
}

void ClassicEnsemble::set_batch_size(int rows) {
  options_.batch_size = rows;
  options_ = checked(std::move(options_));
}

void ClassicEnsemble::restart() {
  for (const auto& [name, network] : networks()) backend_.fill(2 * network.stride, 0.0f, network.first);
  epoch_ = epoch_step_ = step_ = 0;
  discriminator_loss_ = generator_loss_ = 0;
}

void ClassicEnsemble::generate(std::uint64_t seed, std::uint64_t first_row, int rows, std::span<float> out) const {
  if (rows < 0 || out.size() != Step::size(rows, columns()))
    fail("generate writes [{}, {}] values, got room for {}", rows, columns(), out.size());
  Arena arena(backend_.allocate(generator_.tape_floats(kGenerateRows) +
                                Arena::padded(Step::size(kGenerateRows, options_.input_dim))));
  GroupedMlp::Tape tape = generator_.make_tape(arena, kGenerateRows);
  float* noise = arena.take(Step::size(kGenerateRows, options_.input_dim));
  const float* parameters = (options_.ema > 0 && step_ > 0 ? generator_average_ : generator_state_).data();
  // Whole blocks at fixed row numbers: a product rounds differently in a batch of another shape, so a row is always
  // computed at the same place of the same block, whichever rows were asked for.
  const std::uint64_t end = first_row + static_cast<std::uint64_t>(rows);
  for (std::uint64_t row = first_row; row < end;) {
    const std::uint64_t block = row / kGenerateRows * kGenerateRows;
    const std::uint64_t stop = std::min<std::uint64_t>(end, block + kGenerateRows);
    backend_.fill_normal(seed, Stream::kSample, block, kGenerateRows, options_.input_dim, noise);
    const float* y = generator_.forward(backend_, kGenerateRows, noise, parameters, tape);
    const auto width = static_cast<std::size_t>(columns());
    backend_.download(y + (row - block) * width, out.subspan((row - first_row) * width, (stop - row) * width));
    row = stop;
  }
}

}  // namespace meg
