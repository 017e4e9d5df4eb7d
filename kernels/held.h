#pragma once
#include "kernels/adam.h"
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
  /// Adam's step of one parameter.
  __device__ void step(std::size_t e, float gradient, const AdamOptions& o, const AdamStep& step, float decay) const {
    float m = first_[e], v = second_[e];
    const float p = step(o, gradient, parameter_[e], m, v);
    parameter_[e] = p, first_[e] = m, second_[e] = v;
    if (averages_) average_[e] = decay * average_[e] + (1.0f - decay) * p;
  }

 private:
  Shared<float> parameter_, first_, second_, average_;
  bool averages_;
};

}  // namespace meg::MEG_KERNELS
