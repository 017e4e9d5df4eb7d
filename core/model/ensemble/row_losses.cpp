#include "core/model/ensemble/row_losses.h"

#include <numeric>

namespace meg {

std::vector<float> row_losses(Backend& backend, const MaskedEnsemble& ensemble, ConstView table, const RowNumbers& rows,
                              ConstView parameters, const MaskedEnsemble::Tape& tape, View cells, View losses) {
  const ColumnsLayout& layout = ensemble.layout();
  const auto columns = static_cast<std::ptrdiff_t>(layout.size());
  std::vector<float> out, cell_losses;
  out.reserve(rows.size());
  for (std::size_t first = 0; first < rows.size(); first += cells.rows()) {
    const std::size_t count = std::min(rows.size() - first, cells.rows());
    const View batch = cells.row_range(0, count);
    backend.gather_rows(table, rows.view().column_range(first, count), batch);
    ensemble.forward(backend, batch, parameters, tape);
    const View of_batch = losses.row_range(0, count);
    backend.heads_loss(layout, tape.heads.row_range(0, count), batch, 0.0f, of_batch, {});
    cell_losses.resize(count * layout.size());
    backend.download(of_batch, cell_losses);
    for (auto row = cell_losses.cbegin(); row != cell_losses.cend(); row += columns)
      out.push_back(std::accumulate(row, row + columns, 0.0f));
  }
  return out;
}

}  // namespace meg
