#pragma once
#include <cstddef>

namespace test {

/// How often any thread of this process has asked for memory. Counted by standing in front of glibc's malloc; always 0
/// under a sanitizer, which stands there itself.
std::size_t allocations();

}  // namespace test
