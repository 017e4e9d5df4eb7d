#pragma once
#include "kernels/bce.h"
#include "kernels/held.h"
#include "kernels/reduce.h"

namespace meg::MEG_KERNELS {

/// A discriminator with one hidden layer of ReLUs, in the shared memory of a block that does all that it does. Its
/// parameters are [columns + 1, hidden] of the first layer and [hidden + 1] of the last: a bias is the weights of an
/// input that is always one. A warp judges a row; a lane has every 32nd unit, 32 at most. Between two of the functions
/// that all threads call is a barrier.
class Judge {
 public:
  static constexpr unsigned kMostHidden = 32 * 32;

  __device__ Judge(SharedMemory& shared, unsigned rows, unsigned columns, unsigned hidden)
      : columns_(columns),
        hidden_(hidden),
        last_((columns + 1) * hidden),
        words_((hidden + 31) / 32),
        held_(shared, count(columns, hidden), false),
        gradients_(shared.take<float>(count(columns, hidden))),
        learned_(shared.take<float>(2 * rows * (columns + 1))),
        losses_(shared.take<float>(2 * rows)),
        masks_(shared.take<unsigned>(2 * rows * words_)) {}
  static std::size_t shared_bytes(std::size_t rows, std::size_t columns, std::size_t hidden) {
    return Held::bytes(count(columns, hidden), false) + SharedMemory::bytes<float>(count(columns, hidden)) +
           SharedMemory::bytes<float>(2 * rows * (columns + 1)) + SharedMemory::bytes<float>(2 * rows) +
           SharedMemory::bytes<unsigned>(2 * rows * ((hidden + 31) / 32));
  }

  __device__ void load(const AdamState& state) const {
    held_.load(parameters(), state, [](unsigned e) { return e; });
  }
  __device__ void store(const AdamState& state) const {
    held_.store(parameters(), state, [](unsigned e) { return e; });
  }

  // --- learning, function after function
  /// What each row says, of `rows` real ones and as many generated ones behind them, x [2 rows, columns]. With m = 1
  /// for a positive unit, else 0, the derivative dl of the BCE by the logit, and the tangent of the penalty, t = gamma
  /// / rows * d logit / dx, the gradient of the loss is
  ///
  ///     dw0[i, j] = w1[j] S[i, j],  S[i, j] = sum of m[r, j] learned[r, i],  learned = [x dl + t | dl]
  ///     dw1[j] = sum of m ((x w0 + b0) dl + t w0) = sum of w0[i, j] S[i, j],  db1 = sum of dl
  ///
  /// where the bias b0 is the last row of w0: double backward is the same sums, of something else.
  __device__ void judge(Shared<float> rows_x, unsigned rows, float gamma) const {
    const float share = 1.0f / static_cast<float>(rows), factor = gamma * share;
    for (unsigned r = threadIdx.x / 32; r < 2 * rows; r += blockDim.x / 32) {
      const Shared<float> x = rows_x + r * columns_, learned = learned_ + r * (columns_ + 1);
      unsigned positive;
      const Bce bce(logit(x, positive), r < rows ? 1.0f : 0.0f);
      for (unsigned n = 0; n < words_; ++n) {
        const unsigned word = __ballot_sync(0xffffffff, (positive >> n & 1) != 0);
        if (lane() == 0) masks_[r * words_ + n] = word;
      }
      float square = 0;
      for (unsigned i = 0; i < columns_; ++i) {
        const float g = factor > 0.0f ? slope(i, positive) : 0.0f;
        square += g * g;
        if (lane() == 0) learned[i] = x[i] * (share * bce.slope) + factor * g;
      }
      if (lane() == 0) {
        learned[columns_] = share * bce.slope;
        losses_[r] = share * bce.loss + 0.5f * factor * square;
      }
    }
  }
  /// The sums S, in the places of the gradients of w0, and the gradient of b1. The loss is added to *loss, unless null.
  __device__ void sum_up(unsigned rows, float* loss) const {
    for (unsigned e = threadIdx.x; e < last_; e += blockDim.x) {
      const unsigned i = e / hidden_, j = e % hidden_;
      float sum = 0;
      for (unsigned r = 0; r < 2 * rows; ++r) {
        const unsigned word = masks_[r * words_ + j / 32];
        if (word >> j % 32 & 1) sum += learned_[r * (columns_ + 1) + i];
      }
      gradients_[e] = sum;
    }
    if (!in_last_warp()) return;
    const float bias = total(learned_ + columns_, 2 * rows, columns_ + 1);
    if (lane() == 0) gradients_[last_ + hidden_] = bias;
    add_losses(2 * rows, loss);
  }
  /// The gradients from the sums. A thread has a unit.
  __device__ void differentiate() const {
    for (unsigned j = threadIdx.x; j < hidden_; j += blockDim.x) {
      float sum = 0;
      for (unsigned e = j; e < last_; e += hidden_) {
        const float s = gradients_[e];
        sum += held_[e] * s;
        gradients_[e] = held_[last_ + j] * s;
      }
      gradients_[last_ + j] = sum;
    }
  }
  __device__ void learn(const AdamOptions& options, const AdamStep& step) const {
    for (unsigned e = threadIdx.x; e < parameters(); e += blockDim.x) held_.step(e, gradients_[e], options, step, 0.0f);
  }

