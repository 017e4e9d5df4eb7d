#include "core/measure/drift.h"

#include "core/fail.h"
#include "core/measure/compare.h"

namespace meg {

namespace {

constexpr double kAlike = 0.9, kChance = 0.001;

}  // namespace

std::optional<Drift> drift(const Table& real, const Table& other, const Schema& schema, int threads) {
  if (real.rows() == 0 || other.rows() == 0) fail("a table without rows cannot be compared");
  const std::vector<ColumnComparison> columns = compare_columns(real, other, schema, threads);
  std::optional<Drift> out;
  for (const ColumnComparison& c : columns) {
    const bool chance = c.chi_square_p.value_or(c.ks_p) * static_cast<double>(columns.size()) >= kChance;
    if (c.shape < kAlike && !chance && (!out || c.shape < out->shape)) out = Drift{c.name, c.shape};
  }
  return out;
}

}  // namespace meg
