#pragma once
#ifndef __CUDACC__  // nvcc does not take fmt
#include <fmt/format.h>
#endif

#include <stdexcept>
#include <string>

namespace meg {

/// Every failure a caller can meet: one sentence that says what, where (file, line, column) and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

#ifndef __CUDACC__
/// Throws Error with a formatted sentence.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}
#endif

}  // namespace meg
