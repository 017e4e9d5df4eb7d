#include "core/nn/checks.h"
#include "kernels/backend.h"
#include "kernels/feature.h"
#include "kernels/sampling.h"
#include "kernels/stack.h"

namespace meg::MEG_KERNELS {

namespace {

/// Of more rows than these, where every SM would have a block, every column is launches of its own: they keep the GPU
/// busy then, and draw cells with all of its threads.
constexpr std::size_t kMostRows = kSms * LowTile::kRows;

/// What a block draws, column by column, and where to.
struct Columns {
  const ColumnLayout* layout;
  std::size_t begin, count, n;  // columns begin <= j < begin + count, of n
  std::size_t head_stride, view_stride;
  Draw draw;
  const float* constants;
  float *cells, *view;
};

/// A block draws all columns of its rows, one after the other: what its threads write of one in global memory, they
/// read for the next. The products are those of stack_forward_kernel, of fewer rows: what takes time is a block's
/// way through its columns. Then a warp has a row, and its lanes a feature each of the cell that it has drawn.
template <class Tile>
__global__ void __launch_bounds__(Tile::Shape::kBlockThreads, 1)
    draw_columns_kernel(Columns columns, StackGroups groups, unsigned rows, const float* parameters,
                        DropoutMask first_mask, DropoutMask hidden_mask, StackOperands tape) {
  static_assert(kFeatures == 32);
  using Shape = typename Tile::Shape;
  SharedMemory shared;
  const ForwardMemory<Shape> memory(shared);
  const unsigned first_row = blockIdx.x * Shape::kRows;
  const unsigned end = first_row + Shape::kRows < rows ? first_row + Shape::kRows : rows;
  for (std::size_t k = 0; k < columns.count; ++k) {
    stack_forward_tile<Tile>(memory, groups, static_cast<unsigned>(k), first_row, rows, parameters, first_mask,
                             hidden_mask, tape);
    const std::size_t j = columns.begin + k;
    const Sampling s{columns.layout[j],   j,          columns.n,         rows,         columns.head_stride,
                     columns.view_stride, tape.heads, columns.constants, columns.draw, columns.cells,
                     columns.view};
    for (std::size_t row = first_row + threadIdx.x / 32; row < end; row += Shape::kBlockThreads / 32) {
      const DrawnCell drawn = draw_free(s.column, s.heads + row * s.head_stride + s.column.head, s.draw.temperature,
                                        CellNoise(s.draw, j, row));
      const float position = position_of(s.column, drawn.code, drawn.z, s.constants);
      put_cell(s, row, drawn, position);
      tape.x[(row * s.n + j) * kFeatures + static_cast<std::size_t>(lane())] =
          feature(lane(), s.column, parameters, static_cast<float>(drawn.code), drawn.z, position);
    }
    __syncthreads();
  }
}

}  // namespace

void CudaBackend::draw_columns(const ColumnsLayout& layout, int begin, const Stack& stack, ConstView parameters,
                               const StackTape& tape, const RowsToDraw& to) {
  const std::size_t rows = to.cells.rows();
  const bool at_once = rows <= kMostRows && stack.hidden.size() > 1 && !stack.first.empty() && fit<LowTile>(stack) &&
                       !to.draw.fills && !to.first.codes;
  if (!at_once) return Backend::draw_columns(layout, begin, stack, parameters, tape, to);
  check_rows(Device::kCuda, layout, rows, RowOperands<>{.cells = to.cells, .view = to.view, .heads = tape.heads});
  check_stack(Device::kCuda, stack, parameters, tape);
  const Columns columns{on_device(std::span(layout.columns)),
                        static_cast<std::size_t>(begin),
                        stack.hidden.size(),
                        layout.size(),
                        layout.head_stride,
                        layout.view_stride,
                        to.draw,
                        to.constants.data(),
                        to.cells.data(),
                        to.view.data()};
  const auto count = static_cast<unsigned>(rows);
  const Launch shape{{LowTile::row_tiles(count), 1, 1}, LowTile::kBlockThreads, shared_bytes<LowTile, false>()};
  with_tile<LowTile>(precision_, [&](auto tile) {
    launch(queue_, shape, draw_columns_kernel<decltype(tile)>, columns, groups_on_device(stack), count,
           parameters.data(), DropoutMask(stack.first_dropout), DropoutMask(stack.hidden_dropout), StackOperands(tape));
  });
}

}  // namespace meg::MEG_KERNELS
