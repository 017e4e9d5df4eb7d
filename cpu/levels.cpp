#include "cpu/levels.h"

#include <cstdlib>
#include <string>
#include <string_view>

#include "core/fail.h"

namespace meg::cpu {

#define MEG_DECLARE(level)                    \
  namespace level {                           \
  std::unique_ptr<Backend> make(int threads); \
  }

#ifdef MEG_X86_LEVELS
MEG_DECLARE(v2)
MEG_DECLARE(v3)
MEG_DECLARE(v4)

namespace {

bool has_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}
bool has_v4() {
  return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

constexpr Level kLevels[] = {{"v2", [] { return true; }, v2::make}, {"v3", has_v3, v3::make}, {"v4", has_v4, v4::make}};

}  // namespace
#else
MEG_DECLARE(baseline)

namespace {

constexpr Level kLevels[] = {{"baseline", [] { return true; }, baseline::make}};

}  // namespace
#endif

namespace {

const Level& choose() {
  const char* const wanted = std::getenv("MEG_CPU");
  if (!wanted || !*wanted) {
    const Level* best = kLevels;
    for (const Level& level : kLevels)
      if (level.has()) best = &level;
    return *best;
  }
  std::string names;
  for (const Level& level : kLevels) {
    if (level.name == std::string_view(wanted)) {
      if (!level.has()) fail(ErrorCode::kDevice, "MEG_CPU is {}, which this processor does not have", wanted);
      return level;
    }
    names += (names.empty() ? "" : ", ") + std::string(level.name);
  }
  fail(ErrorCode::kDevice, "MEG_CPU is \"{}\": this meg was compiled for {}", wanted, names);
}

}  // namespace

std::span<const Level> levels() { return kLevels; }

const Level& level() {
  static const Level& chosen = choose();
  return chosen;
}

}  // namespace meg::cpu
