#include "core/nn/checks.h"
#include "core/tensor/keyed_permutation.h"
#include "kernels/backend.h"
#include "kernels/device.h"

namespace meg::MEG_KERNELS {

namespace {

/// A thread makes the four numbers of one counter.
__global__ void fill_normal_kernel(Philox philox, std::uint64_t first_row, std::size_t rows, std::size_t columns,
                                   float* out) {
  const std::size_t row_blocks = (columns + 3) / 4;
  for (std::size_t b = grid_thread(); b < rows * row_blocks; b += grid_threads()) {
    const std::size_t row = b / row_blocks, column = b % row_blocks * 4;
    const auto z = philox.normal(first_row + row, static_cast<std::uint32_t>(b % row_blocks));
    for (std::size_t i = 0; i < 4 && column + i < columns; ++i) out[row * columns + column + i] = z[i];
  }
}

__global__ void shuffle_rows_kernel(KeyedPermutation place, RowList rows, std::uint32_t* out) {
  for (std::size_t i = grid_thread(); i < rows.count; i += grid_threads()) out[i] = rows[place(i)];
}

__global__ void draw_rows_kernel(Philox philox, std::uint64_t number, RowList from, std::size_t count,
                                 std::uint32_t* out) {
  for (std::size_t i = grid_thread(); i < count; i += grid_threads())
    out[i] = from[philox.bits(number, static_cast<std::uint32_t>(i))[0] * from.count >> 32];
}

__global__ void gather_rows_kernel(ConstView table, const std::uint32_t* index, View out) {
  const std::size_t columns = out.columns();
  for (std::size_t i = grid_thread(); i < out.size(); i += grid_threads())
    out[i] = table(index[i / columns], i % columns);
}

}  // namespace

void CudaBackend::fill_normal(std::uint64_t seed, Stream stream, std::uint64_t first_row, View out) {
  check_alike(Device::kCuda, out);
  launch(queue_, {blocks_for(out.rows() * ((out.columns() + 3) / 4))}, fill_normal_kernel, Philox(seed, stream),
         first_row, out.rows(), out.columns(), out.data());
}

void CudaBackend::shuffle_rows(std::uint64_t seed, std::uint64_t epoch, RowList rows, IndexView out) {
  check_count(Device::kCuda, out, rows.count);
  launch(queue_, {blocks_for(rows.count)}, shuffle_rows_kernel,
         KeyedPermutation(Philox(seed, Stream::kShuffle), 0, epoch, rows.count), rows, out.data());
}

void CudaBackend::draw_rows(std::uint64_t seed, Stream stream, std::uint64_t number, RowList from, IndexView out) {
  check_alike(Device::kCuda, out);
  launch(queue_, {blocks_for(out.size())}, draw_rows_kernel, Philox(seed, stream), number, from, out.size(),
         out.data());
}

void CudaBackend::gather_rows(ConstView table, ConstIndexView index, View out) {
  check_count(Device::kCuda, index, out.rows());
  check_alike(Device::kCuda, out);
  check_alike(Device::kCuda, table);
  launch(queue_, {blocks_for(out.size())}, gather_rows_kernel, table, index.data(), out);
}

}  // namespace meg::MEG_KERNELS
