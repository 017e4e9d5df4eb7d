#pragma once
#include "core/nn/formulas.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

/// Parameters and their moments, in shared memory for as long as the launch takes.
class Held {
 public:
  static constexpr std::size_t bytes(std::size_t room, bool averages) {
    return (averages ? 4 : 3) * SharedMemory::bytes<float>(room);
  }
  __device__ Held(SharedMemory& shared, std::size_t room, bool averages)
      : parameter_(shared.take<float>(room)),
        first_(shared.take<float>(room)),
        second_(shared.take<float>(room)),
        average_(averages ? shared.take<float>(room) : parameter_),
        averages_(averages) {}

  /// From and to place(e) of the blocks of a state, e < count. What has no place there begins as zero.
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  template <class Place>
  __device__ void load(unsigned count, const AdamState& from, const Place& place) const {
    for (unsigned e = threadIdx.x; e < count; e += blockDim.x) {
      const std::size_t at = place(e);
      const bool there = at != kNowhere;
      parameter_[e] = there ? from.parameter[at] : 0.0f;
      first_[e] = there ? from.first[at] : 0.0f;
      second_[e] = there ? from.second[at] : 0.0f;
      if (averages_) average_[e] = there ? from.average[at] : 0.0f;
    }
  }
  template <class Place>
  __device__ void store(unsigned count, const AdamState& to, const Place& place) const {
    for (unsigned e = threadIdx.x; e < count; e += blockDim.x) {
      const std::size_t at = place(e);
      if (at == kNowhere) continue;
      to.parameter[at] = parameter_[e], to.first[at] = first_[e], to.second[at] = second_[e];
      if (averages_) to.average[at] = average_[e];
    }
  }
  __device__ float operator[](std::size_t e) const { return parameter_[e]; }
  __device__ Four four(std::size_t e) const { return read_four(parameter_, e); }
  /// Adam's step of parameters e ... e + count - 1, count <= most. Up to e + most - 1 they are there, and are read.
  template <unsigned most>
  __device__ void step(std::size_t e, const float (&gradients)[most], unsigned count, const AdamOptions& o,
                       const AdamStep& step, float decay) const {
    float p[most], m[most], v[most];
#pragma unroll
    for (unsigned n = 0; n < most; ++n) p[n] = parameter_[e + n], m[n] = first_[e + n], v[n] = second_[e + n];
#pragma unroll
    for (unsigned n = 0; n < most; ++n) p[n] = step(o, gradients[n], p[n], m[n], v[n]);
#pragma unroll
    for (unsigned n = 0; n < most; ++n)
      if (n < count) {
        parameter_[e + n] = p[n], first_[e + n] = m[n], second_[e + n] = v[n];
        if (averages_) average_[e + n] = moving_average(decay, average_[e + n], p[n]);
      }
  }

 private:
  Shared<float> parameter_, first_, second_, average_;
  bool averages_;
};

}  // namespace meg::MEG_KERNELS
