#include "core/nn/checks.h"
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

void CudaBackend::running_sum_forward(std::size_t begin, std::size_t end, ConstView products, ConstView bias,
                                      const Dropout& dropout, View sum, View y) {
  check_vectors(Device::kCuda, bias, sum, y.rows(), products, y);
  const std::size_t rows = y.rows(), width = bias.columns();
  launch(queue_, {blocks_for(rows * width)}, running_sum_forward_kernel, DropoutMask(dropout), begin, end, rows, width,
         bias.size(), products.data(), bias.data(), sum.data(), y.data());
}

void CudaBackend::running_sum_backward(ConstView dy, View dproducts, View dbias) {
  check_vectors(Device::kCuda, dbias, View(), dy.rows(), dy, dproducts);
  const std::size_t rows = dy.rows(), width = dbias.columns(), units = dbias.size();
  launch(queue_, {blocks_for(units)}, bias_backward_kernel, rows, units, dy.data(), dbias.data());
  launch(queue_, {blocks_for(rows * width)}, running_sum_backward_kernel, rows, width, units, dy.data(),
         dproducts.data());
}

void CudaBackend::sum_of_others_forward(std::size_t begin, std::size_t end, ConstView sum, ConstView products,
                                        ConstView bias, const Dropout& dropout, View y) {
  check_vectors(Device::kCuda, bias, sum, y.rows(), products, y);
  const std::size_t rows = y.rows(), width = bias.columns();
  launch(queue_, {blocks_for(rows * width)}, sum_of_others_forward_kernel, DropoutMask(dropout), begin, end, rows,
         width, bias.size(), sum.data(), products.data(), bias.data(), y.data());
}

void CudaBackend::sum_of_others_backward(ConstView dy, View dproducts, View dbias) {
  check_vectors(Device::kCuda, dbias, View(), dy.rows(), dy, dproducts);
  const std::size_t rows = dy.rows(), width = dbias.columns(), units = dbias.size();
  launch(queue_, {blocks_for(units)}, bias_backward_kernel, rows, units, dy.data(), dbias.data());
  launch(queue_, {blocks_for(rows * width)}, sum_of_others_backward_kernel, rows, width, units, dy.data(),
         dproducts.data());
}

}  // namespace meg::MEG_KERNELS
