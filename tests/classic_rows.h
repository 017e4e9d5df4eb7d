#pragma once
#include "core/model/classic/classic.h"
#include "tests/support.h"

namespace test {

/// Rows [rows, columns] of a classic ensemble from first_row on, on the host.
inline Floats classic_rows(meg::Backend& backend, const meg::ClassicEnsemble& ensemble, std::uint64_t seed,
                           std::uint64_t first_row, std::size_t rows) {
  const auto width = static_cast<std::size_t>(ensemble.columns());
  auto slot = ensemble.make_slot(ensemble.rows_of_pass(rows));
  Floats out, block(static_cast<std::size_t>(slot.rows) * width);
  for (std::uint64_t done = 0; done < rows; done += static_cast<std::uint64_t>(slot.rows)) {
    backend.download(ensemble.generate(backend, seed, first_row + done, slot), block);
    out.insert(out.end(), block.begin(), block.end());
  }
  out.resize(rows * width);
  return out;
}

}  // namespace test
