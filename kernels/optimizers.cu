#include "kernels/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

namespace {

/// scale: rate over the first moment's bias; correction: one over the second's.
__global__ void adam_kernel(std::size_t count, float scale, float correction, AdamOptions o, AdamState s) {
  float clip = 1.0f;
  if (o.clip > 0)
    if (const float norm = sqrtf(*s.square_norm); norm > o.clip) clip = o.clip / norm;
  const float decay = o.rate * o.weight_decay;
  for (std::size_t i = grid_thread(); i < count; i += grid_threads()) {
    const float p = s.parameter[i];
    const float g = clip * s.gradient[i] + o.l2 * p;
    const float m = o.beta1 * s.first[i] + (1.0f - o.beta1) * g;
    const float v = o.beta2 * s.second[i] + (1.0f - o.beta2) * g * g;
    const float stepped = p - (scale * m / (sqrtf(v * correction) + o.epsilon) + decay * p);
    s.gradient[i] = 0;
    s.first[i] = m;
    s.second[i] = v;
    s.parameter[i] = stepped;
    if (s.average) s.average[i] = o.average_decay * s.average[i] + (1.0f - o.average_decay) * stepped;
  }
}

}  // namespace

void CudaBackend::adam(std::size_t count, int step, const AdamOptions& options, const AdamState& state) {
  const auto t = static_cast<float>(step);
  const float scale = options.rate / (1.0f - std::pow(options.beta1, t));
  const float correction = 1.0f / (1.0f - std::pow(options.beta2, t));
  launch(queue_, {blocks_for(count)}, adam_kernel, count, scale, correction, options, state);
}

}  // namespace meg::MEG_KERNELS
