#include "meg/options.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/table/utf8.h"
#include "meg/error.h"

namespace meg {

namespace {

using Json = nlohmann::json;

template <class T>
void put(Json& out, const char* name, const std::optional<T>& value) {
  if (value) out[name] = *value;
}

template <class T>
void get(const Json& in, const char* name, std::optional<T>& value) {
  if (in.contains(name)) value = in.at(name).get<T>();
}

}  // namespace

std::string options_to_json(const Options& o) {
  Json out{{"preset", o.preset},
           {"effort", o.effort},
           {"seed", o.seed},
           {"hidden", o.hidden},
           {"input_dim", o.input_dim},
           {"generators", o.generators},
           {"beta1", o.beta1},
           {"l2", o.l2},
           {"ema", o.ema}};
  if (o.rare_min > 0) out["rare_min"] = o.rare_min, out["rare_word"] = o.rare_word;
  put(out, "learning_rate", o.learning_rate);
  put(out, "gamma", o.gamma);
  put(out, "dropout", o.dropout);
  put(out, "held_out", o.held_out);
  put(out, "refine_steps", o.refine_steps);
  return out.dump();
}

Options options_from_json(const std::string& json, const Options& now) {
  const Json in = Json::parse(json);
  Options o;
  o.preset = in.at("preset");
  o.effort = in.at("effort");
  o.seed = in.at("seed");
  o.hidden = in.at("hidden").get<std::vector<int>>();
  o.input_dim = in.at("input_dim");
  o.generators = in.at("generators");
  o.beta1 = in.at("beta1");
  o.l2 = in.at("l2");
  o.ema = in.at("ema");
  o.rare_min = in.value("rare_min", o.rare_min);
  o.rare_word = in.value("rare_word", o.rare_word);
  get(in, "learning_rate", o.learning_rate);
  get(in, "gamma", o.gamma);
  get(in, "dropout", o.dropout);
  get(in, "held_out", o.held_out);
  get(in, "refine_steps", o.refine_steps);
  o.device = now.device;
  o.threads = now.threads;
  o.precision = now.precision;
  return o;
}

void check(const Options& o) {
  for (const int width : o.hidden)
    if (width < 1) fail("a hidden layer needs at least one unit, got {}", width);
  const auto within = [](const auto& value, double least, double end, const char* what) {
    if (value && !(*value >= least && *value < end)) fail("{} must be in [{}, {}), got {}", what, least, end, *value);
  };
  if (o.learning_rate && !(*o.learning_rate > 0 && std::isfinite(*o.learning_rate)))
    fail("the learning rate must be positive, got {}", *o.learning_rate);
  within(o.gamma, 0, HUGE_VAL, "gamma");
  within(o.dropout, 0, 1, "dropout");
  within(o.held_out, 0, 1, "held_out, a share of the rows,");
  if (o.refine_steps && *o.refine_steps < 0) fail("refine_steps must not be negative, got {}", *o.refine_steps);
  if (o.threads < 0) fail("the number of threads must not be negative, got {}", o.threads);
  if (!is_utf8(o.rare_word)) fail("the word for rare categories is not UTF-8");
  if (o.rare_min < 0) fail("rare_min must not be negative, got {}", o.rare_min);
}

const char* phase_name(Progress::Phase phase) {
  return phase == Progress::Phase::kTraining ? "training"
         : phase == Progress::Phase::kWarmUp ? "warm-up"
                                             : "refinement";
}

}  // namespace meg
