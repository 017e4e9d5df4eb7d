#include <vector_types.h>

#include <array>
#include <cstdint>

#define QUALIFIERS static inline  // cuRAND's: __device__, where they are not told otherwise
#include <curand_philox4x32_x.h>

// cuRAND's source on the host: Random123's header, beside which it cannot stand, has a function of the same name.

namespace test {

std::array<std::uint32_t, 4> curand_philox(const std::array<std::uint32_t, 4>& counter,
                                           const std::array<std::uint32_t, 2>& key) {
  const uint4 out = curand_Philox4x32_10({counter[0], counter[1], counter[2], counter[3]}, {key[0], key[1]});
  return {out.x, out.y, out.z, out.w};
}

}  // namespace test
