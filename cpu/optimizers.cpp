#include "core/nn/formulas.h"
#include "cpu/backend.h"
#include "cpu/lanes.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

void CpuBackend::adam(int step, const AdamOptions& options, const AdamState& state) {
  check_alike(Device::kCpu, state.gradient, state.parameter, state.first, state.second);
  const float clip = clip_factor(options.clip, state.square_norm.data());
  const AdamStep adam_step(options, step);
  pool_.run_blocks(state.parameter.size(), 30, [&](std::size_t begin, std::size_t end) {
    for_independent(begin, end, [=, o = options, s = state, next = adam_step](std::size_t i) {
      float m = s.first[i], v = s.second[i];
      const float stepped = next(o, clip * s.gradient[i], s.parameter[i], m, v);
      s.gradient[i] = 0;
      s.first[i] = m;
      s.second[i] = v;
      s.parameter[i] = stepped;
    });
    if (state.average)
      for_independent(begin, end, [s = state, decay = options.average_decay](std::size_t i) {
        s.average[i] = moving_average(decay, s.average[i], s.parameter[i]);
      });
  });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
