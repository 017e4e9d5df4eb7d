#include "core/model/sizes.h"

#include <algorithm>
#include <cmath>

namespace meg {

namespace {

/// Steps of a warm-up at most. It ends sooner where the held-out rows say so.
constexpr int kMostSteps = 1800;

}  // namespace

Sizes choose_sizes(std::size_t rows, const ColumnsLayout&, const Options& options) {
  Sizes out;
  const int n = static_cast<int>(std::clamp<std::size_t>(rows, 1, 1'000'000'000));
  out.shape.hidden = options.hidden.empty() ? 128 : options.hidden.front();
  out.shape.dropout = options.dropout.value_or(rows < 2000 ? 0.2f : 0.1f);
  out.warm_up.seed = out.refinement.seed = options.seed;
  out.warm_up.batch_size = out.refinement.batch_size = std::clamp(n / 20, 32, 512);
  const int steps_per_epoch = (n - 1) / out.warm_up.batch_size + 1;
  out.warm_up.epochs = std::clamp(kMostSteps / steps_per_epoch, 8, 60);
  if (options.effort == "fast") {
    out.refinement.steps = 0;
  } else if (options.effort == "best") {
    out.warm_up.fall_share = 1;
    out.refinement.steps = 1200;
    out.refinement.rate = 1e-4f;
    out.refinement.average_decay = 0.995f;
  } else if (options.effort != "balanced") {
    fail("there is no effort '{}'; there are fast, balanced and best", options.effort);
  }
  if (options.learning_rate) out.warm_up.rate = *options.learning_rate;
  if (options.gamma) out.refinement.gamma = *options.gamma;
  if (options.refine_steps) out.refinement.steps = *options.refine_steps;
  out.refinement.discriminator_first = std::min(150, out.refinement.steps / 2);
  return out;
}

}  // namespace meg
