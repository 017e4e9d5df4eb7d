#include "core/nn/checks.h"
#include "core/nn/formulas.h"
#include "cpu/backend.h"
#include "cpu/dropout.h"
#include "cpu/lanes.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

namespace {

constexpr std::size_t kSumRows = 8;    // of one task
constexpr std::size_t kColumns = 512;  // of one task that sums over rows
constexpr std::size_t kPart = 64;      // sums side by side

/// sum [stride] += the rows of x.
void add_rows(ThreadPool& pool, std::size_t rows, std::size_t stride, const float* x, float* sum) {
  pool.run_blocks(stride, kColumns, 2.0 * static_cast<double>(rows * stride), [&](std::size_t from, std::size_t to) {
    for (std::size_t r = 0; r < rows; ++r)
      for_independent(from, to, [sum, row = x + r * stride](std::size_t c) { sum[c] += row[c]; });
  });
}

}  // namespace

void CpuBackend::running_sum_forward(std::size_t begin, std::size_t end, ConstView products, ConstView bias,
                                     const Dropout& dropout, View sum, View y) {
  check_vectors(Device::kCpu, bias, sum, y.rows(), products, y);
  const std::size_t width = bias.columns(), stride = bias.size(), count = y.rows();
  const std::size_t first = begin * width, last = end * width;
  pool_.run_blocks(
      count, kSumRows, 4.0 * static_cast<double>(count * (last - first)), [&](std::size_t from, std::size_t to) {
        for (std::size_t r = from; r < to; ++r) {
          float* const total = sum.data() + r * width;
          if (begin == 0) std::fill_n(total, width, 0.0f);
          for (std::size_t k = first; k < last; k += width) {
            const float *const p = products.data() + r * stride + k, *const b = bias.data() + k;
            float* const out = y.data() + r * stride + k;
            for_independent(0, width, [=](std::size_t i) {
              total[i] += p[i];
              out[i] = Relu::value(total[i] + b[i]);
            });
          }
        }
        if (dropout.probability > 0)
          drop_out(dropout, to - from, last - first, from * stride + first, stride, y.data() + from * stride + first);
      });
}

void CpuBackend::running_sum_backward(ConstView dy, View dproducts, View dbias) {
  check_vectors(Device::kCpu, dbias, View(), dy.rows(), dy, dproducts);
  const std::size_t width = dbias.columns(), stride = dbias.size(), count = dy.rows();
  add_rows(pool_, count, stride, dy.data(), dbias.data());
  pool_.run_blocks(count, kSumRows, 2.0 * static_cast<double>(count * stride), [&](std::size_t from, std::size_t to) {
    for (std::size_t r = from; r < to; ++r) {
      const float* const in = dy.data() + r * stride;
      float* const out = dproducts.data() + r * stride;
      std::copy_n(in + stride - width, width, out + stride - width);
      for (std::size_t k = stride - width; k > 0; k -= width)
        for_independent(k - width, k, [=](std::size_t i) { out[i] = out[i + width] + in[i]; });
    }
  });
}

void CpuBackend::sum_of_others_forward(std::size_t begin, std::size_t end, ConstView sum, ConstView products,
                                       ConstView bias, const Dropout& dropout, View y) {
  check_vectors(Device::kCpu, bias, sum, y.rows(), products, y);
  const std::size_t width = bias.columns(), stride = bias.size(), count = y.rows();
  const std::size_t first = begin * width, last = end * width;
  pool_.run_blocks(
      count, kSumRows, 4.0 * static_cast<double>(count * (last - first)), [&](std::size_t from, std::size_t to) {
        for (std::size_t r = from; r < to; ++r)
          for (std::size_t k = first; k < last; k += width) {
            const float *const total = sum.data() + r * width, *const own = products.data() + r * stride + k;
            const float* const b = bias.data() + k;
            float* const out = y.data() + r * stride + k;
            for_independent(0, width, [=](std::size_t i) { out[i] = Relu::value(b[i] + (total[i] - own[i])); });
          }
        if (dropout.probability > 0)
          drop_out(dropout, to - from, last - first, from * stride + first, stride, y.data() + from * stride + first);
      });
}

void CpuBackend::sum_of_others_backward(ConstView dy, View dproducts, View dbias) {
  check_vectors(Device::kCpu, dbias, View(), dy.rows(), dy, dproducts);
  const std::size_t width = dbias.columns(), stride = dbias.size(), count = dy.rows();
  add_rows(pool_, count, stride, dy.data(), dbias.data());
  pool_.run_blocks(count, kSumRows, 2.0 * static_cast<double>(count * stride), [&](std::size_t from, std::size_t to) {
    for (std::size_t r = from; r < to; ++r)
      for (std::size_t first = 0; first < width; first += kPart) {
        const std::size_t part = std::min(kPart, width - first);
        const float* const in = dy.data() + r * stride + first;
        float* const out = dproducts.data() + r * stride + first;
        std::array<float, kPart> total{};
        for (std::size_t k = 0; k < stride; k += width)
          for (std::size_t i = 0; i < part; ++i) total[i] += in[k + i];
        for (std::size_t k = 0; k < stride; k += width)
          for (std::size_t i = 0; i < part; ++i) out[k + i] = total[i] - in[k + i];
      }
  });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
