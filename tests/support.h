#pragma once
#include <doctest/doctest.h>

#include <concepts>
#include <vector>

#include "core/tensor/philox.h"
#include "tests/reference.h"

namespace test {

using Floats = std::vector<float>;

/// Standard normal numbers, the same every run.
inline Floats random(std::size_t count, std::uint64_t seed) {
  const meg::Philox philox(seed, meg::Stream::kMeasure);
  Floats out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = philox.normal(i, 0)[0];
  return out;
}

/// A vector as a matrix of so many rows.
template <class Vector>
auto in_rows(Vector& x, std::integral auto rows) {
  using Element = std::remove_reference_t<decltype(*x.data())>;
  const auto count = static_cast<std::size_t>(rows);
  return meg::BasicView<Element>(x.data(), count, count > 0 ? x.size() / count : 0, meg::Device::kCpu);
}

inline reference::Doubles doubles(const Floats& x) { return {x.begin(), x.end()}; }

/// |got - expected| <= tolerance * (1 + |expected|), element by element: float32 sums of K products round to about
/// 1e-7 sqrt(K) of their size.
inline void check_close(const Floats& got, const reference::Doubles& expected, double tolerance) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CHECK(static_cast<double>(got[i]) == doctest::Approx(expected[i]).epsilon(tolerance));
  }
}

}  // namespace test
