#include "core/model/ensemble/imputation.h"

#include <algorithm>
#include <limits>

#include "core/fail.h"
#include "core/model/ensemble/filling.h"
#include "core/model/ensemble/particle_filler.h"
#include "core/table/infer/number.h"
#include "core/table/write/fill_column.h"
#include "core/table/write/write_column.h"

namespace meg {

namespace {

constexpr std::size_t kNoColumn = ~std::size_t{0};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Of each column that may be missing all cells but the missing one, so that no hole is filled with a hole.
std::vector<std::optional<CellSet>> present_cells(const TableCoding& coding) {
  std::vector<std::optional<CellSet>> sets;
  for (const Column& column : coding.columns()) {
    auto& set = sets.emplace_back();
    const bool has_missing = !column.is_second() && column.part() != Column::Part::kBlock;
    if (column.missing_code() < 0 || column.codes() == 1 || !has_missing) continue;
    set = CellSet{.codes = std::vector<float>(static_cast<std::size_t>(column.codes()), 1.0f),
                  .z_low = column.z_low(),
                  .z_high = column.z_high(),
                  .only = {}};
    set->codes[static_cast<std::size_t>(column.missing_code())] = 0;
  }
  return sets;
}

/// Fills rows pass by pass.
class RowImputer {
 public:
  /// Of a table whose first row is called first_row.
  RowImputer(const TrainedEnsemble& trained, const Table& table, std::uint64_t first_row, int rows, std::uint64_t seed,
             std::uint32_t draw, Imputed& counts)
      : on_(trained),
        table_(table),
        first_row_(first_row),
        read_(trained.coding.schema(), table, trained.threads),
        seed_(seed),
        first_noise_(std::uint64_t{draw} << 50),
        counts_(counts),
        column_(table.columns(), kNoColumn),
        made_(table.columns()),
        cells_(static_cast<std::size_t>(rows) * trained.ensemble.layout().cell_stride()) {
    if (trained.ensemble.shape().any_order)
      filler_.emplace(trained, present_cells(trained.coding), RowFiller::Sets::kEachAlone, rows);
    else
      particles_.emplace(trained, present_cells(trained.coding), /*weighs=*/false, std::vector<AskedNumbers>(),
                         ParticleFiller::Settings{.seed = seed, .draw = draw, .given = &read_, .is_lenient = true});
    const Schema& schema = trained.coding.schema();
    for (std::size_t c = 0; c < schema.size(); ++c) {
      const std::optional<std::size_t> at = table.find(schema[c].name);
      if (at && trained.coding.place_of(c) != TableCoding::kNotModelled) column_[*at] = trained.coding.place_of(c);
    }
    if (std::all_of(column_.begin(), column_.end(), [](std::size_t k) { return k == kNoColumn; }))
      fail("the table with the holes has none of the columns that the model has learned");
    for (std::size_t c = 0; c < column_.size(); ++c)
      if (fills(c)) made_[c].assign(table.rows(), kNaN);
  }

  /// Fills rows [begin, stop), of one pass.
  void fill(std::uint64_t begin, std::uint64_t stop) {
    const std::size_t n = on_.coding.columns().size(), stride = 3 * n;
    std::fill(cells_.begin(), cells_.end(), 0.0f);
    std::vector<std::vector<WantedNumber>> wanted;
    for (std::uint64_t r = begin; r < stop; ++r) {
      float* const cells = &cells_[(r - begin) * stride];
      std::fill_n(cells, n, -1.0f);
      for (std::size_t c = 0; c < column_.size(); ++c)
        if (column_[c] != kNoColumn) put(r - first_row_, c, cells);
      if (particles_) put_distances(r - first_row_, cells, wanted.emplace_back());
    }
    if (particles_)
      particles_->fill(begin, std::span(cells_).first((stop - begin) * stride), wanted, first_row_);
    else
      filler_->fill({.seed = seed_, .first_row = first_noise_ + begin}, cells_);
    for (std::uint64_t r = begin; r < stop; ++r)
      for (std::size_t c = 0; c < column_.size(); ++c)
        if (is_missing(r - first_row_, c)) take(r - first_row_, c, &cells_[(r - begin) * stride]);
  }

  /// The table with what was filled.
  Table take() {
    std::vector<NamedArray> out;
    for (std::size_t c = 0; c < column_.size(); ++c) {
      const Array& cells = table_[c];
      out.push_back({table_.name(c), cells});
      if (!fills(c)) continue;
      std::vector<bool> is_hole(cells.size());
      for (std::size_t r = 0; r < cells.size(); ++r) is_hole[r] = is_missing(r, c);
      const ColumnSchema& schema = on_.coding.schema()[schema_column(c)];
      const Array made = read_values(schema, std::move(made_[c]));
      out.back().values = table_.is_text()
                              ? fill_texts(schema, cells, is_hole, made)
                              : fill_column(schema, cells, false, is_hole, made,
                                            cells.type().stored == "n" ? output_type(schema) : cells.type());
    }
    return Table(std::move(out), table_.is_text());
  }

 private:
  const Column& model_column(std::size_t c) const { return on_.coding.columns()[column_[c]]; }
  /// Whether a missing cell of a column of the table gets a value; what texts say is not learned, only that they are.
  bool fills(std::size_t c) const {
    return column_[c] != kNoColumn && is_modelled(model_column(c).schema().type) &&
           !(model_column(c).missing_code() >= 0 && model_column(c).codes() == 1);
  }

