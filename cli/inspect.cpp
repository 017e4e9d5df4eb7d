#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "cli/commands.h"
#include "cli/console.h"
#include "core/meg.h"

namespace meg::cli {

namespace {

void inspect(const std::string& path) {
  const Meg model = Meg::load_model(path);
  const Options& o = model.options();
  fmt::print("preset         classic: {} columns, noise {}, hidden {}\n", model.output_dim(), o.input_dim,
             fmt::join(o.hidden, "-"));
  fmt::print("trained        {} epochs, batch {}, Adam {} (beta1 {}), gamma {}, dropout {}, L2 {}, seed {}\n",
             model.epochs_done(), model.batch_size(), o.learning_rate, o.beta1, o.gamma, o.dropout, o.l2, o.seed);
  if (!model.history().empty()) {
    const Progress& last = model.history().back();
    fmt::print("last measured  epoch {}: loss D {:.4f} G {:.4f}", last.epoch, last.discriminator, last.generator);
    if (!std::isnan(last.held_out_auc)) fmt::print(", held-out AUC of the discriminator {:.3f}", last.held_out_auc);
    fmt::print("\n");
  }
  fmt::print("\n");
  print_schema(model.schema());
}

}  // namespace

void add_inspect(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand("inspect", "Show what is in a model");
  const auto path = std::make_shared<std::string>();
  command.add_option("model", *path, "A model that `meg train` wrote")->required();
  command.callback([path, &status] {
    inspect(*path);
    status = 0;
  });
}

}  // namespace meg::cli
