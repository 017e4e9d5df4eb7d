#include "core/model/sizes.h"

#include <algorithm>

namespace meg {

Sizes choose_sizes(std::size_t rows, const ColumnsLayout&, const Options& options) {
  Sizes out;
  const int n = static_cast<int>(std::min<std::size_t>(rows, 1'000'000'000));
  out.shape.hidden = options.hidden.empty() ? 128 : options.hidden.front();
  out.shape.dropout = options.dropout.value_or(0.1f);
  out.warm_up.seed = out.refinement.seed = options.seed;
  out.warm_up.batch_size = std::clamp(n / 20, 32, 512);
  const int steps_per_epoch = (n - 1) / out.warm_up.batch_size + 1;
  out.warm_up.epochs = std::clamp(900 / steps_per_epoch, 10, 40);
  if (options.learning_rate) out.warm_up.rate = *options.learning_rate;
  out.refinement.batch_size = out.warm_up.batch_size;
  if (options.gamma) out.refinement.gamma = *options.gamma;
  if (options.refine_steps) out.refinement.steps = *options.refine_steps;
  out.refinement.discriminator_first = std::min(out.refinement.discriminator_first, out.refinement.steps / 2);
  return out;
}

}  // namespace meg
