#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.h"
#include "core/measure/boosted_trees.h"
#include "core/table/arrow/plugin.h"
#include "cpu/levels.h"

namespace meg::cli {

namespace {

std::string arrow_obstacle() try {
  arrow_plugin();
  return "";
} catch (const std::exception& error) {
  return error.what();
}

void print_details() {
  std::vector<std::string> levels;
  for (const cpu::Level& level : cpu::levels()) levels.push_back(level.name);
  const auto yes_or = [](const std::string& obstacle) { return obstacle.empty() ? "yes" : "no: " + obstacle; };
  fmt::print("cpu            {}, compiled for {}; the environment variable MEG_CPU names another\n", cpu_level(),
             fmt::join(levels, ", "));
  fmt::print("cuda           {}\n", yes_or(cuda_obstacle()));
  fmt::print("Parquet, Arrow {}\n", yes_or(arrow_obstacle()));
  fmt::print("boosted trees  {}\n", yes_or(BoostedTrees::available() ? "" : BoostedTrees::kMissing));
}

}  // namespace

void add_version(CLI::App& program, int& status) {
  CLI::App& command = *program.add_subcommand("version", "Say which meg this is");
  const auto verbose = std::make_shared<bool>(false);
  command.add_flag("--verbose", *verbose, "What it computes with, and what it can read");
  command.callback([verbose, &status] {
    fmt::print("meg " MEG_VERSION "\n");
    if (*verbose) print_details();
    status = 0;
  });
}

}  // namespace meg::cli
