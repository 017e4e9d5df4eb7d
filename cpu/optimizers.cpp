#include <cmath>

#include "cpu/backend.h"

namespace meg::cpu {

void CpuBackend::adam(std::size_t count, int step, const AdamOptions& options, const AdamState& state) {
  const auto t = static_cast<float>(step);
  const float scale = options.rate / (1.0f - std::pow(options.beta1, t));
  const float correction = 1.0f / (1.0f - std::pow(options.beta2, t));
  const float norm = options.clip > 0 ? std::sqrt(*state.square_norm) : 0.0f;
  const float clip = norm > options.clip ? options.clip / norm : 1.0f;
  pool_.run_blocks(count, 30, [&](std::size_t begin, std::size_t end) {
    // Local copies: in memory that others see every store could change an option, and nothing would be vectorized.
    const AdamOptions o = options;
    const AdamState s = state;
    const float decay = o.rate * o.weight_decay;
#pragma GCC ivdep
    for (std::size_t i = begin; i < end; ++i) {
      const float g = clip * s.gradient[i] + o.l2 * s.parameter[i];
      const float m = o.beta1 * s.first[i] + (1.0f - o.beta1) * g;
      const float v = o.beta2 * s.second[i] + (1.0f - o.beta2) * g * g;
      s.gradient[i] = 0;
      s.first[i] = m;
      s.second[i] = v;
      s.parameter[i] -= scale * m / (std::sqrt(v * correction) + o.epsilon) + decay * s.parameter[i];
    }
    if (s.average)
#pragma GCC ivdep
      for (std::size_t i = begin; i < end; ++i)
        s.average[i] = o.average_decay * s.average[i] + (1.0f - o.average_decay) * s.parameter[i];
  });
}

}  // namespace meg::cpu
