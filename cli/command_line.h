#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace meg::cli {

/// The words behind the program's name. `meg help` and `meg help COMMAND` become the flags that they
/// stand for. Throws CLI::ParseError, naming the nearest command, where the first word is neither a command nor a flag.
std::vector<std::string> command_line(const CLI::App& program, int argc, char** argv);

}  // namespace meg::cli
