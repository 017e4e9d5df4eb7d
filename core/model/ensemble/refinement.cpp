#include "core/model/ensemble/refinement.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/fail.h"

namespace meg {

namespace {

/// Batches of the pool that the discriminator learns from alone.
constexpr int kPoolBatches = 16;

DiscriminatorOptions discriminator_options(const RefinementOptions& o) {
  return {.hidden = o.hidden,
          .leaky = true,
          .gamma = o.gamma,
          .penalty_every = o.penalty_every,
          .adam = {.rate = o.discriminator_rate, .beta1 = 0.0f, .beta2 = 0.99f},
          .seed = o.seed + 1};
}

}  // namespace

Refinement::Refinement(Backend& backend, const MaskedEnsemble& ensemble, const TrainingRows& rows, ConstView constants,
                       const RefinementOptions& options, ConstView parameters)
    : backend_(backend),
      ensemble_(ensemble),
      rows_(rows),
      constants_(constants),
      options_(options),
      generators_(backend, ensemble.parameters(), true),
      discriminator_(backend, static_cast<int>(ensemble.layout().view_stride), options.batch_size,
                     discriminator_options(options)),
      arena_(backend.allocate(arena_floats())),
      tape_(ensemble.make_tape(arena_, 2 * options.batch_size, MaskedEnsemble::Passes::kBackward)),
      cells_(arena_.take(2 * static_cast<std::size_t>(options.batch_size), ensemble.layout().cell_stride())),
      views_(arena_.take(2 * static_cast<std::size_t>(options.batch_size), ensemble.layout().view_stride)),
      dview_(arena_.take(static_cast<std::size_t>(options.batch_size), ensemble.layout().view_stride)),
      losses_(arena_.take(static_cast<std::size_t>(options.batch_size), ensemble.layout().size())),
      sums_(arena_.take(1, 2)),
      square_norm_(arena_.take(1, 1)),
      drawn_(backend, static_cast<std::size_t>(options.batch_size)) {
  tape_.seed = options.seed;
  for (const View to : {generators_.parameters(), generators_.average()})
    backend.add_scaled(1.0f, parameters, 0.0f, to);
}

std::size_t Refinement::arena_floats() const {
  const ColumnsLayout& layout = ensemble_.layout();
  const int batch = options_.batch_size;
  return ensemble_.tape_floats(2 * batch, MaskedEnsemble::Passes::kBackward) +
         Arena::padded(elements(2 * batch, layout.cell_stride())) +
         Arena::padded(elements(2 * batch, layout.view_stride)) + Arena::padded(elements(batch, layout.view_stride)) +
         Arena::padded(elements(batch, layout.size())) + Arena::padded(2) + Arena::padded(1);
}

Draw Refinement::draw() const {
  return {options_.seed, Stream::kNoise,
          static_cast<std::uint64_t>(step_) * static_cast<std::uint64_t>(options_.batch_size)};
}

void Refinement::fill_pool() {
  const auto batch = static_cast<std::size_t>(options_.batch_size), stride = ensemble_.layout().cell_stride();
  pool_ = backend_.allocate(kPoolBatches * batch * stride);
  const View pool = pool_.view(kPoolBatches * batch, stride);
  for (std::size_t row = 0; row < pool.rows(); row += batch)
    ensemble_.generate(backend_, {options_.seed, Stream::kRefinement, row}, generators_.parameters(), constants_, tape_,
                       pool.row_range(row, batch), {});
}

void Refinement::step() {
  const ColumnsLayout& layout = ensemble_.layout();
  const bool alone = step_ < options_.discriminator_first;
  const auto rows = static_cast<std::size_t>(options_.batch_size);
  const View drawn_cells = cells_.row_range(0, rows), real_cells = cells_.row_range(rows, rows);
  const View generated = views_.row_range(rows, rows);
  tape_.dropout = 0;
  if (!alone)
    pool_ = Memory();
  else if (pool_.size() == 0)
    fill_pool();
  const auto draw_rows = [&](std::uint64_t stream, RowList from, ConstView table, View cells) {
    backend_.draw_rows(options_.seed, Stream::kRefinement, 2 * static_cast<std::uint64_t>(step_) + stream, from,
                       drawn_.view());
    backend_.gather_rows(table, drawn_.view(), cells);
  };
  backend_.begin_step();
  draw_rows(0, rows_.train, rows_.cells, real_cells);
  backend_.view_rows(layout, real_cells, views_.row_range(0, rows));
  if (alone) {
    draw_rows(1, {nullptr, kPoolBatches * rows}, pool_.view(kPoolBatches * rows, layout.cell_stride()), drawn_cells);
    backend_.view_rows(layout, drawn_cells, generated);
  } else {
    ensemble_.generate(backend_, draw(), generators_.parameters(), constants_, tape_, drawn_cells, generated);
  }
  discriminator_.train(views_, sums_.data());
  ++discriminator_steps_;
  if (!alone) train_generators(generated);
  backend_.end_step();
  ++step_;
}

void Refinement::train_generators(ConstView generated) {
  const ColumnsLayout& layout = ensemble_.layout();
  const int batch = options_.batch_size;
  discriminator_.row_gradients(generated, sums_.data() + 1, dview_);
  const MaskedEnsemble::Tape drawn = MaskedEnsemble::row_range(tape_, 0, batch);
  backend_.sample_backward(layout, drawn.heads, cells_.row_range(0, dview_.rows()), draw(), dview_, drawn.dheads);
  tape_.step = static_cast<std::uint64_t>(step_);
  if (ensemble_.shape().any_order)
    tape_.hidden_from = 2 * batch - MaskedEnsemble::hiding_rows(options_.hidden_share, batch);
  const MaskedEnsemble::Tape real = MaskedEnsemble::row_range(tape_, batch, batch);
  const View real_cells = cells_.row_range(real.heads.rows(), real.heads.rows());
  ensemble_.forward(backend_, real_cells, generators_.parameters(), real);
  backend_.heads_loss(layout, real.heads, real_cells, options_.keep / static_cast<float>(batch), losses_, real.dheads);
  ensemble_.backward(backend_, batch, cells_, generators_.parameters(), tape_, generators_.gradients());
  generators_.step(backend_, ++generator_step_,
                   {.rate = options_.rate,
                    .beta1 = 0.0f,
                    .beta2 = 0.99f,
                    .clip = options_.clip,
                    .average_decay = options_.average_decay},
                   square_norm_);
  ++generator_steps_;
}

std::pair<float, float> Refinement::losses() {
  std::array<float, 2> sum;
  backend_.download(sums_, sum);
  backend_.fill(0.0f, sums_);
  const auto mean = [](float total, int steps) {
    return steps > 0 ? total / static_cast<float>(steps) : std::numeric_limits<float>::quiet_NaN();
  };
  const std::pair out{mean(sum[0], discriminator_steps_), mean(sum[1], generator_steps_)};
  if (!std::isfinite(sum[0] + sum[1]))
    fail(ErrorCode::kDiverged,
         "the losses are not finite after {} steps of the refinement: lower its rates or use `refine_steps=0`", step_);
  discriminator_steps_ = generator_steps_ = 0;
  return out;
}

double Refinement::held_out_auc() {
  if (rows_.held_out.empty()) return std::numeric_limits<double>::quiet_NaN();
  const ColumnsLayout& layout = ensemble_.layout();
  constexpr std::size_t kMostRows = 4096;
  const std::size_t held = std::min(rows_.held_out.size(), kMostRows);
  const auto batch = static_cast<std::size_t>(options_.batch_size);
  const std::size_t generated = (std::max<std::size_t>(held, 1024) + batch - 1) / batch * batch;
  const Memory memory = backend_.allocate((held + generated) * layout.view_stride);
  const View views = memory.view(held + generated, layout.view_stride), fake = views.row_range(held, generated);
  for (std::size_t row = 0; row < held; row += batch) {
    const std::size_t count = std::min(batch, held - row);
    const View cells = cells_.row_range(0, count);
    backend_.gather_rows(rows_.cells, rows_.held_out.view().column_range(row, count), cells);
    backend_.view_rows(layout, cells, views.row_range(row, count));
  }
  for (std::size_t row = 0; row < generated; row += batch)
    ensemble_.generate(backend_, {options_.seed, Stream::kMeasure, row}, generators_.parameters(), constants_, tape_,
                       cells_.row_range(0, batch), fake.row_range(row, batch));
  return discriminator_auc(discriminator_, views.row_range(0, held), fake);
}

void Refinement::save(TensorFile& file) const {
  const std::string when = fmt::format("after step {} of the refinement", step_);
  generators_.save(backend_, "refinement", when, file);
  discriminator_.parameters().save(backend_, "discriminator", when, file);
  std::array<float, 2> sum;
  backend_.download(sums_, sum);
  const nlohmann::json counters{{"step", step_},
                                {"discriminator_step", discriminator_.steps_done()},
                                {"generator_step", generator_step_},
                                {"reported", {discriminator_steps_, generator_steps_}},
                                {"losses", {sum[0], sum[1]}}};
  file.metadata["refinement"] = counters.dump();
}

void Refinement::load(const TensorFile& file) {
  const auto in = nlohmann::json::parse(file.metadata.at("refinement"));
  step_ = in.at("step"), generator_step_ = in.at("generator_step");
  // The pool comes from the weights that the refinement began with, which are these until the generators train.
  generators_.load(backend_, "refinement", file);
  discriminator_.parameters().load(backend_, "discriminator", file);
  discriminator_.set_steps_done(in.at("discriminator_step"));
  discriminator_steps_ = in.at("reported")[0], generator_steps_ = in.at("reported")[1];
  const std::array<float, 2> sum{in.at("losses")[0], in.at("losses")[1]};
  backend_.upload(sum, sums_);
}

}  // namespace meg
