#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "meg/device.h"
#include "meg/error.h"

/// The tests, where the processor has what MEG_CPU names; else 77, by which ctest knows a skipped test.
int main(int argc, char** argv) try {
  meg::cpu_level();
  return doctest::Context(argc, argv).run();
} catch (const meg::Error& error) {
  std::printf("%s\n", error.what());
  return 77;
}
