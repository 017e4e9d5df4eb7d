#include "core/nn/formulas.h"
#include "cpu/backend.h"
#include "cpu/lanes.h"

namespace meg::cpu {

void CpuBackend::adam(int step, const AdamOptions& options, const AdamState& state) {
  check_alike(Device::kCpu, state.gradient, state.parameter, state.first, state.second);
  const float clip = clip_factor(options.clip, state.square_norm.data());
  const AdamStep adam_step(options, step);
  pool_.run_blocks(state.parameter.size(), 30, [&](std::size_t begin, std::size_t end) {
    // Local copies: in memory that others see every store could change an option, and nothing would be vectorized.
    const AdamOptions o = options;
    const AdamState s = state;
    const AdamStep next = adam_step;
    MEG_INDEPENDENT
    for (std::size_t i = begin; i < end; ++i) {
      float m = s.first[i], v = s.second[i];
      const float stepped = next(o, clip * s.gradient[i], s.parameter[i], m, v);
      s.gradient[i] = 0;
      s.first[i] = m;
      s.second[i] = v;
      s.parameter[i] = stepped;
    }
    if (s.average)
      MEG_INDEPENDENT
      for (std::size_t i = begin; i < end; ++i)
        s.average[i] = moving_average(o.average_decay, s.average[i], s.parameter[i]);
  });
}

}  // namespace meg::cpu
