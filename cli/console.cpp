#include "cli/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>

#include "cli/terminal_text.h"
#include "core/fail.h"
#include "core/nn/backend.h"
#include "core/output_file.h"
#include "core/platform.h"

namespace meg::cli {

namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

void note_interrupt(int signal) {
  interrupt_seen = 1;
  std::signal(signal, SIG_DFL);
}

/// Seconds between two updates.
constexpr double kTerminalPause = 0.1, kLogPause = 5.0;

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
  if (std::signal(SIGHUP, note_interrupt) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // under nohup it stays ignored
}

void outlive_readers() { std::signal(SIGPIPE, SIG_IGN); }

void outlive_file_limits() { std::signal(SIGXFSZ, SIG_IGN); }

void say(const std::string& text) { std::fputs((printable(text) + "\n").c_str(), stderr); }

void say_threads(int asked) {
  const int cores = usable_cores();
  if (asked > cores)
    say(fmt::format("meg: {} threads would wait for each other on this machine's {}, and as many are used", asked,
                    cores == 1 ? "one core" : fmt::format("{} cores", cores)));
}

bool interrupted() { return interrupt_seen != 0; }

std::string duration_text(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long>(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

std::string count_text(double count) {
  if (count >= 1e6) return fmt::format("{:.1f} M", count / 1e6);
  if (count >= 1e4) return fmt::format("{:.0f} k", count / 1e3);
  return fmt::format("{:.0f}", count);
}

namespace {

/// Whether two names are of one file, though it may not be there yet. Devices may be named more than once.
bool same_file(const std::string& a, const std::string& b) {
  std::error_code not_there;
  if (a.empty() || b.empty()) return false;
  if (std::filesystem::exists(a, not_there) && std::filesystem::exists(b, not_there))
    return std::filesystem::is_regular_file(a, not_there) && std::filesystem::equivalent(a, b, not_there);
  const auto place = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(written_path(path), not_there);
  };
  return place(a) == place(b);
}

}  // namespace

void check_files(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  if (std::count(inputs.begin(), inputs.end(), "-") > 1)
    fail("standard input (-) can be one of the tables, not two: give the other as a file");
  std::error_code not_there;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (const std::string& in : inputs)
      if (in != "-" && std::filesystem::exists(in, not_there) && same_file(in, outputs[i]))
        fail("'{}' would be written over '{}', which is read here: write to another file", outputs[i], in);
    for (std::size_t j = 0; j < i; ++j)
      if (same_file(outputs[i], outputs[j])) fail("'{}' is named for two outputs: write them to two files", outputs[i]);
  }
}

Device device_of(const std::string& name) {
  return name == "cuda" || (name == "auto" && cuda_obstacle().empty()) ? Device::kCuda : Device::kCpu;
}

void say_device(const std::string& name, Device device) {
  if (device == Device::kCuda)
    say("computing on the GPU");
  else if (name == "auto" && has_cuda())
    say("computing on the CPU: " + cuda_obstacle());
}

int say_stopped(const std::string& out) {
  say("stopped" + (out == "-" ? "" : "; nothing was written to " + out));
  return kInterrupted;
}

ProgressLine::ProgressLine(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
  if (open_) std::fputs("\n", stderr);
}

bool ProgressLine::due() const {
  return !quiet_ && watch_.seconds() - last_ >= (terminal_ ? kTerminalPause : kLogPause);
}

void ProgressLine::show(const std::string& text) {
  last_ = watch_.seconds();
  open_ = terminal_;
  // Back to the line's start and clear it.
  std::fputs(((terminal_ ? "\r\x1b[K" : "") + text + (terminal_ ? "" : "\n")).c_str(), stderr);
}

}  // namespace meg::cli
