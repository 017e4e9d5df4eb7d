#include "core/model/ensemble/sizes.h"

#include <algorithm>
#include <cmath>

namespace meg {

namespace {

/// Steps of a warm-up that its most epochs come from; the least of these are 8. It ends sooner where the held-out rows
/// say so.
constexpr int kMostSteps = 1800;

/// Columns that have a first layer of their own each, which is quadratic in their number.
constexpr std::size_t kMostOwnColumns = 64;

/// What the tape of a step may hold, and the fewest rows of one.
constexpr std::size_t kMostTapeFloats = 100'000'000;
constexpr int kFewestRows = 32;

/// Wider rows are not refined: each of its steps makes rows column after column, and beyond some thousand one-hot codes
/// the discriminator sees every value too rarely to learn from.
constexpr std::size_t kMostRefinedColumns = 256, kMostRefinedView = 4096;

/// Epochs of the refinement, where its steps are more: what it sees more often it learns by heart, and rows come out
/// nearer to those of the table than to others. The best effort takes a little of that.
constexpr int kMostRefinementEpochs = 5, kMostRefinementEpochsOfBest = 20;

/// Fewer rows are learned by heart where the rate falls as late as with more, and where what an epoch gains is chance:
/// generated rows then come out nearer to those of the table than to others, which a little of the likeness is given up
/// for. Of very few rows too few are held out to tell a gain from chance.
constexpr std::size_t kFewRows = 10'000, kVeryFewRows = 1000;

/// The most rows of a batch that a step has the memory for; a step of the refinement holds two batches.
int most_rows(const MaskedEnsemble& ensemble, bool refined) {
  const std::size_t rows =
      kMostTapeFloats / ensemble.tape_floats(1, MaskedEnsemble::Passes::kBackward) / (refined ? 2 : 1);
  return static_cast<int>(std::min<std::size_t>(rows, 1'000'000));
}

}  // namespace

Sizes choose_sizes(std::size_t rows, const ColumnsLayout& layout, const Options& options) {
  Sizes out;
  const int n = static_cast<int>(std::clamp<std::size_t>(rows, 1, 1'000'000'000));
  out.shape.hidden = options.hidden.empty() ? 128 : options.hidden.front();
  out.shape.dropout = options.dropout.value_or(rows < 2000 ? 0.2f : 0.1f);
  if (rows < kFewRows) {
    out.warm_up.worthwhile = 4e-3f;
    out.warm_up.least_gain = rows < kVeryFewRows ? 0.0f : 1.0f;
  }
  if (layout.size() > kMostOwnColumns) out.shape.first = MaskedEnsemble::FirstLayer::kShared;
  out.shape.any_order = options.meg.any_order;
  out.warm_up.seed = out.refinement.seed = options.seed;
  if (options.meg.effort == "fast") {
    out.refinement.steps = 0;
  } else if (options.meg.effort == "best") {
    out.warm_up.fall_share = 1;
    out.refinement.steps = 1200;
    out.refinement.rate = 1e-4f;
    out.refinement.average_decay = 0.995f;
  }
  const MaskedEnsemble ensemble(layout, out.shape);
  if (layout.size() > kMostRefinedColumns || ensemble.layout().view_stride > kMostRefinedView) out.refinement.steps = 0;
  if (options.learning_rate) out.warm_up.rate = *options.learning_rate;
  if (options.gamma) out.refinement.gamma = *options.gamma;
  if (options.meg.refine_steps) out.refinement.steps = *options.meg.refine_steps;
  const int most = most_rows(ensemble, out.refinement.steps > 0);
  out.warm_up.batch_size = out.refinement.batch_size = std::max(kFewestRows, std::min({n / 20, 512, most}));
  const int steps_per_epoch = (n - 1) / out.warm_up.batch_size + 1;
  const int most_epochs = options.meg.effort == "best" ? kMostRefinementEpochsOfBest : kMostRefinementEpochs;
  if (!options.meg.refine_steps) out.refinement.steps = std::min(out.refinement.steps, most_epochs * steps_per_epoch);
  out.warm_up.epochs = std::clamp(kMostSteps / steps_per_epoch, 8, 60);
  out.refinement.discriminator_first = std::min(150, out.refinement.steps / 2);
  return out;
}

}  // namespace meg
