#include "core/nn/formulas.h"
#include "kernels/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

namespace {

__global__ void adam_kernel(AdamOptions o, AdamStep step, AdamState s) {
  const float clip = clip_factor(o.clip, s.square_norm.data());
  for (std::size_t i = grid_thread(); i < s.parameter.size(); i += grid_threads()) {
    float m = s.first[i], v = s.second[i];
    const float stepped = step(o, clip * s.gradient[i], s.parameter[i], m, v);
    s.gradient[i] = 0;
    s.first[i] = m;
    s.second[i] = v;
    s.parameter[i] = stepped;
    if (s.average) s.average[i] = moving_average(o.average_decay, s.average[i], stepped);
  }
}

}  // namespace

void CudaBackend::adam(int step, const AdamOptions& options, const AdamState& state) {
  check_alike(Device::kCuda, state.gradient, state.parameter, state.first, state.second);
  launch(queue_, {blocks_for(state.parameter.size())}, adam_kernel, options, AdamStep(options, step), state);
}

}  // namespace meg::MEG_KERNELS
