#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/table/infer/schema.h"
#include "core/tensor/memory.h"

namespace meg {

/// The value of Options::masks that asks for a model of any order.
inline constexpr const char* kDynamicMasks = "dynamic";

/// What a Meg is built with. What is not set is the preset's own choice, which may follow the size of the table; see
/// docs/model.md and docs/classic.md.
struct Options {
  std::string preset = "meg";  ///< "meg", or "classic"
  std::uint64_t seed = 0;
  Device device = Device::kCpu;
  int threads = 0;                         ///< 0: all cores; never changes a result
  Precision precision = Precision::kTf32;  ///< of a GPU's products; the CPU's are kFp32 always
  AskedTypes types;                        ///< of columns whose inferred type is not wanted
  std::vector<std::string> drop;           ///< columns to leave out
  std::vector<std::string> order;          ///< meg: columns to generate first, in this order, before all others
  int rare_min = 0;                 ///< meg: values that fewer rows hold are hidden, see docs/privacy.md; 0: none
  std::string rare_word = "other";  ///< meg: what rare categories are called

  std::vector<int> hidden;             ///< hidden widths; classic: {128}, any depth; meg: one width, two layers
  std::optional<float> learning_rate;  ///< classic 2e-4, meg 4e-3 at its peak (warm-up)
  std::optional<float> gamma;          ///< weight of the R1 + R2 gradient penalty: classic 0.1, meg 1
  std::optional<float> dropout;        ///< of hidden units, while training: classic 0, meg 0.1, 0.2 for few rows
  std::optional<double> held_out;      ///< share of the rows kept from training, to judge on: classic 0.03, meg 0.05
  std::string effort = "balanced";     ///< meg: "fast" (the warm-up alone), "balanced" or "best" (longer, both phases)
  std::optional<int> refine_steps;     ///< meg: steps of the adversarial refinement; 0: none
  /// meg: "dynamic": one model generates in any order, so that conditions may be on any columns; else in a fixed one.
  /// classic: a file with one line of 0/1 per generator, instead of `generators`.
  std::string masks;

  int input_dim = 100;  ///< classic: width of the noise that all generators share
  int generators = 0;   ///< classic: groups of neighbouring columns, one generator each; 0: one per column
  float beta1 = 0.5f;   ///< classic: Adam's decay of the first moment
  float l2 = 0.0f;      ///< classic: added to the gradient: l2 * parameter
  float ema = 0.9998f;  ///< classic: decay of the average of the generators that rows come from; 0: the last ones
};

/// Throws Error where a number is none that any preset could use.
void check(const Options& options);

/// The options as JSON, for the model file: all but masks, types, drop and order, which the model itself shows.
std::string options_to_json(const Options& options);
/// And back; device, threads and precision are those of `now`.
Options options_from_json(const std::string& json, const Options& now);

/// One line of the history of a training run. What a phase has not is NaN.
struct Progress {
  enum class Phase { kTraining, kWarmUp, kRefinement };
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  Phase phase = Phase::kTraining;
  int done = 0, of = 0;                             ///< epochs; in the refinement steps
  double discriminator = kNone, generator = kNone;  ///< mean losses since the last line
  double loss = kNone, held_out_loss = kNone;       ///< warm-up: -log likelihood of a row, in nats
  /// How well the discriminator tells held-out rows from generated ones: ROC AUC, 0.5 = not at all.
  double held_out_auc = kNone;
};

/// Steps between two lines of a refinement of so many: a short one, too, has a curve.
constexpr int steps_per_line(int steps) { return std::clamp((steps + 3) / 4, 1, 100); }

/// "training", "warm-up" or "refinement".
const char* phase_name(Progress::Phase phase);

}  // namespace meg
