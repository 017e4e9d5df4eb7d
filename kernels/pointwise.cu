#include "core/nn/formulas.h"
#include "kernels/backend.h"
#include "kernels/device.h"
#include "kernels/dropout.h"

namespace meg::MEG_KERNELS {

namespace {

__global__ void activation_backward_kernel(Activation activation, ConstView y, ConstView dy, View dx) {
  for (std::size_t i = grid_thread(); i < dx.size(); i += grid_threads()) dx[i] = slope(activation, y[i]) * dy[i];
}

/// A thread draws one counter, which is for eight elements, sixteen apart.
__global__ void dropout_kernel(DropoutMask mask, View x) {
  const std::size_t count = x.size(), counters = (count + kDropoutBlock - 1) / kDropoutBlock * 16;
  for (std::size_t c = grid_thread(); c < counters; c += grid_threads()) {
    const auto word = mask.philox.bits(mask.step, static_cast<std::uint32_t>(c));
    for (std::size_t half = 0; half < kDropoutBlock / 16; ++half)
      if (const std::size_t i = c / 16 * kDropoutBlock + half * 16 + c % 16; i < count)
        x[i] *= mask.of_half(word, half);
  }
}

__global__ void add_scaled_kernel(float factor, ConstView x, float scale, View y) {
  for (std::size_t i = grid_thread(); i < y.size(); i += grid_threads()) y[i] = scale * y[i] + factor * x[i];
}

}  // namespace

void CudaBackend::activation_backward(Activation activation, ConstView y, ConstView dy, View dx) {
  check_alike(Device::kCuda, y, dy, dx);
  launch(queue_, {blocks_for(dx.size())}, activation_backward_kernel, activation, y, dy, dx);
}

void CudaBackend::dropout(const Dropout& dropout, View x) {
  check_alike(Device::kCuda, x);
  if (dropout.probability > 0) launch(queue_, {blocks_for(x.size() / 8 + 16)}, dropout_kernel, DropoutMask(dropout), x);
}

void CudaBackend::add_scaled(float factor, ConstView x, float scale, View y) {
  check_alike(Device::kCuda, x, y);
  launch(queue_, {blocks_for(y.size())}, add_scaled_kernel, factor, x, scale, y);
}

}  // namespace meg::MEG_KERNELS
