#pragma once
#include "core/model/ensemble/masked_ensemble.h"
#include "core/table/code/coding.h"

namespace meg {

/// All that rows are made from and judged by. What it names must outlive it.
struct TrainedEnsemble {
  Backend& backend;
  const MaskedEnsemble& ensemble;
  const TableCoding& coding;
  ConstView parameters, constants;        // on the device
  std::span<const NumberColumn> numbers;  // what cells decode by, see Decoding
  int threads = 0;                        // that make tables of rows; 0: all cores

  /// Rows of a pass where so many are wanted, see Backend::rows_of_pass.
  int rows_of_pass(std::size_t wanted) const {
    return backend.rows_of_pass(
        wanted, ensemble.tape_floats(1, ensemble.forward_on(backend)) + ensemble.layout().cell_stride());
  }
};

/// A row's cell of column k, `columns` in all, as the ensemble takes it: code, z and position.
inline void put_cell(const Column& column, Cell cell, std::size_t columns, std::size_t k, float* cells) {
  cells[k] = static_cast<float>(cell.code), cells[columns + k] = cell.z;
  cells[2 * columns + k] = column.position(cell);
}
/// A cell that is not known.
inline void put_unknown(std::size_t columns, std::size_t k, float* cells) {
  cells[k] = -1, cells[columns + k] = 0, cells[2 * columns + k] = -1;
}

}  // namespace meg
