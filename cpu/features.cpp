#include "core/nn/checks.h"
#include "core/nn/head_formulas.h"
#include "cpu/backend.h"

namespace meg::cpu {
inline namespace MEG_LEVEL {

namespace {
constexpr std::size_t kRows = 64;  // of one task
}  // namespace

void CpuBackend::features(const ColumnsLayout& layout, int begin, int end, ConstView cells, ConstView parameters,
                          View x) {
  check_rows(Device::kCpu, layout, x.rows(), RowOperands<>{.cells = cells, .features = x});
  const std::size_t n = layout.size(), count = x.rows();
  const auto first = static_cast<std::size_t>(begin), last = static_cast<std::size_t>(end);
  pool_.run_blocks(count, kRows, 20.0 * static_cast<double>(count * (last - first)),
                   [&](std::size_t from, std::size_t to) {
                     for (std::size_t r = from; r < to; ++r) {
                       const float* cell = cells.data() + r * layout.cell_stride();
                       for (std::size_t j = first; j < last; ++j) {
                         float* out = x.data() + (r * n + j) * kFeatures;
                         if (cell[j] < 0) {
                           std::fill_n(out, kFeatures, 0.0f);
                           continue;
                         }
                         const auto code = static_cast<std::size_t>(cell[j]);
                         const float* embedding = parameters.data() + layout.columns[j].embedding + code * kEmbedding;
                         const float position = cell[2 * n + j];
                         for (int i = 0; i < kEmbedding; ++i) out[i] = embedding[i];
                         for (int i = 0; i < kKnots - 1; ++i) out[kEmbedding + i] = ramp(position, i);
                         out[kFeatures - 1] = 0.25f * cell[n + j];
                       }
                     }
                   });
}

void CpuBackend::features_backward(const ColumnsLayout& layout, int end, ConstView cells, ConstView dx,
                                   View gradients) {
  check_rows(Device::kCpu, layout, dx.rows(), RowOperands<>{.cells = cells, .features = dx});
  const std::size_t n = layout.size(), count = dx.rows();
  pool_.run(end, 20.0 * static_cast<double>(count * n), [&](int task) {
    const auto j = static_cast<std::size_t>(task);
    float* gradient = gradients.data() + layout.columns[j].embedding;
    for (std::size_t r = 0; r < count; ++r) {
      float* sum = gradient + static_cast<std::size_t>(cells(r, j)) * kEmbedding;
      const float* in = dx.data() + (r * n + j) * kFeatures;
      for (int i = 0; i < kEmbedding; ++i) sum[i] += in[i];
    }
  });
}

void CpuBackend::hide_columns(std::uint64_t seed, std::uint64_t first_row, View x) {
  check_alike(Device::kCpu, x);
  const std::size_t n = x.columns() / kFeatures, count = x.rows();
  const Philox philox(seed, Stream::kHide);
  pool_.run_blocks(count, kRows, 20.0 * static_cast<double>(count * n), [&](std::size_t from, std::size_t to) {
    for (std::size_t r = from; r < to; ++r) {
      const std::uint32_t share = philox.bits(first_row + r, 0)[0];
      std::array<std::uint32_t, 4> words{};
      for (std::size_t j = 0; j < n; ++j) {
        if (j % 4 == 0) words = philox.bits(first_row + r, static_cast<std::uint32_t>(1 + j / 4));
        if (words[j % 4] < share) std::fill_n(&x(r, j * kFeatures), kFeatures, 0.0f);
      }
    }
  });
}

void CpuBackend::view_rows(const ColumnsLayout& layout, ConstView cells, View view) {
  check_rows(Device::kCpu, layout, view.rows(), RowOperands<>{.cells = cells, .view = view});
  const std::size_t n = layout.size(), count = view.rows();
  pool_.run_blocks(count, kRows, static_cast<double>(count * layout.view_stride),
                   [&](std::size_t from, std::size_t to) {
                     for (std::size_t r = from; r < to; ++r) {
                       const float* cell = cells.data() + r * layout.cell_stride();
                       float* out = view.data() + r * layout.view_stride;
                       std::fill_n(out, layout.view_stride, 0.0f);
                       for (std::size_t j = 0; j < n; ++j) {
                         const ColumnLayout& column = layout.columns[j];
                         out[column.view + static_cast<std::size_t>(cell[j])] = 1.0f;
                         if (column.continuous >= 0)
                           out[column.view + static_cast<std::size_t>(column.codes)] = cell[n + j];
                       }
                     }
                   });
}

}  // namespace MEG_LEVEL
}  // namespace meg::cpu
