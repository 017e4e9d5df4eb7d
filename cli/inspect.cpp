#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/terminal_text.h"
#include "core/model_json.h"

namespace meg::cli {

namespace {

void inspect(const Meg& model) {
  const Options& o = model.options();
  fmt::print("preset   {}, {} columns, seed {}\n", o.preset, model.output_dim(), o.seed);
  fmt::print("trained  {} epochs, batch {}{}\n", model.epochs_done(), model.batch_size(),
             model.finished() ? model.refined() ? ", refined" : "" : ", not finished");
  fmt::print("options  {}\n", options_to_json(o));
  if (!model.generation_order().empty())
    fmt::print("order    {}{}\n", printable(fmt::format("{}", fmt::join(model.generation_order(), ", "))),
               model.any_order() ? "; any other under conditions" : "");
  if (!model.history().empty()) {
    const Progress last = model.history().back();
    fmt::print("last     {} {}", phase_name(last.phase), last.done);
    const auto put = [&](const char* name, double value) {
      if (!std::isnan(value)) fmt::print(", {} {:.4f}", name, value);
    };
    put("loss", last.loss);
    put("held-out loss", last.held_out_loss);
    put("loss D", last.discriminator);
    put("G", last.generator);
    put("held-out AUC of the discriminator", last.held_out_auc);
    fmt::print("\n");
  }
  fmt::print("\n");
  print_schema(model.schema());
  if (o.meg.rare_min > 1) fmt::print("\nrare values, held by fewer than {} rows, are hidden\n", o.meg.rare_min);
  for (const std::string& rule : o.rules)
    fmt::print("{}rule     {}\n", &rule == &o.rules[0] ? "\n" : "", printable(rule));
  for (const std::string& note : model.notes()) fmt::print("{}\n", printable(note));
}

}  // namespace

void add_inspect(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand("inspect", "Show what is in a model");
  const auto path = std::make_shared<std::string>();
  const auto json = std::make_shared<bool>(false);
  command.add_option("model", *path, "A model that `meg train` wrote")->required();
  command.add_flag("--json", *json, "Print all of it as a JSON object");
  command.callback([path, json, &status] {
    const Meg model = Meg::load_model(*path);
    *json ? fmt::print("{}\n", model_to_json(model)) : inspect(model);
    status = 0;
  });
}

}  // namespace meg::cli
