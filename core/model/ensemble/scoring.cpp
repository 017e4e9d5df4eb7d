#include "core/model/ensemble/scoring.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "core/fail.h"

namespace meg {

namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();

/// The cell of a value, with no noise: a score must not depend on where the row stands. Nothing where the model can
/// never generate it, and why; a number between those that have codes is the nearest of them.
std::optional<Cell> cell_of(const Column& column, bool is_distance, const Value& value, std::string& why) {
  try {
    const ColumnSchema& schema = column.schema();
    if (is_numeric(schema.type) && !value.is_missing() && !value.is_odd && !value.is_word())
      if (const double number = column.part_of(value.number); number < schema.smallest || number > schema.largest) {
        std::string text;
        append_value(schema, value.number, text);
        fail("column '{}' is {}{}, beyond what the model knows", schema.name, text,
             is_distance ? " from what it follows from" : "");
      }
    return column.encode(value, 0.5f);
  } catch (const Error& error) {
    why = error.what();
    return {};
  }
}

/// Scores at most `rows` rows a pass.
class RowScorer {
 public:
  /// The table's first row is called first_row.
  RowScorer(const TrainedEnsemble& trained, const ReadTable& table, std::size_t first_row, int rows)
      : on_(trained),
        table_(table),
        first_row_(first_row),
        host_cells_(static_cast<std::size_t>(rows) * stride()),
        host_losses_(static_cast<std::size_t>(rows) * columns()),
        impossible_(host_losses_.size()),
        arena_(
            trained.backend.scratch(trained.ensemble.tape_floats(rows, trained.ensemble.forward_on(trained.backend)) +
                                    Arena::padded(host_cells_.size()) + Arena::padded(host_losses_.size()))),
        tape_(trained.ensemble.make_tape(arena_, rows, trained.ensemble.forward_on(trained.backend))),
        cells_(arena_.take(static_cast<std::size_t>(rows), stride())),
        losses_(arena_.take(static_cast<std::size_t>(rows), columns())) {
    for (std::size_t k = 0; k < columns(); ++k) {
      std::size_t place = 0;
      for (std::size_t c = 0; c < trained.coding.schema_column(k); ++c)
        place += trained.coding.place_of(c) != TableCoding::kNotModelled;
      table_place_.push_back(place);
    }
  }

  /// Adds the scores of rows [row, row + count).
  void score(std::size_t row, std::size_t count, Scores& out) {
    for (std::size_t r = 0; r < count; ++r) encode(row + r, r, out.first_impossible);
    on_.backend.upload(host_cells_, cells_);
    on_.ensemble.forward(on_.backend, cells_, on_.parameters, tape_);
    on_.backend.heads_loss(on_.ensemble.layout(), tape_.heads, cells_, 0.0f, losses_, {});
    on_.backend.download(losses_, host_losses_);
    for (std::size_t r = 0; r < count; ++r) add(r, out);
  }

 private:
  std::size_t columns() const { return on_.coding.columns().size(); }
  std::size_t stride() const { return on_.ensemble.layout().cell_stride(); }

  void encode(std::size_t row, std::size_t r, std::string& first_impossible) {
    const std::size_t n = columns();
    std::string why;
    for (std::size_t k = 0; k < n; ++k) {
      const Column& column = on_.coding.columns()[k];
      const std::size_t c = on_.coding.schema_column(k);
      const bool is_distance = on_.coding.relation_of(c) != nullptr;
      std::optional<Cell> cell = on_.coding.formula_cell(table_, row, k);
      if (!cell) cell = cell_of(column, is_distance, on_.coding.learned(table_, row, c), why);
      if (!cell && first_impossible.empty()) first_impossible = fmt::format("row {}: {}", first_row_ + row + 1, why);
      impossible_[r * n + k] = !cell;
      put_cell(column, cell.value_or(Cell{}), n, k, &host_cells_[r * stride()]);
    }
  }

  /// The parts of row r of the block, from the order of generation into that of the table.
  void add(std::size_t r, Scores& out) const {
    const std::size_t n = columns(), first = out.parts.size();
    out.parts.resize(first + out.columns.size());
    double total = 0;
    bool after_impossible = false;
    for (std::size_t k = 0; k < n; ++k) {
      double part = -static_cast<double>(host_losses_[r * n + k]);
      if (after_impossible) part = std::numeric_limits<double>::quiet_NaN();
      if (impossible_[r * n + k]) part = kImpossible, after_impossible = true;
      // Of both parts of a column that is split; where the first is impossible the second says nothing.
      if (!(on_.coding.columns()[k].is_second() && impossible_[r * n + k - 1]))
        out.parts[first + table_place_[k]] += part;
      total += part;
    }
    out.total.push_back(after_impossible ? kImpossible : total);
  }

  const TrainedEnsemble& on_;
  const ReadTable& table_;
  std::size_t first_row_;
  std::vector<std::size_t> table_place_;  // [columns] of a generator's column: among the learned ones of the table
  std::vector<float> host_cells_, host_losses_;
  std::vector<bool> impossible_;
  Arena arena_;
  MaskedEnsemble::Tape tape_;
  View cells_, losses_;
};

std::vector<std::string> learned_columns(const TableCoding& coding) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < coding.schema().size(); ++c)
    if (coding.place_of(c) != TableCoding::kNotModelled) names.push_back(coding.schema()[c].name);
  return names;
}

}  // namespace

Scores score_rows(const TrainedEnsemble& trained, const Table& table, std::size_t first_row, std::size_t count) {
  Scores out{learned_columns(trained.coding), {}, {}, {}};
  for (const std::string& column : out.columns) table.place_of(column);
  const int rows = trained.rows_of_pass(count);
  const ReadTable read(trained.coding.schema(), table.slice(first_row, count), trained.threads);
  RowScorer scorer(trained, read, first_row, rows);
  const std::size_t block = static_cast<std::size_t>(rows);
  for (std::size_t done = 0; done < count; done += block) scorer.score(done, std::min(block, count - done), out);
  return out;
}

Table scores_table(const Scores& scores) {
  const std::size_t rows = scores.total.size(), columns = scores.columns.size();
  std::string total = "log_likelihood";
  while (std::ranges::find(scores.columns, total) != scores.columns.end()) total += '_';
  std::vector<NamedArray> out;
  for (std::size_t c = 0; c <= columns; ++c) {
    std::vector<double> numbers(rows);
    Bitmap valid;
    for (std::size_t r = 0; r < rows; ++r) {
      numbers[r] = c == 0 ? scores.total[r] : scores.parts[r * columns + c - 1];
      valid.push_back(!std::isnan(numbers[r]));
    }
    out.push_back({c == 0 ? total : scores.columns[c - 1],
                   Array::of({.id = TypeId::kFloat64}, std::move(numbers), std::move(valid))});
  }
  return Table(std::move(out));
}

}  // namespace meg
