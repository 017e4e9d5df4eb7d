#pragma once
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "meg/device.h"
#include "meg/schema.h"

namespace meg {

/// What a Meg is built with. kOptions below says what each option is and may be. What is not set is the preset's own
/// choice, which may follow the size of the table; see docs/model.md and docs/classic.md.
struct Options {
  std::string preset = "meg";
  std::uint64_t seed = 0;
  Device device = Device::kCpu;
  int threads = 0;
  Precision precision = Precision::kTf32;
  AskedTypes types{};
  std::vector<std::string> drop{};
  std::vector<std::string> missing{};
  std::vector<std::string> rules{};
  std::vector<int> hidden{};
  std::optional<float> learning_rate{};
  std::optional<float> gamma{};
  std::optional<float> dropout{};
  std::optional<double> held_out{};

  /// What only the preset meg knows.
  struct OfMeg {
    std::vector<std::string> order{};
    bool any_order = false;
    std::string effort = "balanced";
    std::optional<int> refine_steps{};
    int rare_min = 0;
    std::string rare_word = "other";
  };

  /// What only the preset classic knows.
  struct OfClassic {
    std::vector<std::string> masks{};
    int generators = 0;
    int input_dim = 100;
    float beta1 = 0.5f;
    float l2 = 0.0f;
    float ema = 0.9998f;
  };

  OfMeg meg{};
  OfClassic classic{};
};

/// What settles an option of a model that is loaded.
enum class OptionScope {
  kMachine,  ///< whoever loads it: how to compute, which changes no model but by rounding
  kRun,      ///< the training run: a resumed one keeps it, one that starts from a trained model has its own
  kModel,    ///< the networks
  kColumns   ///< what was learned of the columns, which the model file holds in the place of the option
};

struct OptionBounds {
  double low = 0, high = std::numeric_limits<double>::infinity();
  bool with_low = true, with_high = false;
};

/// One option: all that the command line, JSON, checks and messages need to know of it.
struct Option {
  /// Where it is in an Options.
  template <class T>
  using At = T& (*)(Options&);
  using Place = std::variant<At<bool>, At<int>, At<std::uint64_t>, At<float>, At<std::optional<int>>,
                             At<std::optional<float>>, At<std::optional<double>>, At<std::string>, At<Device>,
                             At<Precision>, At<std::vector<int>>, At<std::vector<std::string>>, At<AskedTypes>>;

