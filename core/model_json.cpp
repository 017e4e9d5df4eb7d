#include "core/model_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/table/infer/schema.h"

namespace meg {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Progress& p) {
  Json out{{"phase", phase_name(p.phase)},
           {p.phase == Progress::Phase::kRefinement ? "step" : "epoch", p.done},
           {"of", p.of}};
  const auto put = [&](const char* name, double value) {
    if (!std::isnan(value)) out[name] = value;
  };
  put("loss", p.loss);
  put("held_out_loss", p.held_out_loss);
  put("discriminator_loss", p.discriminator);
  put("generator_loss", p.generator);
  put("held_out_auc", p.held_out_auc);
  return out;
}

}  // namespace

std::string progress_to_json(const Progress& progress) { return json_of(progress).dump(); }

std::string imputed_to_json(const Imputed& imputed) {
  return Json{{"filled", imputed.filled},
              {"still_missing", imputed.still_missing},
              {"out_of_range", imputed.out_of_range},
              {"unknown", imputed.unknown},
              {"first_unknown", imputed.first_unknown}}
      .dump();
}

std::string model_to_json(const Meg& model) {
  Json history = Json::array();
  for (const Progress& line : model.history()) history.push_back(json_of(line));
  const Json out{{"preset", model.options().preset}, {"columns", model.output_dim()},
                 {"noise", model.input_dim()},       {"options", Json::parse(options_to_json(model.options()))},
                 {"epochs", model.epochs_done()},    {"batch_size", model.batch_size()},
                 {"finished", model.finished()},     {"refined", model.refined()},
                 {"any_order", model.any_order()},   {"order", model.generation_order()},
                 {"rules", model.options().rules},   {"notes", model.notes()},
                 {"history", std::move(history)},    {"schema", Json::parse(schema_to_json(model.schema()))}};
  return out.dump(2);
}

}  // namespace meg
