#include "core/model/ensemble/derived_cells.h"

#include <algorithm>
#include <cmath>

#include "core/model/ensemble/particle_pool.h"
#include "core/model/ensemble/trained_ensemble.h"

namespace meg {

namespace {

/// The cell of a number, or of a part of it, that is to come out as it is, and log of how many z its rounding step is
/// wide; nothing where no cell comes to it.
struct DerivedCell {
  Cell cell;
  double log_width = 0;
};
std::optional<DerivedCell> cell_of(const Column& column, const ColumnSchema& schema, double number) {
  constexpr float kLeast = 1e-6f, kLeastWidth = 1e-9f;
  const double rounding = 1e-9 * std::max(1.0, std::abs(number));
  if (!(number >= schema.smallest - rounding && number <= schema.largest + rounding)) return {};
  const Value value{.number = number};
  const Cell cell = column.encode(value, 0.5f);
  const bool is_continuous = static_cast<int>(cell.code) == column.continuous_code();
  const double off = std::abs(column.value(cell) - column.part_of(number)), range = schema.largest - schema.smallest;
  if (off > (is_continuous ? std::max(0.5 * column.numbers().step, 1e-6 * range) : rounding)) return {};
  if (!is_continuous) return DerivedCell{cell};
  const float width = column.encode(value, 1 - kLeast).z - column.encode(value, kLeast).z;
  return DerivedCell{cell, std::log(static_cast<double>(std::max(width, kLeastWidth)))};
}

bool is_in(const std::optional<CellSet>& set, const Column& column, Cell cell) {
  if (!set) return true;
  if (set->codes[cell.code] == 0) return false;
  return static_cast<int>(cell.code) != column.continuous_code() || (cell.z >= set->z_low && cell.z <= set->z_high);
}

}  // namespace

WantedNumber want_number(const TableCoding& coding, std::size_t schema_column, double number, const float* cells) {
  const Relation& relation = *coding.relation_of(schema_column);
  WantedNumber out{.column = schema_column, .at = coding.place_of(schema_column), .number = number};
  std::optional<std::size_t> last;
  for (const Term& term : relation.terms)
    for (const std::size_t c : {term.a, term.b})
      if (cells[coding.place_of(c)] < 0 && (!last || coding.place_of(c) > coding.place_of(*last))) last = c;
  const bool leaves_one = relation.is_exact && last && !coding.relation_of(*last);
  if (leaves_one && !std::isnan(relation.solve(*last, number, [](std::size_t) { return 1.0; }))) out.remainder = last;
  return out;
}

bool is_derived(const TableCoding& coding, const WantedNumber& wanted, std::size_t k) {
  return wanted.at == k || coding.schema_column(k) == wanted.remainder;
}

double put_derived_cell(const TableCoding& coding, const WantedNumber& wanted, std::size_t k,
                        const std::optional<CellSet>& set, const ReadTable* given, std::size_t given_row,
                        float* cells) {
  const Relation& relation = *coding.relation_of(wanted.column);
  const Column& column = coding.columns()[k];
  const auto value = [&](std::size_t c) { return coding.value_of(c, cells, given, given_row); };
  if (wanted.at != k) {
    const ColumnSchema& schema = coding.schema()[*wanted.remainder];
    const auto derived =
        cell_of(column, schema, as_written(schema, relation.solve(*wanted.remainder, wanted.number, value)));
    if (!derived || !is_in(set, column, derived->cell)) return kImpossible;
    put_cell(column, derived->cell, coding.columns().size(), k, cells);
    return derived->log_width;
  }
  const double predicted = relation.predict(coding.schema()[wanted.column], value);
  const auto derived = cell_of(column, column.schema(), relation.off_by(wanted.number, predicted));
  if (!derived || !is_in(set, column, derived->cell)) return kImpossible;
  put_cell(column, derived->cell, coding.columns().size(), k, cells);
  // A limit may be in the way. A given number comes out as it is, so its cell does not tell.
  const double rounding = std::max(1e-9, 1e-12 * std::abs(wanted.number));
  const auto is_it = [&](double number) { return std::abs(number - wanted.number) <= rounding; };
  const bool comes_to_it =
      is_it(relation.within_limits(wanted.number, predicted, value)) && is_it(value(wanted.column));
  return comes_to_it ? derived->log_width : kImpossible;
}

}  // namespace meg