  std::string_view name;
  Place place;
  std::string_view help;
  std::string_view of = {};  ///< the preset that knows it; empty: all do
  OptionScope scope = OptionScope::kRun;
  OptionBounds bounds{};        ///< of numbers
  std::string_view words = {};  ///< of words, those that there are: "fast|balanced|best"
  char between = ',';           ///< of lists: what stands between two of them in a text
};

/// The member at the end of a path of pointers to members: kPlace<&Options::meg, &Options::OfMeg::order>.
template <auto... path>
inline constexpr auto kPlace = +[](Options& options) -> auto& {
  return (options.*....*path);
};

inline constexpr OptionBounds kShare{.low = 0, .high = 1},
    kPositive{.high = std::numeric_limits<float>::max(), .with_low = false, .with_high = true};
constexpr OptionBounds from_to(double low, double high) { return {.low = low, .high = high, .with_high = true}; }

/// Every option, in the order that help names them in.
inline constexpr Option kOptions[] = {
    {.name = "preset",
     .place = kPlace<&Options::preset>,
     .help = "Which model",
     .scope = OptionScope::kModel,
     .words = "meg|classic"},
    {.name = "learning_rate",
     .place = kPlace<&Options::learning_rate>,
     .help = "Adam's learning rate; classic 2e-4; meg peaks at 4e-3",
     .bounds = kPositive},
    {.name = "seed", .place = kPlace<&Options::seed>, .help = "Seed of all random numbers"},
    {.name = "threads",
     .place = kPlace<&Options::threads>,
     .help = "CPU threads, 0 = all cores, more than these count as all; no result depends on it",
     .scope = OptionScope::kMachine,
     .bounds = from_to(0, 1024)},
    {.name = "device",
     .place = kPlace<&Options::device>,
     .help = "Where to compute",
     .scope = OptionScope::kMachine,
     .words = "cpu|cuda"},
    {.name = "precision",
     .place = kPlace<&Options::precision>,
     .help = "What a GPU rounds the factors of its products to: fp32 not at all",
     .scope = OptionScope::kMachine,
     .words = "fp32|tf32|bf16"},
    {.name = "types",
     .place = kPlace<&Options::types>,
     .help = "Types or sdtypes of columns whose inferred type is not wanted: a=categorical,b=email,...",
     .scope = OptionScope::kColumns},
    {.name = "drop",
     .place = kPlace<&Options::drop>,
     .help = "Columns to leave out: a,b,...",
     .scope = OptionScope::kColumns},
    {.name = "missing",
     .place = kPlace<&Options::missing>,
     .help = "Words that stand for missing values in tables of text, beside empty cells, NA and the like: -999,n/k,...",
     .scope = OptionScope::kColumns},
    {.name = "rules",
     .place = kPlace<&Options::rules>,
     .help = "A rule that all rows keep: end >= begin, gross = net + tax, unique(account), combination(city, country)",
     .scope = OptionScope::kColumns,
     .between = '\n'},
    {.name = "rare_min",
     .place = kPlace<&Options::meg, &Options::OfMeg::rare_min>,
     .help = "Hide values that fewer rows hold, 0 = none: categories are merged, numbers cut or merged",
     .of = "meg",
     .scope = OptionScope::kModel,
     .bounds = from_to(0, 1e9)},
    {.name = "rare_word",
     .place = kPlace<&Options::meg, &Options::OfMeg::rare_word>,
     .help = "What rare categories are called",
     .of = "meg",
     .scope = OptionScope::kModel},
    {.name = "hidden",
     .place = kPlace<&Options::hidden>,
     .help = "Hidden widths; meg: one number; classic: 128[,128...], default 128",
     .scope = OptionScope::kModel,
     .bounds = from_to(1, 65536)},
    {.name = "dropout",
     .place = kPlace<&Options::dropout>,
     .help = "Share of hidden units dropped in training; classic 0; meg 0.1, of few rows 0.2",
     .bounds = kShare},
    {.name = "gamma",
     .place = kPlace<&Options::gamma>,
     .help = "Weight of the R1 + R2 gradient penalty, 0 = none; classic 0.1; meg 1",
     .bounds = from_to(0, 1e9)},
    {.name = "held_out",
     .place = kPlace<&Options::held_out>,
     .help = "Share of the rows kept from training, to judge on; classic 0.03; meg 0.05, of few rows more or none",
     .bounds = kShare},
    {.name = "effort",
     .place = kPlace<&Options::meg, &Options::OfMeg::effort>,
     .help = "Fast = the warm-up alone; best = longer, for the last bit of quality",
     .of = "meg",
     .words = "fast|balanced|best"},
    {.name = "refine_steps",
     .place = kPlace<&Options::meg, &Options::OfMeg::refine_steps>,
     .help = "Steps of the adversarial refinement, 0 = none; fast 0; balanced 300; best 1200",
     .of = "meg",
     .bounds = from_to(0, 1e9)},
    {.name = "order",
     .place = kPlace<&Options::meg, &Options::OfMeg::order>,
     .help = "Columns to generate before all others, a,b,...: conditions on them are exact and take no time",
     .of = "meg",
     .scope = OptionScope::kColumns},
    {.name = "any_order",
     .place = kPlace<&Options::meg, &Options::OfMeg::any_order>,
     .help = "Dynamic masks: one model for any order, so that conditions on any columns take little time",
     .of = "meg",
     .scope = OptionScope::kColumns},
    {.name = "masks",
     .place = kPlace<&Options::classic, &Options::OfClassic::masks>,
     .help = "A line of 0/1 per generator, the columns it writes",
     .of = "classic",
     .scope = OptionScope::kColumns},
    {.name = "generators",
     .place = kPlace<&Options::classic, &Options::OfClassic::generators>,
     .help = "Groups of neighbouring columns, 0 = one per column",
     .of = "classic",
     .scope = OptionScope::kModel,
     .bounds = from_to(0, 1e6)},
    {.name = "input_dim",
     .place = kPlace<&Options::classic, &Options::OfClassic::input_dim>,
     .help = "Width of the noise that all generators share",
     .of = "classic",
     .scope = OptionScope::kModel,
     .bounds = from_to(1, 65536)},
    {.name = "beta1",
     .place = kPlace<&Options::classic, &Options::OfClassic::beta1>,
     .help = "Adam's decay of the first moment",
     .of = "classic",
     .bounds = kShare},
    {.name = "l2",
     .place = kPlace<&Options::classic, &Options::OfClassic::l2>,
     .help = "L2 penalty of the parameters: l2 * parameter is added to the gradient",
     .of = "classic",
     .bounds = from_to(0, 1e9)},
    {.name = "ema",
     .place = kPlace<&Options::classic, &Options::OfClassic::ema>,
     .help = "Decay of the average of the generators that rows come from, 0 = the last ones",
     .of = "classic",
     .bounds = kShare},
};

/// Throws Error, naming the nearest things to do, where there is no option of that name.
const Option& find_option(std::string_view name);
/// What an option may be: "a number in [0, 1)", "fast, balanced or best", "whole numbers in [1, 65536]", "text".
std::string allowed_text(const Option& option);
/// An option's value as set_option takes it; empty where it is not set.
std::string option_text(const Option& option, const Options& options);

/// Sets an option from text: "0.1", "128,64", "true", "fast", "a=categorical,b=text"; rules stand on a line each.
/// Throws Error for a name that there is not and for what the option may not be.
void set_option(Options& options, std::string_view name, std::string_view text);
/// Sets the options that a JSON object names: {"seed": 1, "hidden": [64], "types": {"year": "categorical"}}. Errors as
/// set_option's, and where it is no JSON object.
void set_options(Options& options, std::string_view json);

/// Throws Error where an option is what it may not be, or is of another preset than options.preset and not left as it
/// was.
void check(const Options& options);
/// What is to say of an option, called `name`, that only the preset `its` knows and that is given for another.
std::string other_preset_text(std::string_view name, std::string_view its, std::string_view preset);

/// The options of the run and of the networks as JSON, for the model file: those of the preset.
std::string options_to_json(const Options& options);
/// And back; those of the machine are `now`'s.
Options options_from_json(const std::string& json, const Options& now);

}  // namespace meg
