#pragma once
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace meg {

/// A number, or a sentence that says why there is none: "the column is constant". Never NaN.
struct Measured {
  std::optional<double> value;
  std::string reason;  ///< empty where there is a value

  Measured() = default;
  Measured(double number) {  // NOLINT: a number is a measured number
    if (std::isfinite(number))
      value = number;
    else
      reason = "it is undefined for these values";
  }
  static Measured none(std::string why) {
    Measured out;
    out.reason = std::move(why);
    return out;
  }
  explicit operator bool() const { return value.has_value(); }
  double operator*() const { return *value; }
};

/// A number, or the reason where it is NaN.
inline Measured number_or(double number, const char* reason) {
  return std::isnan(number) ? Measured::none(reason) : Measured(number);
}

}  // namespace meg
