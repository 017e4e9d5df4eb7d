#pragma once
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "cli/console.h"
#include "meg/options.h"

namespace meg::cli {

/// Rows that a command works on between two looks at Ctrl-C.
inline constexpr std::size_t kChunkRows = 16384;

/// The flags that say how a command with a model computes and what it says.
struct RunFlags {
  std::string device = "auto";
  int threads = 0;
  Precision precision = Options().precision;
  bool quiet = false;

  void add_to(CLI::App& command) {
    const std::map<std::string, Precision> precisions{
        {"fp32", Precision::kFp32}, {"tf32", Precision::kTf32}, {"bf16", Precision::kBf16}};
    const auto same = [&](const auto& named) { return named.second == precision; };
    command.add_option("--threads", threads, "CPU threads, 0 = all cores; no result depends on it")
        ->check(CLI::Range(0, 1024));
    command.add_option("--device", device, "Where to compute")->check(CLI::IsMember({"auto", "cpu", "cuda"}));
    command.add_option("--precision", precision, "What a GPU rounds the factors of its products to: fp32 not at all")
        ->option_text(
            fmt::format("fp32|tf32|bf16 [{}]", std::find_if(precisions.begin(), precisions.end(), same)->first))
        ->transform(CLI::CheckedTransformer(precisions));
    command.add_flag("--quiet", quiet, "Say nothing but errors");
  }

  Options options() const {
    Options options;
    set(options);
    return options;
  }
  void set(Options& options) const {
    options.device = device_of(device);
    options.threads = threads;
    options.precision = precision;
  }
};

}  // namespace meg::cli
