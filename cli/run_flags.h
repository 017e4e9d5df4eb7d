#pragma once
#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>

#include "cli/console.h"
#include "cli/option_flags.h"
#include "core/option_values.h"
#include "meg/options.h"

namespace meg::cli {

/// Rows that a command works on between two looks at Ctrl-C.
inline constexpr std::size_t kChunkRows = 16384;

/// The flags that say how a command with a model computes and what it says.
struct RunFlags {
  std::string device = "auto";
  bool quiet = false;
  Options machine;  ///< of it those of OptionScope::kMachine, but the device

  void add_to(CLI::App& command) {
    for (const Option& option : kOptions)
      if (option.name == "device")
        command.add_option("--device", device, std::string(option.help))->check(CLI::IsMember({"auto", "cpu", "cuda"}));
      else if (option.scope == OptionScope::kMachine)
        add_flag_of(option, command, machine);
    command.add_flag("--quiet", quiet, "Say nothing but errors");
  }

  /// These, and of `others` all else.
  Options options(Options others = {}) const {
    if (!quiet) say_threads(machine.threads);
    Options out = machine;
    out.device = device_of(device);
    copy_options(out, OptionScope::kMachine, others);
    return others;
  }
};

}  // namespace meg::cli
