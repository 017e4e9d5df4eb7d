#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "meg/options.h"

namespace meg::cli {

/// "--rare-min" of the option rare_min.
std::string flag_of(const Option& option);

/// What the help of its flag says of an option.
std::string help_of(const Option& option);

/// Adds the flag of an option, which sets it in `options`, with help and defaults from kOptions.
CLI::Option* add_flag_of(const Option& option, CLI::App& command, Options& options);

/// What `name` and `name=value` are in the sentence of an Error, an option or an argument of the library, as flags.
std::string in_flags(std::string_view sentence);

}  // namespace meg::cli
