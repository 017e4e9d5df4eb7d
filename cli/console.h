#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "core/table/schema.h"
#include "core/tensor/memory.h"

namespace meg::cli {

/// From now on Ctrl-C (and SIGTERM) is noted instead of ending the process; a second one ends it.
void catch_interrupts();
bool interrupted();

/// The exit status of a command that Ctrl-C ended.
inline constexpr int kInterrupted = 130;

/// Most memory that this process has held, in MB.
double peak_megabytes();

/// "85 ms", "4.2 s", "3 min 20 s", "2 h 5 min".
std::string duration_text(double seconds);
/// 12345678 -> "12.3 M", 4200 -> "4200".
std::string count_text(double count);

/// A table of the columns on standard output.
void print_schema(const Schema& schema);

/// "auto", "cpu" or "cuda"; auto is the GPU where this meg was built for one.
Device device_of(const std::string& name);

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
