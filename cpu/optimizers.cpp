#include <cmath>

#include "cpu/backend.h"

namespace meg::cpu {

void CpuBackend::adam(std::size_t count, int step, const AdamOptions& options, const float* gradient, float* parameter,
                      float* first, float* second) {
  const auto t = static_cast<float>(step);
  const float scale = options.rate / (1.0f - std::pow(options.beta1, t));
  const float correction = 1.0f / (1.0f - std::pow(options.beta2, t));
  // `o` is a copy: through the reference every store could change an option, and nothing would be vectorized.
  pool_.run_blocks(count, 30, [=, o = options](std::size_t begin, std::size_t end) {
    const float decay = o.rate * o.weight_decay;
#pragma GCC ivdep
    for (std::size_t i = begin; i < end; ++i) {
      const float g = gradient[i] + o.l2 * parameter[i];
      const float m = o.beta1 * first[i] + (1.0f - o.beta1) * g;
      const float v = o.beta2 * second[i] + (1.0f - o.beta2) * g * g;
      first[i] = m;
      second[i] = v;
      parameter[i] -= scale * m / (std::sqrt(v * correction) + o.epsilon) + decay * parameter[i];
    }
  });
}

}  // namespace meg::cpu
