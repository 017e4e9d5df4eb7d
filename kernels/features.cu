#include "core/nn/checks.h"
#include "kernels/backend.h"
#include "kernels/feature.h"

namespace meg::MEG_KERNELS {

namespace {

/// A thread per element: the kFeatures of a cell are a warp's, so it reads one embedding and writes one line. `columns`
/// are those from `begin` on, `some` of `n`.
__global__ void features_kernel(const ColumnLayout* columns, std::size_t begin, std::size_t some, std::size_t n,
                                std::size_t rows, const float* cells, const float* parameters, float* x) {
  for (std::size_t e = grid_thread(); e < rows * some * kFeatures; e += grid_threads()) {
    const std::size_t row = e / kFeatures / some, c = e / kFeatures % some, j = begin + c;
    const int i = static_cast<int>(e % kFeatures);
    const float* cell = cells + row * 3 * n + j;
    x[(row * n + j) * kFeatures + static_cast<std::size_t>(i)] =
        feature(i, columns[c], parameters, cell[0], cell[n], cell[2 * n]);
  }
}

/// A block per code of column blockIdx.y, so that nothing is added atomically: its warps look for the code, each in
/// rows of its own, 32 at once, and add up those that have it, in a fixed order. A row is four lanes' work. That reads
/// every column of cells once for each of its codes, from the cache; there are few codes, or few rows of each.
__global__ void features_backward_kernel(const ColumnLayout* columns, std::size_t n, std::size_t rows,
                                         const float* cells, const float* dx, float* gradients) {
  static_assert(kEmbedding == 16);
  constexpr unsigned kWarps = kThreads / 32;
  SharedMemory shared;
  const Shared<float> parts = shared.take<float>(kWarps * kEmbedding);
  const std::size_t j = blockIdx.y;
  const unsigned warp = threadIdx.x / 32, mine = threadIdx.x % 32, element = mine % 4 * 4;
  const int codes = columns[j].codes;
  for (int code = static_cast<int>(blockIdx.x); code < codes; code += static_cast<int>(gridDim.x)) {
    float sum[4] = {};
    for (std::size_t first = warp * 32; first < rows; first += kThreads) {
      const std::size_t row = first + mine;
      const unsigned found =
          __ballot_sync(0xffffffff, row < rows && cells[row * 3 * n + j] == static_cast<float>(code));
      if (found == 0) continue;
#pragma unroll
      for (unsigned r = mine / 4; r < 32; r += 8) {
        if ((found >> r & 1) == 0) continue;
        const float* const from = dx + ((first + r) * n + j) * kFeatures + element;
#pragma unroll
        for (unsigned i = 0; i < 4; ++i) sum[i] += from[i];
      }
    }
#pragma unroll
    for (unsigned i = 0; i < 4; ++i) {
      for (int lanes = 4; lanes < 32; lanes *= 2) sum[i] += __shfl_xor_sync(0xffffffff, sum[i], lanes);
      if (mine < 4) parts[warp * kEmbedding + element + i] = sum[i];
    }
    __syncthreads();
    if (threadIdx.x < kEmbedding) {
      float all = 0;
      for (unsigned w = 0; w < kWarps; ++w) all += parts[w * kEmbedding + threadIdx.x];
      gradients[columns[j].embedding + static_cast<std::size_t>(code) * kEmbedding + threadIdx.x] += all;
    }
    __syncthreads();
  }
}

/// A warp per cell, whose lanes are its features.
__global__ void hide_columns_kernel(Philox philox, std::uint64_t first_row, std::size_t n, std::size_t rows, float* x) {
  static_assert(kFeatures == 32);
  for (std::size_t at = grid_warp(); at < rows * n; at += grid_warps()) {
    const std::size_t row = at / n, j = at % n;
    const std::uint32_t share = philox.bits(first_row + row, 0)[0];
    if (philox.bits(first_row + row, static_cast<std::uint32_t>(1 + j / 4))[j % 4] < share)
      x[at * kFeatures + static_cast<std::size_t>(lane())] = 0;
  }
}

/// A warp per cell.
__global__ void view_rows_kernel(const ColumnLayout* columns, std::size_t n, std::size_t rows, std::size_t stride,
                                 const float* cells, float* view) {
  for (std::size_t at = grid_warp(); at < rows * n; at += grid_warps()) {
    const std::size_t row = at / n, j = at % n;
    const ColumnLayout& column = columns[j];
    const float code = cells[row * 3 * n + j];
    float* const out = view + row * stride + column.view;
    for (int c = lane(); c < column.codes; c += 32) out[c] = static_cast<float>(c) == code ? 1.0f : 0.0f;
    if (lane() == 0 && column.continuous >= 0) out[column.codes] = cells[row * 3 * n + n + j];
  }
}

}  // namespace

void CudaBackend::features(const ColumnsLayout& layout, int begin, int end, ConstView cells, ConstView parameters,
                           View x) {
  check_rows(Device::kCuda, layout, x.rows(), RowOperands<>{.cells = cells, .features = x});
  const auto first = static_cast<std::size_t>(begin), some = static_cast<std::size_t>(end) - first;
  const std::span columns = std::span(layout.columns).subspan(first, some);
  launch(queue_, {blocks_for(x.rows() * some * kFeatures)}, features_kernel, on_device(columns), first, some,
         layout.size(), x.rows(), cells.data(), parameters.data(), x.data());
}

void CudaBackend::features_backward(const ColumnsLayout& layout, int end, ConstView cells, ConstView dx,
                                    View gradients) {
  check_rows(Device::kCuda, layout, dx.rows(), RowOperands<>{.cells = cells, .features = dx});
  constexpr int kMost = 1024;  // blocks of a column
  const std::span columns(layout.columns);
  const auto seen = static_cast<std::size_t>(end);
  int codes = 0;
  for (const ColumnLayout& column : columns.first(seen)) codes = std::max(codes, column.codes);
  const dim3 blocks{static_cast<unsigned>(std::min(codes, kMost)), static_cast<unsigned>(seen), 1};
  constexpr std::size_t kSharedBytes = SharedMemory::bytes<float>(kThreads / 32 * kEmbedding);
  launch(queue_, {blocks, kThreads, kSharedBytes}, features_backward_kernel, on_device(columns), columns.size(),
         dx.rows(), cells.data(), dx.data(), gradients.data());
}

void CudaBackend::hide_columns(std::uint64_t seed, std::uint64_t first_row, View x) {
  check_alike(Device::kCuda, x);
  const std::size_t columns = x.columns() / kFeatures;
  launch(queue_, {blocks_for_warps(x.rows() * columns)}, hide_columns_kernel, Philox(seed, Stream::kHide), first_row,
         columns, x.rows(), x.data());
}

void CudaBackend::view_rows(const ColumnsLayout& layout, ConstView cells, View view) {
  check_rows(Device::kCuda, layout, view.rows(), RowOperands<>{.cells = cells, .view = view});
  launch(queue_, {blocks_for_warps(view.rows() * layout.size())}, view_rows_kernel,
         on_device(std::span(layout.columns)), layout.size(), view.rows(), layout.view_stride, cells.data(),
         view.data());
}

}  // namespace meg::MEG_KERNELS
