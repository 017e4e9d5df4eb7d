#pragma once
#include <memory>
#include <span>

#include "core/nn/backend.h"

namespace meg::cpu {

/// What the operations were compiled for.
struct Level {
  const char* name;  // "v3": of x86-64
  bool (*has)();     // whether this machine has it
  std::unique_ptr<Backend> (*make)(int threads);
};

/// From the narrowest registers to the widest.
std::span<const Level> levels();

/// The best that this machine has, or what the environment variable MEG_CPU names. Throws Error (kDevice) where that is
/// none of levels(), or is not had. Thread-safe.
const Level& level();

}  // namespace meg::cpu
