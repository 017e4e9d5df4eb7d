#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/option_flags.h"
#include "meg/error.h"

namespace {

constexpr int kFailed = 1, kUsage = 2;

int fail_saying(const std::string& sentence) {
  meg::cli::say("meg: " + sentence);
  return kFailed;
}

/// `status`, unless what was printed did not reach standard output.
int finish(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  return fail_saying(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("meg learns a table and writes synthetic rows like it.", "meg");
  program.set_version_flag("--version", "meg " MEG_VERSION);
  program.require_subcommand(1);
  program.footer("`meg help COMMAND` says what a command takes.");
  program.get_formatter()->column_width(34);
  program.option_defaults()->always_capture_default();
  meg::cli::outlive_file_limits();
  int status = 0;
  meg::cli::add_train(program, status);
  meg::cli::add_generate(program, status);
  meg::cli::add_impute(program, status);
  meg::cli::add_evaluate(program, status);
  meg::cli::add_report(program, status);
  meg::cli::add_score(program, status);
  meg::cli::add_schema(program, status);
  meg::cli::add_inspect(program, status);
  meg::cli::add_completion(program, status);
  meg::cli::add_version(program, status);
  try {
    std::vector<std::string> words = meg::cli::command_line(program, argc, argv);
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    program.parse(std::move(words));
    return finish(status);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? finish(0) : kUsage;
  } catch (const meg::Error& error) {
    return fail_saying(meg::cli::in_flags(error.what()));
  } catch (const std::bad_alloc&) {
    return fail_saying("out of memory");
  } catch (const std::exception& error) {
    return fail_saying(error.what());
  }
}
