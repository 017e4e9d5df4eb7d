#include "core/model/discriminator.h"

#include "core/measure/roc_auc.h"

namespace meg {

namespace {

/// Linear -> activation -> dropout -> ... -> Linear of one output.
std::vector<layers::Layer> layers_of(const DiscriminatorOptions& options) {
  std::vector<layers::Layer> out;
  for (const int units : options.hidden) {
    out.push_back(layers::Linear{.outputs = {units}});
    if (options.leaky)
      out.push_back(layers::LeakyRelu());
    else
      out.push_back(layers::Relu());
    out.push_back(layers::Dropout{options.dropout});
  }
  out.push_back(layers::Linear{.outputs = {1}});
  return out;
}

}  // namespace

Discriminator::Discriminator(Backend& backend, int columns, int max_rows, DiscriminatorOptions options)
    : backend_(backend),
      options_(std::move(options)),
      network_(columns, layers_of(options_)),
      parameters_(backend, network_, options_.seed) {
  make_room(max_rows);
}

void Discriminator::make_room(int max_rows) {
  if (max_rows <= max_rows_) return;
  max_rows_ = max_rows;
  const int both = 2 * max_rows;
  const auto rows = static_cast<std::size_t>(both), columns = static_cast<std::size_t>(network_.inputs());
  arena_ =
      Arena(backend_.allocate(3 * network_.tape_floats(both) + Arena::padded(rows) + Arena::padded(rows * columns)));
  for (Network::Tape* tape : {&tape_, &deltas_, &tangents_}) *tape = network_.make_tape(arena_, both);
  tape_.seed = options_.seed;
  dlogit_ = arena_.take(rows, 1);
  dx_ = arena_.take(rows, columns);
}

void Discriminator::train(ConstView x, float* loss) {
  const View dlogit = dlogit_.row_range(0, x.rows());
  tape_.training = true;
  tape_.step = 2 * static_cast<std::uint64_t>(step_);
  const ConstView logit = network_.forward(backend_, x, parameters_.parameters(), tape_);
  backend_.bce_with_logits(x.rows() / 2, logit, loss, dlogit);
  network_.backward(backend_, x, parameters_.parameters(), tape_, dlogit, deltas_, parameters_.gradients(), {});
  if (options_.gamma > 0 && step_ % options_.penalty_every == 0)  // gamma / 2 for each half, of means over 2 rows
    network_.add_gradient_penalty(backend_, parameters_.parameters(), tape_,
                                  options_.gamma * static_cast<float>(options_.penalty_every), deltas_, tangents_,
                                  dx_.row_range(0, x.rows()), loss, parameters_.gradients());
  parameters_.step(backend_, ++step_, options_.adam);
}

void Discriminator::row_gradients(ConstView generated, float* loss, View dx) {
  const View dlogit = dlogit_.row_range(0, generated.rows());
  tape_.training = true;
  tape_.step = 2 * static_cast<std::uint64_t>(step_) + 1;
  const ConstView logit = network_.forward(backend_, generated, parameters_.parameters(), tape_);
  backend_.bce_with_logits(generated.rows(), logit, loss, dlogit);
  network_.backward(backend_, generated, parameters_.parameters(), tape_, dlogit, deltas_, {}, dx);
}

void Discriminator::score(ConstView x, std::span<float> out) {
  tape_.training = false;
  for (std::size_t row = 0; row < out.size();) {
    const std::size_t count = std::min(out.size() - row, 2 * static_cast<std::size_t>(max_rows_));
    const ConstView logit = network_.forward(backend_, x.row_range(row, count), parameters_.parameters(), tape_);
    backend_.download(logit, out.subspan(row, count));
    row += count;
  }
}

double discriminator_auc(Discriminator& discriminator, ConstView real, ConstView generated) {
  std::vector<float> logit(real.rows() + generated.rows());
  discriminator.score(real, std::span(logit).first(real.rows()));
  discriminator.score(generated, std::span(logit).subspan(real.rows()));
  std::vector<int> is_real(logit.size(), 0);
  std::fill_n(is_real.begin(), real.rows(), 1);
  return roc_auc(std::vector<double>(logit.begin(), logit.end()), is_real);
}

}  // namespace meg
