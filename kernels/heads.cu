#include "core/nn/checks.h"
#include "kernels/backend.h"
#include "kernels/sampling.h"

namespace meg::MEG_KERNELS {

namespace {

// A warp per cell (row and column): its lanes read a head's elements side by side, whatever the width, and sums over a
// head are shuffles. A thread per cell would read heads a row apart and leave most of the GPU idle at a batch of 512;
// that lanes idle at a head of two codes costs little, for such heads are little work. A mixture's component is a
// lane's.
static_assert(kMixtures <= 32);

/// Which cell, and where its operands are.
struct Cell {
  __device__ Cell(const ColumnLayout* columns, std::size_t n, std::size_t at, const float* cells)
      : row(at / n), j(at % n), column(columns[j]) {
    const float* cell = cells + row * 3 * n + j;
    code = static_cast<int>(cell[0]), z = cell[n];
  }
  std::size_t row, j;
  const ColumnLayout& column;
  int code;
  float z;
};

/// -log softmax(logits)[code]; with d its gradient too, times `factor`.
__device__ float code_loss(const float* logits, int codes, int code, float factor, float* d) {
  float top = -INFINITY, sum = 0;
  for (int c = lane(); c < codes; c += 32) top = fmaxf(top, logits[c]);
  top = warp_max(top);
  for (int c = lane(); c < codes; c += 32) sum += expf(logits[c] - top);
  const float log_sum = top + logf(warp_sum(sum));
  if (d)
    for (int c = lane(); c < codes; c += 32) d[c] = factor * (expf(logits[c] - log_sum) - (c == code ? 1.0f : 0.0f));
  return log_sum - logits[code];
}

/// -log density of z under a mixture, [3, kMixtures]; with d its gradient too, times `factor`.
__device__ float mixture_loss(const float* mixture, float z, float factor, float* d) {
  const int i = lane();
  float weight = -INFINITY, density = -INFINITY;  // density: log of weight times normal density, not normalized
  float raw = 0, log_sigma = 0, precision = 0, distance = 0;
  if (i < kMixtures) {
    weight = mixture[i];
    raw = mixture[2 * kMixtures + i], log_sigma = keep_sigma(raw), precision = expf(-log_sigma);
    distance = (z - mixture[kMixtures + i]) * precision;
    density = component_log_density(weight, distance, log_sigma);
  }
  // Shares from differences to the largest, which are small and exact where z is far out and the logs are huge.
  const float top = warp_max(weight), most = warp_max(density);
  const float weight_share = expf(weight - top), density_share = expf(density - most);
  const float weights = warp_sum(weight_share), densities = warp_sum(density_share);
  if (d && i < kMixtures) {
    const float share = factor / densities * density_share;
    d[i] = factor / weights * weight_share - share;
    d[kMixtures + i] = mean_slope(share, distance, precision);
    d[2 * kMixtures + i] = raw == log_sigma ? log_sigma_slope(share, distance) : 0.0f;
  }
  return top + logf(weights) - (most + logf(densities)) + kLogSqrtTwoPi;
}

/// A mixture that has no part in its cell.
__device__ void clear_mixture(float* d) {
  for (int i = lane(); i < 3 * kMixtures; i += 32) d[i] = 0;
}

__global__ void heads_loss_kernel(const ColumnLayout* columns, std::size_t n, std::size_t rows, std::size_t stride,
                                  const float* heads, const float* cells, float factor, float* loss, float* dheads) {
  for (std::size_t at = grid_warp(); at < rows * n; at += grid_warps()) {
    const Cell cell(columns, n, at, cells);
    const ColumnLayout& column = cell.column;
    const std::size_t first = cell.row * stride + column.head;
    float* const d = dheads ? dheads + first : nullptr;
    float value = code_loss(heads + first, column.codes, cell.code, factor, d);
    if (cell.code == column.continuous)
      value += mixture_loss(heads + first + column.codes, cell.z, factor, d ? d + column.codes : nullptr);
    else if (d && column.continuous >= 0)
      clear_mixture(d + column.codes);
    if (lane() == 0) loss[at] = value;
  }
}

template <bool free>
__global__ void sample_column_kernel(Sampling s, KeptTo to) {
  const ColumnLayout& column = s.column;
  for (std::size_t row = grid_warp(); row < s.rows; row += grid_warps()) {
    if (s.draw.fills && s.cells[row * 3 * s.n + s.j] >= 0) continue;
    const CellNoise noise(s.draw, s.j, row);
    const float* head = s.heads + row * s.head_stride + column.head;
    DrawnCell drawn;
    if constexpr (free)
      drawn = draw_free(column, head, s.draw.temperature, noise);
    else
      drawn = draw_allowed(column, head, static_cast<double>(s.draw.temperature), noise, to);
    put_cell(s, row, drawn, position_of(column, drawn.code, drawn.z, s.constants));
    if (!free && to.log_mass && lane() == 0) to.log_mass[row] += static_cast<float>(drawn.log_mass);
  }
}

/// d = the gradient of sum(dview * softmax(logits + noise)) with respect to the logits.
__device__ void codes_backward(const float* logits, int codes, const CellNoise& noise, const float* dview, float* d) {
  float top = -INFINITY, sum = 0, mean = 0;
  for (int c = lane(); c < codes; c += 32) {
    d[c] = logits[c] + noise.gumbel<float>(c);  // d keeps what is not to be computed again
    top = fmaxf(top, d[c]);
  }
  top = warp_max(top);
  for (int c = lane(); c < codes; c += 32) {
    d[c] = expf(d[c] - top);
    sum += d[c], mean += d[c] * dview[c];
  }
  sum = warp_sum(sum), mean = warp_sum(mean) / sum;
  for (int c = lane(); c < codes; c += 32) d[c] = d[c] / sum * (dview[c] - mean);
}

/// The gradient of dz times z = mean + sigma epsilon of the component drawn; the weights' is that of the softmax over
/// what each of them would give.
__device__ void mixture_backward(const float* mixture, int codes, const CellNoise& noise, float dz, float* d) {
  const int i = lane();
  const float epsilon = noise.normal(z_noise(codes));
  float noisy = -INFINITY, raw = 0, log_sigma = 0, step = 0, value = 0;
  if (i < kMixtures) {
    noisy = mixture[i] + noise.gumbel<float>(mixture_noise(codes) + i);
    raw = mixture[2 * kMixtures + i], log_sigma = keep_sigma(raw), step = expf(log_sigma) * epsilon;
    value = dz * (mixture[kMixtures + i] + step);
  }
  const int drawn = warp_argmax(noisy, i);
  const float share = expf(noisy - __shfl_sync(0xffffffff, noisy, drawn));
  const float sum = warp_sum(share), mean = warp_sum(share * value) / sum;
  if (i >= kMixtures) return;
  d[i] = share / sum * (value - mean);
  d[kMixtures + i] = i == drawn ? dz : 0.0f;
  d[2 * kMixtures + i] = i == drawn && raw == log_sigma ? dz * step : 0.0f;
}

__global__ void sample_backward_kernel(const ColumnLayout* columns, std::size_t n, std::size_t rows,
                                       std::size_t head_stride, std::size_t view_stride, const float* heads,
                                       const float* cells, Draw draw, const float* dview, float* dheads) {
  for (std::size_t at = grid_warp(); at < rows * n; at += grid_warps()) {
    const Cell cell(columns, n, at, cells);
    const ColumnLayout& column = cell.column;
    const CellNoise noise(draw, cell.j, cell.row);
    const float* head = heads + cell.row * head_stride + column.head;
    const float* seen = dview + cell.row * view_stride + column.view;
    float* const d = dheads + cell.row * head_stride + column.head;
    codes_backward(head, column.codes, noise, seen, d);
    if (column.continuous < 0) continue;
    if (cell.code == column.continuous && cell.z > column.z_low && cell.z < column.z_high)  // drawn, and not cut
      mixture_backward(head + column.codes, column.codes, noise, seen[column.codes], d + column.codes);
    else
      clear_mixture(d + column.codes);
  }
}

}  // namespace

void CudaBackend::heads_loss(const ColumnsLayout& layout, ConstView heads, ConstView cells, float factor, View loss,
                             View dheads) {
  const std::size_t rows = heads.rows();
  check_rows(Device::kCuda, layout, rows,
             RowOperands<>{.cells = cells, .heads = heads, .dheads = dheads, .loss = loss});
  launch(queue_, {blocks_for_warps(rows * layout.size())}, heads_loss_kernel, on_device(std::span(layout.columns)),
         layout.size(), rows, layout.head_stride, heads.data(), cells.data(), factor, loss.data(), dheads.data());
}

void CudaBackend::sample_column(const ColumnsLayout& layout, int column_number, ConstView heads, ConstView constants,
                                const Draw& draw, View cells, View view, const Allowed& allowed) {
  const auto j = static_cast<std::size_t>(column_number);
  const std::size_t rows = heads.rows();
  check_rows(Device::kCuda, layout, rows, RowOperands<>{.cells = cells, .view = view, .heads = heads});
  const ColumnLayout& column = layout.columns[j];
  const Sampling sampling{
      column,           j,    layout.size(), rows,       layout.head_stride, layout.view_stride, heads.data(),
      constants.data(), draw, cells.data(),  view.data()};
  launch(queue_, {blocks_for_warps(rows)}, allowed.codes ? sample_column_kernel<false> : sample_column_kernel<true>,
         sampling, KeptTo(column, allowed));
}

void CudaBackend::sample_backward(const ColumnsLayout& layout, ConstView heads, ConstView cells, const Draw& draw,
                                  ConstView dview, View dheads) {
  const std::size_t rows = heads.rows();
  check_rows(Device::kCuda, layout, rows,
             RowOperands<>{.cells = cells, .view = dview, .heads = heads, .dheads = dheads});
  launch(queue_, {blocks_for_warps(rows * layout.size())}, sample_backward_kernel, on_device(std::span(layout.columns)),
         layout.size(), rows, layout.head_stride, layout.view_stride, heads.data(), cells.data(), draw, dview.data(),
         dheads.data());
}

}  // namespace meg::MEG_KERNELS
