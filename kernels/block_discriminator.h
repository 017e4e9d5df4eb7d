#pragma once
#include "kernels/held.h"
#include "kernels/reduce.h"

namespace meg::MEG_KERNELS {

/// A discriminator with one hidden layer of ReLUs, in the shared memory of a block that computes all of it. Its
/// parameters are [columns + 1, hidden] of the first layer and [hidden + 1] of the last: a bias is the weights of an
/// input that is always one. Hidden units are in words of 32; those that fill up the last word have weights of zero for
/// ever, so they are never positive. A quad, four lanes, has a row: lane q of it has the words q, q + 4, ...
/// Between two of the functions that all threads call is a barrier.
class BlockDiscriminator {
 public:
  __device__ BlockDiscriminator(SharedMemory& shared, unsigned rows, unsigned columns, unsigned hidden)
      : columns_(columns),
        units_(hidden),
        words_((hidden + 31) / 32),
        hidden_(32 * words_),
        last_((columns + 1) * hidden_),
        held_(shared, count(columns, hidden_), false),
        gradients_(shared.take<float>(count(columns, hidden_))),
        terms_(shared.take<float>(2 * rows * (columns + 1))),
        losses_(shared.take<float>(2 * rows)),
        masks_(shared.take<unsigned>(2 * rows * words_)) {}
  static std::size_t shared_bytes(std::size_t rows, std::size_t columns, std::size_t hidden) {
    const std::size_t words = (hidden + 31) / 32, parameters = count(columns, 32 * words);
    return Held::bytes(parameters, false) + SharedMemory::bytes<float>(parameters) +
           SharedMemory::bytes<float>(2 * rows * (columns + 1)) + SharedMemory::bytes<float>(2 * rows) +
           SharedMemory::bytes<unsigned>(2 * rows * words);
  }

  __device__ void load(const AdamState& state) const {
    held_.load(parameters(), state, [this](unsigned e) { return place(e); });
  }
  __device__ void store(const AdamState& state) const {
    held_.store(parameters(), state, [this](unsigned e) { return place(e); });
  }