  // --- teaching
  /// What generated rows x [rows, columns] should change to pass for real: in every lane of a warp take(r, o, d) of row
  /// r, where d is the derivative of the mean BCE by its column first + o, o < outputs.
  template <class Take>
  __device__ void teach(Shared<float> rows_x, unsigned rows, unsigned first, unsigned outputs, const Take& take) const {
    const float share = 1.0f / static_cast<float>(rows);
    for (unsigned r = threadIdx.x / 32; r < rows; r += blockDim.x / 32) {
      unsigned positive;
      const Bce bce(logit(rows_x + r * columns_, positive), 1.0f);
      for (unsigned o = 0; o < outputs; ++o) take(r, o, share * bce.slope * slope(first + o, positive));
      if (lane() == 0) losses_[r] = share * bce.loss;
    }
  }
  /// The loss of the rows that were last judged or taught is added to *loss, unless null. The last warp does it.
  __device__ void add_losses(unsigned rows, float* loss) const {
    if (!loss || !in_last_warp()) return;
    const float all = total(losses_, rows, 1);
    if (lane() == 0) *loss += all;
  }

 private:
  MEG_HOST_DEVICE static constexpr std::size_t count(std::size_t columns, std::size_t hidden) {
    return (columns + 2) * hidden + 1;
  }
  __device__ unsigned parameters() const { return last_ + hidden_ + 1; }
  __device__ static bool in_last_warp() { return threadIdx.x / 32 == blockDim.x / 32 - 1; }
  /// The sum of x[i * pitch], i < count, over the lanes of a warp.
  __device__ static float total(Shared<float> x, unsigned count, unsigned pitch) {
    double sum = 0;
    for (unsigned i = threadIdx.x % 32; i < count; i += 32) sum += static_cast<double>(x[i * pitch]);
    return static_cast<float>(warp_sum(sum));
  }

  /// The logit of a row, in every lane; bit n of `positive` is that of the lane's unit number n.
  __device__ float logit(Shared<float> x, unsigned& positive) const {
    float sum = 0;
    positive = 0;
    for (unsigned j = threadIdx.x % 32, n = 0; j < hidden_; j += 32, ++n) {
      float unit = held_[columns_ * hidden_ + j];
      for (unsigned i = 0; i < columns_; ++i) unit += x[i] * held_[i * hidden_ + j];
      if (unit > 0.0f) positive |= 1u << n, sum += unit * held_[last_ + j];
    }
    return warp_sum(sum) + held_[last_ + hidden_];
  }
  /// d logit / dx[i], in every lane.
  __device__ float slope(unsigned i, unsigned positive) const {
    float sum = 0;
    for (unsigned j = threadIdx.x % 32, n = 0; j < hidden_; j += 32, ++n)
      if (positive >> n & 1) sum += held_[i * hidden_ + j] * held_[last_ + j];
    return warp_sum(sum);
  }

  unsigned columns_, hidden_, last_, words_;  // last_: where the last layer's parameters begin
  Held held_;
  Shared<float> gradients_, learned_, losses_;
  Shared<unsigned> masks_;
};

}  // namespace meg::MEG_KERNELS