  std::size_t schema_column(std::size_t c) const { return on_.coding.schema_column(column_[c]); }
  TableCoding::Places places_of(std::size_t c) const { return on_.coding.places_of(schema_column(c)); }

  bool is_missing(std::size_t row, std::size_t c) const {
    if (column_[c] != kNoColumn) return read_.value(row, schema_column(c)).is_missing();
    return table_[c].is_null(row) || (table_.is_text() && meg::is_missing(table_[c].text(row)));
  }

  /// Cell c of a row of the table, where it says something; else it remains unknown.
  void put(std::size_t row, std::size_t c, float* cells) {
    const Column& column = model_column(c);
    const Value value = read_.value(row, schema_column(c));
    if (value.is_missing() && (fills(c) || column.missing_code() < 0)) return;
    if (on_.coding.relation_of(schema_column(c))) return;  // put_distances()
    try {
      const ColumnSchema& schema = column.schema();
      set(column_[c], column.encode(value, 0.5f), cells);
      if (const TableCoding::Places places = places_of(c); places.are_two())
        set(places.second, on_.coding.columns()[places.second].encode(value, 0.5f), cells);
      if (is_numeric(schema.type) && (value.number < schema.smallest || value.number > schema.largest))
        ++counts_.out_of_range;
    } catch (const Error& error) {
      note_unknown(row, error);
    }
  }

  /// Cells of columns that are learned as their distance from others: known where these are. Elsewhere the numbers are
  /// wanted; each follows from columns before it, which may be such columns, too.
  void put_distances(std::size_t row, float* cells, std::vector<WantedNumber>& wanted) {
    const TableCoding& coding = on_.coding;
    for (std::size_t k = 0; k < coding.columns().size(); ++k) {
      const std::size_t c = coding.schema_column(k);
      const Relation* const relation = coding.relation_of(c);
      const Value value = relation && read_.has(c) ? read_.value(row, c) : Value();
      if (value.is_missing()) continue;
      const auto is_present = [&](std::size_t base) { return !std::isnan(read_.number(row, base)); };
      try {
        if (value.is_odd || std::ranges::all_of(relation->bases(), is_present))
          set(k, coding.columns()[k].encode(coding.learned(read_, row, c), 0.5f), cells);
        else
          wanted.push_back(want_number(coding, c, value.number, cells));
        const ColumnSchema& schema = coding.schema()[c];
        if (value.number < schema.smallest || value.number > schema.largest) ++counts_.out_of_range;
      } catch (const Error& error) {
        note_unknown(row, error);
      }
    }
  }

  void note_unknown(std::size_t row, const Error& error) {
    if (counts_.unknown++ == 0) counts_.first_unknown = fmt::format("row {}: {}", first_row_ + row + 1, error.what());
  }

  void set(std::size_t k, Cell cell, float* cells) const {
    put_cell(on_.coding.columns()[k], cell, on_.coding.columns().size(), k, cells);
  }

  Cell get(std::size_t k, const float* cells) const {
    return {static_cast<std::uint32_t>(cells[k]), cells[on_.coding.columns().size() + k]};
  }

  /// What a hole of column c of the table is filled with.
  Cell filling(std::size_t c, const float* cells) const {
    const auto [first, second] = places_of(c);
    const Column& column = on_.coding.columns()[first];
    if (!column.is_split()) return get(first, cells);
    const Column& in_block = on_.coding.columns()[second];
    const Cell block = get(first, cells), filled = column.whole(block, get(second, cells));
    const auto missing = [&](const Column& part) { return Cell{static_cast<std::uint32_t>(part.missing_code()), 0}; };
    if (column.missing_code() < 0 || filled != column.whole(missing(column), missing(in_block))) return filled;
    // A block's place cannot be kept from the missing one without knowing the block: its most frequent category then.
    return column.whole(block, {missing(in_block).code == 0 ? 1u : 0u, 0});
  }

  /// Counts a missing cell, and takes what it is filled with.
  void take(std::size_t row, std::size_t c, const float* cells) {
    if (!fills(c)) {
      ++counts_.still_missing;
      return;
    }
    ++counts_.filled;
    const ColumnSchema& schema = on_.coding.schema()[schema_column(c)];
    made_[c][row] =
        as_written(schema, is_numeric(schema.type) ? on_.coding.value_of(schema_column(c), cells, &read_, row)
                                                   : model_column(c).value(filling(c, cells)));
  }

  const TrainedEnsemble& on_;
  const Table& table_;
  std::uint64_t first_row_;
  ReadTable read_;
  std::uint64_t seed_, first_noise_;
  Imputed& counts_;
  // By the model's masks, one of them.
  std::optional<RowFiller> filler_;
  std::optional<ParticleFiller> particles_;
  std::vector<std::size_t> column_;        // [table's columns] the model's, or kNoColumn
  std::vector<std::vector<double>> made_;  // [table's columns] [rows] what holes are filled with
  std::vector<float> cells_;
};

}  // namespace

Table impute_rows(const TrainedEnsemble& trained, const Table& table, std::uint64_t first_row, std::size_t count,
                  std::uint64_t seed, std::uint32_t draw, Imputed& counts) {
  const auto pass = static_cast<std::uint64_t>(trained.rows_of_pass(count));
  const Table some = table.slice(first_row, count);
  RowImputer rows(trained, some, first_row, static_cast<int>(pass), seed, draw, counts);
  const std::uint64_t end = first_row + count;
  for (std::uint64_t row = first_row; row < end; row += pass) rows.fill(row, std::min(end, row + pass));
  return rows.take();
}

}  // namespace meg