  // --- its own step, function after function
  /// The terms of each row, of `rows` real ones and as many generated ones behind them, x [2 rows, columns]. With m = 1
  /// for a positive unit, else 0, the derivative dl of the BCE by the logit, and the tangent of the penalty, t = gamma
  /// / rows * d logit / dx, the gradient of the loss is
  ///
  ///     dw0[i, j] = w1[j] S[i, j],  S[i, j] = sum of m[r, j] terms[r, i],  terms = [x dl + t | dl]
  ///     dw1[j] = sum of m ((x w0 + b0) dl + t w0) = sum of w0[i, j] S[i, j],  db1 = sum of dl
  ///
  /// where the bias b0 is the last row of w0: double backward is the same sums, of something else.
  __device__ void row_terms(Shared<float> rows_x, unsigned rows, float gamma) const {
    const float share = 1.0f / static_cast<float>(rows), factor = gamma * share;
    each_by_quad(2 * rows, [&](unsigned r, bool write) {
      const Shared<float> x = rows_x + r * columns_, terms = terms_ + r * (columns_ + 1);
      const LossAndSlope of = bce(logit(x, r, write), r < rows ? 1.0f : 0.0f);
      float square = 0;
      for (unsigned i = 0; i < columns_; i += kChunk) {
        float g[kChunk] = {};
        if (factor > 0.0f) slopes(r, write, i, columns_, g);
#pragma unroll
        for (unsigned n = 0; n < kChunk; ++n) {
          square += g[n] * g[n];
          if (write && n == quad_lane() && i + n < columns_)
            terms[i + n] = x[i + n] * (share * of.slope) + factor * g[n];
        }
      }
      if (write && quad_lane() == 0) {
        terms[columns_] = share * of.slope;
        losses_[r] = share * of.loss + 0.5f * factor * square;
      }
    });
  }
  /// The sums S, in the places of the gradients of w0, and the gradient of b1. The loss is added to *loss, unless null.
  __device__ void sum_terms(unsigned rows, float* loss) const {
    const unsigned warp = threadIdx.x / 32, tiles = words_ * (columns_ / 2 + 1);
    for (unsigned t = warp; t < tiles; t += blockDim.x / 32) sum_tile(t % words_, t / words_ * 2, 2 * rows);
    if (!in_last_warp()) return;
    const float bias = total(terms_ + columns_, 2 * rows, columns_ + 1);
    if (lane() == 0) gradients_[last_ + hidden_] = bias;
    add_losses(2 * rows, loss);
  }
  /// The gradients from the sums. A thread has a unit.
  __device__ void gradients_of_sums() const {
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
  __device__ void update(const AdamOptions& options, const AdamStep& step) const {
    for (unsigned e = threadIdx.x; e < parameters(); e += blockDim.x) {
      const float gradient[] = {gradients_[e]};
      held_.step(e, gradient, 1, options, step, 0.0f);
    }
  }

  // --- the generators' step
  /// The gradient of the mean BCE of generated rows x [rows, columns] with label 1: take(r, o, d) of row r, once, where
  /// d is the derivative by its column first + o, o < outputs.
  template <class Take>
  __device__ void input_gradients(Shared<float> rows_x, unsigned rows, unsigned first, unsigned outputs,
                                  const Take& take) const {
    const float share = 1.0f / static_cast<float>(rows);
    each_by_quad(rows, [&](unsigned r, bool write) {
      const LossAndSlope of = bce(logit(rows_x + r * columns_, r, write), 1.0f);
      for (unsigned o = 0; o < outputs; o += kChunk) {
        float g[kChunk] = {};
        slopes(r, write, first + o, first + outputs, g);
#pragma unroll
        for (unsigned n = 0; n < kChunk; ++n)
          if (write && n == quad_lane() && o + n < outputs) take(r, o + n, share * of.slope * g[n]);
      }
      if (write && quad_lane() == 0) losses_[r] = share * of.loss;
    });
  }
  /// The first of the threads whose warps input_gradients() leaves idle, for the most part: half of the block's at
  /// least.
  __device__ static unsigned first_idle(unsigned rows) {
    const unsigned busy = (rows + 7) / 8 * 32;
    return busy < blockDim.x / 2 ? busy : blockDim.x / 2;
  }
  /// The loss of the rows of the last row_terms() or input_gradients() is added to *loss, unless null. The last warp
  /// does it.
  __device__ void add_losses(unsigned rows, float* loss) const {
    if (!loss || !in_last_warp()) return;
    const float all = total(losses_, rows, 1);
    if (lane() == 0) *loss += all;
  }

 private:
  static constexpr unsigned kChunk = 4;  // columns whose slopes are made together

  MEG_HOST_DEVICE static constexpr std::size_t count(std::size_t columns, std::size_t hidden) {
    return (columns + 2) * hidden + 1;
  }
  __device__ unsigned parameters() const { return last_ + hidden_ + 1; }
  /// Where parameter e is among the discriminator's.
  __device__ std::size_t place(unsigned e) const {
    if (e == last_ + hidden_) return std::size_t{columns_ + 2} * units_;
    return e % hidden_ < units_ ? std::size_t{e / hidden_} * units_ + e % hidden_ : Held::kNowhere;
  }
  __device__ static bool in_last_warp() { return threadIdx.x / 32 == blockDim.x / 32 - 1; }
  /// The sum of x[i * pitch], i < count, over the lanes of a warp.
  __device__ static float total(Shared<float> x, unsigned count, unsigned pitch) {
    double sum = 0;
    for (unsigned i = threadIdx.x % 32; i < count; i += 32) sum += static_cast<double>(x[i * pitch]);
    return static_cast<float>(warp_sum(sum));
  }

  /// A word's units go by in fours. Lanes begin apart, to read weights from different banks.
  __device__ static unsigned first_bit(unsigned u) { return (8 * quad_lane() + u) % 32; }

  /// The logit of row r, in every lane of its quad; the lane's words of the mask are written down.
  __device__ float logit(Shared<float> x, unsigned r, bool write) const {
    float sum = 0;
    for (unsigned n = quad_lane(); n < words_; n += 4) {
      unsigned word = 0;
#pragma unroll 2
      for (unsigned u = 0; u < 32; u += 4) {
        const unsigned bit = first_bit(u), j = 32 * n + bit;
        Four unit = held_.four(columns_ * hidden_ + j);
        const Four weight = held_.four(last_ + j);
#pragma unroll 4
        for (unsigned i = 0; i < columns_; ++i) {
          const float xi = x[i];
          const Four w = held_.four(i * hidden_ + j);
#pragma unroll
          for (unsigned k = 0; k < 4; ++k) unit.of[k] += xi * w.of[k];
        }
#pragma unroll
        for (unsigned k = 0; k < 4; ++k)
          if (unit.of[k] > 0.0f) word |= 1u << (bit + k), sum += unit.of[k] * weight.of[k];
      }
      if (write) masks_[r * words_ + n] = word;
    }
    return quad_sum(sum) + held_[last_ + hidden_];
  }
  /// g[n] = d logit / dx[first + n] of row r, in every lane of its quad, where first + n < end. Its mask is read by
  /// those who wrote it.
  __device__ void slopes(unsigned r, bool written, unsigned first, unsigned end, float (&g)[kChunk]) const {
    for (unsigned n = quad_lane(); n < words_; n += 4) {
      const unsigned word = written ? masks_[r * words_ + n] : 0u;
#pragma unroll 2
      for (unsigned u = 0; u < 32; u += 4) {
        const unsigned bit = first_bit(u), j = 32 * n + bit;
        Four weight = held_.four(last_ + j);
#pragma unroll
        for (unsigned k = 0; k < 4; ++k) weight.of[k] = word >> (bit + k) & 1 ? weight.of[k] : 0.0f;
#pragma unroll
        for (unsigned c = 0; c < kChunk; ++c)
          if (first + c < end) {
            const Four w = held_.four((first + c) * hidden_ + j);
#pragma unroll
            for (unsigned k = 0; k < 4; ++k) g[c] += weight.of[k] * w.of[k];
          }
      }
    }
#pragma unroll
    for (unsigned c = 0; c < kChunk; ++c) g[c] = quad_sum(g[c]);
  }

  /// The sums S of word n and inputs i and i + 1. A lane has four units, and every fourth row.
  __device__ void sum_tile(unsigned n, unsigned i, unsigned rows) const {
    const unsigned unit = threadIdx.x % 8 * 4, part = threadIdx.x % 32 / 8;
    const bool both = i < columns_;  // the one input more has the bias
    const Shared<float> terms = terms_ + i, after = terms_ + (both ? i + 1 : i);
    float sum[4] = {}, sum_after[4] = {};
    const unsigned count = (rows + 3 - part) / 4;
#pragma unroll 4
    for (unsigned m = 0; m < count; ++m) {
      const unsigned r = 4 * m + part;
      const unsigned word = static_cast<unsigned>(masks_[r * words_ + n]) >> unit;
      const float x = terms[r * (columns_ + 1)], y = after[r * (columns_ + 1)];
#pragma unroll
      for (unsigned k = 0; k < 4; ++k)
        if (word & 1u << k) sum[k] += x, sum_after[k] += y;
    }
#pragma unroll
    for (unsigned k = 0; k < 4; ++k) {
      for (int bit = 16; bit > 4; bit /= 2) {
        sum[k] += __shfl_xor_sync(0xffffffff, sum[k], bit);
        sum_after[k] += __shfl_xor_sync(0xffffffff, sum_after[k], bit);
      }
      const unsigned e = i * hidden_ + 32 * n + unit + k;
      if (k == part) gradients_[e] = sum[k];
      if (k == part && both) gradients_[e + hidden_] = sum_after[k];
    }
  }

  unsigned columns_, units_, words_, hidden_, last_;  // hidden_: with the filling; last_: where the last layer begins
  Held held_;
  Shared<float> gradients_, terms_, losses_;
  Shared<unsigned> masks_;
};

}  // namespace meg::MEG_KERNELS
