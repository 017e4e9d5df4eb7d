#pragma once
#include <cstddef>
#include <string>

namespace meg {

/// What Meg::impute did, added up over its calls.
struct Imputed {
  std::size_t filled = 0;         ///< cells
  std::size_t still_missing = 0;  ///< missing cells of columns that the model has not learned: they remain
  std::size_t out_of_range = 0;   ///< present numbers beyond the model's range, which count as its nearest
  /// Present cells that mean nothing to the model, such as categories that it has never seen: nothing is concluded from
  /// them.
  std::size_t unknown = 0;
  std::string first_unknown;  ///< what and where the first of these is
};

}  // namespace meg
