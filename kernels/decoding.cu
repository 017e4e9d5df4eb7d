#include "core/nn/checks.h"
#include "kernels/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

namespace {

__global__ void decode_codes_kernel(std::size_t n, std::size_t rows, const float* cells, std::uint32_t* code) {
  for (std::size_t at = grid_thread(); at < rows * n; at += grid_threads())
    code[at] = static_cast<std::uint32_t>(cells[at / n * 3 * n + at % n]);
}

/// The lanes of a warp search the same column's tables.
__global__ void decode_numbers_kernel(const NumberColumn* numbers, std::size_t some, std::size_t n, std::size_t rows,
                                      const float* cells, double* number) {
  for (std::size_t at = grid_thread(); at < rows * some; at += grid_threads()) {
    const std::size_t row = at % rows, i = at / rows;
    const float* cell = cells + row * 3 * n + static_cast<std::size_t>(numbers[i].column);
    number[row * some + i] =
        cell[0] == static_cast<float>(numbers[i].continuous) ? numbers[i].numbers.number(cell[n]) : 0;
  }
}

__global__ void unscale_kernel(const PlacedColumn* columns, std::size_t n, std::size_t rows, const float* x,
                               double* number) {
  for (std::size_t at = grid_thread(); at < rows * n; at += grid_threads()) {
    const PlacedColumn& column = columns[at % n];
    number[at] = column.column.unscale(x[at / n * n + column.place]);
  }
}

}  // namespace

void CudaBackend::decode(std::span<const NumberColumn> numbers, ConstView cells, IndexView code,
                         BasicView<double> number) {
  check_decoded(Device::kCuda, numbers.size(), cells, code, number);
  const std::size_t n = code.columns(), rows = code.rows();
  launch(queue_, {blocks_for(code.size())}, decode_codes_kernel, n, rows, cells.data(), code.data());
  if (numbers.empty()) return;
  launch(queue_, {blocks_for(number.size())}, decode_numbers_kernel, on_device(numbers), numbers.size(), n, rows,
         cells.data(), number.data());
}

void CudaBackend::unscale(std::span<const PlacedColumn> columns, ConstView x, BasicView<double> number) {
  const std::size_t rows = number.rows();
  check_matrix(Device::kCuda, number, rows, columns.size());
  check_matrix(Device::kCuda, x, rows, columns.size());
  launch(queue_, {blocks_for(number.size())}, unscale_kernel, on_device(columns), columns.size(), rows, x.data(),
         number.data());
}

}  // namespace meg::MEG_KERNELS
