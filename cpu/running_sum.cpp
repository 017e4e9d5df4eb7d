#include "core/nn/formulas.h"
#include "cpu/backend.h"
#include "cpu/dropout.h"

namespace meg::cpu {

namespace {

constexpr std::size_t kSumRows = 8;    // of one task
constexpr std::size_t kColumns = 512;  // of one task that sums over rows
constexpr std::size_t kPart = 64;      // sums side by side

/// sum [stride] += the rows of x.
void add_rows(ThreadPool& pool, std::size_t rows, std::size_t stride, const float* x, float* sum) {
  pool.run_blocks(stride, kColumns, 2.0 * static_cast<double>(rows * stride), [&](std::size_t from, std::size_t to) {
    for (std::size_t r = 0; r < rows; ++r)
#pragma GCC ivdep
      for (std::size_t c = from; c < to; ++c) sum[c] += x[r * stride + c];
  });
}

}  // namespace

void CpuBackend::running_sum_forward(Vectors of, int begin, int end, int rows, const float* products, const float* bias,
                                     const Dropout& dropout, float* sum, float* y) {
  const auto width = static_cast<std::size_t>(of.width), stride = static_cast<std::size_t>(of.groups) * width;
  const auto count = static_cast<std::size_t>(rows);
  const std::size_t first = static_cast<std::size_t>(begin) * width, last = static_cast<std::size_t>(end) * width;
  pool_.run_blocks(
      count, kSumRows, 4.0 * static_cast<double>(count * (last - first)), [&](std::size_t from, std::size_t to) {
        for (std::size_t r = from; r < to; ++r) {
          float* const total = sum + r * width;
          if (begin == 0) std::fill_n(total, width, 0.0f);
          for (std::size_t k = first; k < last; k += width) {
            const float *const p = products + r * stride + k, *const b = bias + k;
            float* const out = y + r * stride + k;
#pragma GCC ivdep
            for (std::size_t i = 0; i < width; ++i) {
              total[i] += p[i];
              out[i] = Relu::value(total[i] + b[i]);
            }
          }
        }
        if (dropout.probability > 0)
          drop_out(dropout, to - from, last - first, from * stride + first, stride, y + from * stride + first);
      });
}

void CpuBackend::running_sum_backward(Vectors of, int rows, const float* dy, float* dproducts, float* dbias) {
  const auto width = static_cast<std::size_t>(of.width), stride = static_cast<std::size_t>(of.groups) * width;
  const auto count = static_cast<std::size_t>(rows);
  add_rows(pool_, count, stride, dy, dbias);
  pool_.run_blocks(count, kSumRows, 2.0 * static_cast<double>(count * stride), [&](std::size_t from, std::size_t to) {
    for (std::size_t r = from; r < to; ++r) {
      const float* const in = dy + r * stride;
      float* const out = dproducts + r * stride;
      std::copy_n(in + stride - width, width, out + stride - width);
      for (std::size_t k = stride - width; k > 0; k -= width)
#pragma GCC ivdep
        for (std::size_t i = k - width; i < k; ++i) out[i] = out[i + width] + in[i];
    }
  });
}

void CpuBackend::sum_of_others_forward(Vectors of, int begin, int end, int rows, const float* sum,
                                       const float* products, const float* bias, const Dropout& dropout, float* y) {
  const auto width = static_cast<std::size_t>(of.width), stride = static_cast<std::size_t>(of.groups) * width;
  const auto count = static_cast<std::size_t>(rows);
  const std::size_t first = static_cast<std::size_t>(begin) * width, last = static_cast<std::size_t>(end) * width;
  pool_.run_blocks(
      count, kSumRows, 4.0 * static_cast<double>(count * (last - first)), [&](std::size_t from, std::size_t to) {
        for (std::size_t r = from; r < to; ++r)
          for (std::size_t k = first; k < last; k += width) {
            const float *const total = sum + r * width, *const own = products + r * stride + k, *const b = bias + k;
            float* const out = y + r * stride + k;
#pragma GCC ivdep
            for (std::size_t i = 0; i < width; ++i) out[i] = Relu::value(b[i] + (total[i] - own[i]));
          }
        if (dropout.probability > 0)
          drop_out(dropout, to - from, last - first, from * stride + first, stride, y + from * stride + first);
      });
}

void CpuBackend::sum_of_others_backward(Vectors of, int rows, const float* dy, float* dproducts, float* dbias) {
  const auto width = static_cast<std::size_t>(of.width), stride = static_cast<std::size_t>(of.groups) * width;
  const auto count = static_cast<std::size_t>(rows);
  add_rows(pool_, count, stride, dy, dbias);
  pool_.run_blocks(count, kSumRows, 2.0 * static_cast<double>(count * stride), [&](std::size_t from, std::size_t to) {
    for (std::size_t r = from; r < to; ++r)
      for (std::size_t first = 0; first < width; first += kPart) {
        const std::size_t part = std::min(kPart, width - first);
        const float* const in = dy + r * stride + first;
        float* const out = dproducts + r * stride + first;
        std::array<float, kPart> total{};
        for (std::size_t k = 0; k < stride; k += width)
          for (std::size_t i = 0; i < part; ++i) total[i] += in[k + i];
        for (std::size_t k = 0; k < stride; k += width)
          for (std::size_t i = 0; i < part; ++i) out[k + i] = total[i] - in[k + i];
      }
  });
}

}  // namespace meg::cpu
