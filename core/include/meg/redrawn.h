#pragma once
#include <cstddef>

namespace meg {

/// What the rules that were stated took while rows were made; see docs/rules.md.
struct Redrawn {
  std::size_t rows = 0;    ///< that broke a rule when they were first drawn, and were drawn again
  std::size_t draws = 0;   ///< of these rows, in all
  std::size_t mended = 0;  ///< of them: so many broke a rule in every draw, and one of their cells was set instead
};

}  // namespace meg
