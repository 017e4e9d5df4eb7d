#include "core/model/discriminator.h"

#include "core/measure/roc_auc.h"

namespace meg {

Discriminator::Discriminator(Backend& backend, int columns, int max_rows, DiscriminatorOptions options)
    : backend_(backend),
      options_(std::move(options)),
      mlp_({.inputs = columns,
            .hidden = options_.hidden,
            .outputs = {1},
            .hidden_activation = options_.activation,
            .output_activation = Activation::kNone,
            .dropout = options_.dropout}),
      parameters_(backend, mlp_.parameters()) {
  std::vector<float> start(mlp_.parameters());
  mlp_.initialize(options_.seed, start);
  backend.upload(start, parameters_.parameters());
  make_room(max_rows);
}

void Discriminator::make_room(int max_rows) {
  if (max_rows <= max_rows_) return;
  max_rows_ = max_rows;
  const int both = 2 * max_rows;
  const auto rows = static_cast<std::size_t>(both), inputs = rows * static_cast<std::size_t>(mlp_.shape().inputs);
  arena_ = Arena(backend_.allocate(3 * mlp_.tape_floats(both) + Arena::padded(rows) + Arena::padded(inputs)));
  for (GroupedMlp::Tape* tape : {&tape_, &deltas_, &tangents_}) *tape = mlp_.make_tape(arena_, both);
  tape_.seed = options_.seed;
  dlogit_ = arena_.take(rows);
  dx_ = arena_.take(inputs);
}

void Discriminator::train(int rows, const float* x, float* loss) {
  tape_.training = true;
  tape_.step = 2 * static_cast<std::uint64_t>(step_);
  const float* logit = mlp_.forward(backend_, 2 * rows, x, parameters_.parameters(), tape_);
  backend_.bce_with_logits(rows, rows, logit, loss, dlogit_);
  mlp_.backward(backend_, 2 * rows, x, parameters_.parameters(), tape_, dlogit_, deltas_, parameters_.gradients(),
                nullptr);
  if (options_.gamma > 0 && step_ % options_.penalty_every == 0)  // gamma / 2 for each half, of means over 2 rows
    mlp_.add_gradient_penalty(backend_, 2 * rows, parameters_.parameters(), tape_,
                              options_.gamma * static_cast<float>(options_.penalty_every), deltas_, tangents_, dx_,
                              loss, parameters_.gradients());
  parameters_.step(backend_, ++step_, options_.adam);
}

void Discriminator::judge(int rows, const float* generated, float* loss, float* dx) {
  tape_.training = true;
  tape_.step = 2 * static_cast<std::uint64_t>(step_) + 1;
  const float* logit = mlp_.forward(backend_, rows, generated, parameters_.parameters(), tape_);
  backend_.bce_with_logits(rows, 0, logit, loss, dlogit_);
  mlp_.backward(backend_, rows, generated, parameters_.parameters(), tape_, dlogit_, deltas_, nullptr, dx);
}

void Discriminator::score(const float* x, std::span<float> out) {
  tape_.training = false;
  const auto columns = static_cast<std::size_t>(mlp_.shape().inputs);
  for (std::size_t row = 0; row < out.size();) {
    const std::size_t count = std::min(out.size() - row, 2 * static_cast<std::size_t>(max_rows_));
    const float* logit =
        mlp_.forward(backend_, static_cast<int>(count), x + row * columns, parameters_.parameters(), tape_);
    backend_.download(logit, out.subspan(row, count));
    row += count;
  }
}

double discriminator_auc(Discriminator& discriminator, const float* real, int real_rows, const float* generated,
                         int generated_rows) {
  std::vector<float> logit(static_cast<std::size_t>(real_rows + generated_rows));
  const auto first = static_cast<std::size_t>(real_rows);
  discriminator.score(real, std::span(logit).first(first));
  discriminator.score(generated, std::span(logit).subspan(first));
  std::vector<int> is_real(logit.size(), 0);
  std::fill_n(is_real.begin(), first, 1);
  return roc_auc(std::vector<double>(logit.begin(), logit.end()), is_real);
}

}  // namespace meg
