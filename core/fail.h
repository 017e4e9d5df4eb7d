#pragma once
#include <fmt/format.h>

#include <utility>

#include "meg/error.h"

namespace meg {

/// Throws Error with a formatted sentence. Most are of data that is not what it should be.
template <class... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...), code);
}
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  fail(ErrorCode::kBadData, format, std::forward<Args>(args)...);
}

}  // namespace meg
