#include "core/nn/formulas.h"
#include "kernels/backend.h"
#include "kernels/device.h"
#include "kernels/dropout.h"

namespace meg::MEG_KERNELS {

namespace {

// A thread goes along the groups, with one unit of one row in a register; neighbours read neighbours.

__global__ void running_sum_forward_kernel(DropoutMask mask, std::size_t begin, std::size_t end, std::size_t rows,
                                           std::size_t width, std::size_t stride, const float* products,
                                           const float* bias, float* sum, float* y) {
  for (std::size_t u = grid_thread(); u < rows * width; u += grid_threads()) {
    const std::size_t row = u / width * stride, i = u % width;
    DropoutDraws dropout(mask);
    float total = begin == 0 ? 0.0f : sum[u];
    for (std::size_t k = begin * width + i; k < end * width; k += width) {
      total += products[row + k];
      y[row + k] = Relu::value(total + bias[k]) * dropout(row + k);
    }
    sum[u] = total;
  }
}

__global__ void running_sum_backward_kernel(std::size_t rows, std::size_t width, std::size_t stride, const float* dy,
                                            float* dproducts) {
  for (std::size_t u = grid_thread(); u < rows * width; u += grid_threads()) {
    const std::size_t row = u / width * stride, i = u % width;
    float total = 0;
    for (std::size_t k = stride; k > 0; k -= width) {
      const std::size_t at = row + k - width + i;
      total += dy[at];
      dproducts[at] = total;
    }
  }
}

__global__ void sum_of_others_forward_kernel(DropoutMask mask, std::size_t begin, std::size_t end, std::size_t rows,
                                             std::size_t width, std::size_t stride, const float* sum,
                                             const float* products, const float* bias, float* y) {
  for (std::size_t u = grid_thread(); u < rows * width; u += grid_threads()) {
    const std::size_t row = u / width * stride, i = u % width;
    DropoutDraws dropout(mask);
    for (std::size_t k = begin * width + i; k < end * width; k += width)
      y[row + k] = Relu::value(bias[k] + (sum[u] - products[row + k])) * dropout(row + k);
  }
}

__global__ void sum_of_others_backward_kernel(std::size_t rows, std::size_t width, std::size_t stride, const float* dy,
                                              float* dproducts) {
  for (std::size_t u = grid_thread(); u < rows * width; u += grid_threads()) {
    const std::size_t first = u / width * stride + u % width, last = first + stride;
    float total = 0;
    for (std::size_t at = first; at < last; at += width) total += dy[at];
    for (std::size_t at = first; at < last; at += width) dproducts[at] = total - dy[at];
  }
}

/// A thread sums up one unit over the rows, in their order.
__global__ void bias_backward_kernel(std::size_t rows, std::size_t units, const float* dy, float* dbias) {
  for (std::size_t c = grid_thread(); c < units; c += grid_threads()) {
    float total = dbias[c];
    for (std::size_t r = 0; r < rows; ++r) total += dy[r * units + c];
    dbias[c] = total;
  }
}

}  // namespace

void CudaBackend::running_sum_forward(Vectors of, int begin, int end, int rows, const float* products,
                                      const float* bias, const Dropout& dropout, float* sum, float* y) {
  const auto width = static_cast<std::size_t>(of.width), count = static_cast<std::size_t>(rows);
  launch(queue_, {blocks_for(count * width)}, running_sum_forward_kernel, DropoutMask(dropout),
         static_cast<std::size_t>(begin), static_cast<std::size_t>(end), count, width,
         width * static_cast<std::size_t>(of.groups), products, bias, sum, y);
}

void CudaBackend::running_sum_backward(Vectors of, int rows, const float* dy, float* dproducts, float* dbias) {
  const auto width = static_cast<std::size_t>(of.width), count = static_cast<std::size_t>(rows);
  const std::size_t units = width * static_cast<std::size_t>(of.groups);
  launch(queue_, {blocks_for(units)}, bias_backward_kernel, count, units, dy, dbias);
  launch(queue_, {blocks_for(count * width)}, running_sum_backward_kernel, count, width, units, dy, dproducts);
}

void CudaBackend::sum_of_others_forward(Vectors of, int begin, int end, int rows, const float* sum,
                                        const float* products, const float* bias, const Dropout& dropout, float* y) {
  const auto width = static_cast<std::size_t>(of.width), count = static_cast<std::size_t>(rows);
  launch(queue_, {blocks_for(count * width)}, sum_of_others_forward_kernel, DropoutMask(dropout),
         static_cast<std::size_t>(begin), static_cast<std::size_t>(end), count, width,
         width * static_cast<std::size_t>(of.groups), sum, products, bias, y);
}

void CudaBackend::sum_of_others_backward(Vectors of, int rows, const float* dy, float* dproducts, float* dbias) {
  const auto width = static_cast<std::size_t>(of.width), count = static_cast<std::size_t>(rows);
  const std::size_t units = width * static_cast<std::size_t>(of.groups);
  launch(queue_, {blocks_for(units)}, bias_backward_kernel, count, units, dy, dbias);
  launch(queue_, {blocks_for(count * width)}, sum_of_others_backward_kernel, count, width, units, dy, dproducts);
}

}  // namespace meg::MEG_KERNELS
