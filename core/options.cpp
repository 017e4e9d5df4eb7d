#include "core/options.h"

#include <nlohmann/json.hpp>

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

const char* phase_name(Progress::Phase phase) {
  return phase == Progress::Phase::kTraining ? "training"
         : phase == Progress::Phase::kWarmUp ? "warm-up"
                                             : "refinement";
}

}  // namespace meg
