#include "core/model/ensemble/row_losses.h"

#include <numeric>

namespace meg {

std::vector<float> row_losses(Backend& backend, const MaskedEnsemble& ensemble, const float* table,
                              const RowNumbers& rows, int batch, const float* parameters, MaskedEnsemble::Tape& tape,
                              float* cells, float* losses) {
  const ColumnsLayout& layout = ensemble.layout();
  const auto columns = static_cast<std::ptrdiff_t>(layout.size());
  std::vector<float> out, cell_losses;
  out.reserve(rows.size());
  for (std::size_t first = 0; first < rows.size(); first += static_cast<std::size_t>(batch)) {
    const int count = static_cast<int>(std::min(rows.size() - first, static_cast<std::size_t>(batch)));
    backend.gather_rows(table, rows.data() + first, count, static_cast<int>(layout.cell_stride()), cells);
    ensemble.forward(backend, count, cells, parameters, tape);
    backend.heads_loss(layout, count, tape.heads, cells, 0.0f, losses, nullptr);
    cell_losses.resize(elements(count, layout.size()));
    backend.download(losses, cell_losses);
    for (auto row = cell_losses.cbegin(); row != cell_losses.cend(); row += columns)
      out.push_back(std::accumulate(row, row + columns, 0.0f));
  }
  return out;
}

}  // namespace meg
