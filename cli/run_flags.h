#pragma once
#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>

#include "cli/console.h"
#include "core/options.h"

namespace meg::cli {

/// Rows that a command works on between two looks at Ctrl-C.
inline constexpr std::size_t kChunkRows = 16384;

/// The flags that say how a command with a trained model computes and what it says.
struct RunFlags {
  std::string device = "auto";
  int threads = 0;
  bool quiet = false;

  void add_to(CLI::App& command) {
    command.add_option("--threads", threads, "CPU threads, 0 = all cores; no result depends on it")
        ->check(CLI::Range(0, 1024));
    command.add_option("--device", device, "Where to compute")->check(CLI::IsMember({"auto", "cpu", "cuda"}));
    command.add_flag("--quiet", quiet, "Say nothing but errors");
  }

  Options options() const {
    Options options;
    options.device = device_of(device);
    options.threads = threads;
    return options;
  }
};

}  // namespace meg::cli
