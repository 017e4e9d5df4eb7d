#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

#include "cli/commands.h"
#include "core/error.h"

namespace {

constexpr int kFailed = 1, kUsage = 2;

int say(const char* sentence) {
  fmt::print(stderr, "meg: {}\n", sentence);
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("meg learns a table and writes synthetic rows like it.", "meg");
  program.set_version_flag("--version", "meg " MEG_VERSION);
  program.require_subcommand(1);
  program.get_formatter()->column_width(34);
  program.option_defaults()->always_capture_default();
  int status = 0;
  meg::cli::add_train(program, status);
  meg::cli::add_generate(program, status);
  meg::cli::add_evaluate(program, status);
  meg::cli::add_schema(program, status);
  meg::cli::add_inspect(program, status);
  try {
    program.parse(argc, argv);
    return status;
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : kUsage;
  } catch (const meg::Error& error) {
    return say(error.what());
  } catch (const std::bad_alloc&) {
    return say("out of memory");
  } catch (const std::exception& error) {
    return say(error.what());
  }
}
