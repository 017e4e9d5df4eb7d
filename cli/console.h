#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/table/infer/schema.h"
#include "core/tensor/memory.h"

namespace meg::cli {

/// From now on Ctrl-C (and SIGTERM, and the end of the terminal) is noted instead of ending the process; a second one
/// ends it.
void catch_interrupts();
/// From now on a pipe that nobody reads any more is an error of writing instead of the end of the process.
void outlive_readers();
/// From now on a file that may grow no more (ulimit -f) is an error of writing instead of the end of the process.
void outlive_file_limits();
bool interrupted();

/// The exit status of a command that Ctrl-C ended.
inline constexpr int kInterrupted = 130;

/// "85 ms", "4.2 s", "3 min 20 s", "2 h 5 min".
std::string duration_text(double seconds);
/// 12345678 -> "12.3 M", 4200 -> "4200".
std::string count_text(double count);

/// Throws Error where an output is one of the inputs or one of the other outputs, under whatever name: a table is
/// easily lost that way; and where two inputs are standard input. Empty names are passed over.
void check_files(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs);

/// A table of the columns on standard output.
void print_schema(const Schema& schema);

/// "auto", "cpu" or "cuda"; auto is the GPU where there is one that this meg was built for.
Device device_of(const std::string& name);
/// Says that `name` has become the GPU, or why auto has not; nothing where this meg knows the CPU alone.
void say_device(const std::string& name, Device device);
/// Says that Ctrl-C left nothing at `out`, and returns the exit status for that.
int say_stopped(const std::string& out);

/// Says where more threads are asked for than there are cores: so many are used.
void say_threads(int asked);

/// A line on stderr; where nobody can read it, nothing.
void say(const std::string& text);

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Progress on stderr: one living line on a terminal, a line every few seconds elsewhere, none when quiet.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet);
  ~ProgressLine();
  /// Whether show() would print now: so that nobody words a line in vain.
  bool due() const;
  void show(const std::string& text);

 private:
  bool quiet_, terminal_;
  bool open_ = false;  // a living line is on the screen
  double last_ = 0;
  Stopwatch watch_;
};

}  // namespace meg::cli
