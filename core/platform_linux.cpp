#include <sched.h>
#include <sys/resource.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>

#include "core/platform.h"

namespace meg {

namespace {

/// The cores' worth of time that a container gives (docs.kernel.org/admin-guide/cgroup-v2.html: cpu.max).
double quota_of_container() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");  // "200000 100000": of each 100 ms two cores' worth; or "max 100000"
  double quota = 0, period = 0;
  return file >> quota >> period && period > 0 ? quota / period : HUGE_VAL;
}

}  // namespace

int usable_cores() {
  static const int count = [] {
    cpu_set_t cores;
    const int all = sched_getaffinity(0, sizeof cores, &cores) == 0
                        ? CPU_COUNT(&cores)
                        : static_cast<int>(std::thread::hardware_concurrency());
    return std::max(1, static_cast<int>(std::min(std::ceil(quota_of_container()), static_cast<double>(all))));
  }();
  return count;
}

double peak_megabytes() {
  // getrusage() counts what the parent had when it started us as ours; this does not.
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(line.find(':') + 1)) / 1024.0;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

void return_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 20);  // glibc keeps ever more of them otherwise
#endif
}

std::string library_file(std::string_view name) { return "lib" + std::string(name) + ".so"; }

}  // namespace meg
