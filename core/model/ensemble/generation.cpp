#include "core/model/ensemble/generation.h"

#include <algorithm>

#include "core/model/ensemble/conditions.h"
#include "core/model/ensemble/filling.h"
#include "core/model/row_chunks.h"
#include "meg/error.h"

namespace meg {

namespace {

/// Colder than this is the same, and numbers stay finite.
constexpr float kColdest = 1e-6f;

/// Generates the rows of passes, on the generation order or by the filler.
class RowGenerator {
 public:
  RowGenerator(const TrainedEnsemble& trained, std::size_t count, std::uint64_t seed, const GenerateOptions& how)
      : on_(trained),
        seed_(seed),
        how_(how),
        conditions_(read_conditions(trained.coding, how, trained.ensemble.shape().any_order)),
        distances_(how.given ? trained.coding.with_distances(*how.given) : std::nullopt),
        given_(distances_ ? &*distances_ : how.given),
        rows_(trained.rows_of_pass(count)),
        slots_(conditions_.in_order
                   ? static_cast<std::size_t>(RowChunks::slots(trained.backend, count, rows_, slot_floats(), decoded()))
                   : 1),  // the filler makes passes one by one
        chunks_(trained.backend, count, rows_, static_cast<int>(slots_.size()), decoded()),
        arena_(trained.backend.allocate(arena_floats())) {
    for (Slot& slot : slots_) slot.host_cells.resize(pass() * stride());
    if (!conditions_.in_order) {
      filler_.emplace(trained, conditions_.sets, RowFiller::Sets::kCondition, rows_);
      return;
    }
    for (Slot& slot : slots_) {
      slot.tape = trained.ensemble.make_tape(arena_, rows_, trained.ensemble.forward_on(trained.backend));
      slot.cells = arena_.take(pass() * stride());
    }
    known_.columns = static_cast<int>(conditions_.known);
    if (!next()) return;
    float* const codes = arena_.take(next()->codes.size());
    trained.backend.upload(next()->codes, codes);
    known_.next = {.codes = codes, .z_low = next()->z_low, .z_high = next()->z_high};
  }

  void run(std::uint64_t first_row, std::uint64_t end, const TakeRows& take) {
    const auto make = [&](Backend& backend, int number, const RowChunks::Pass& pass) {
      Slot& slot = slots_[static_cast<std::size_t>(number)];
      const float* const cells = filler_ ? fill(pass, slot) : generate(backend, pass, slot);
      backend.decode(on_.numbers, static_cast<int>(columns()), rows_, cells, pass.codes, pass.numbers);
      backend.end_step();
    };
    const auto append = [&](std::span<const std::uint32_t> code, std::span<const double> number, std::uint64_t row,
                            Table& out) {
      if (!how_.given) return on_.coding.append_rows(code, number, seed_, row, out);
      Table made = on_.coding.empty_table();
      on_.coding.append_rows(code, number, seed_, row, made,
                             [&](std::uint64_t r, std::size_t c) { return given_text(r, c); });
      append_beside_given(made, row, out);
    };
    chunks_.run(first_row, end, make, append, take);
  }

 private:
  /// What a pass works in.
  struct Slot {
    MaskedEnsemble::Tape tape{};
    float* cells = nullptr;
    std::vector<float> host_cells;
  };

  std::size_t pass() const { return static_cast<std::size_t>(rows_); }
  std::size_t columns() const { return on_.coding.columns().size(); }
  std::size_t stride() const { return on_.ensemble.layout().cell_stride(); }
  RowChunks::Decoded decoded() const { return {columns(), on_.coding.number_columns().size()}; }
  std::size_t slot_floats() const {
    return on_.ensemble.tape_floats(rows_, on_.ensemble.forward_on(on_.backend)) + Arena::padded(pass() * stride());
  }
  std::size_t arena_floats() const {
    if (!conditions_.in_order) return 0;  // the filler has its own
    return slots_.size() * slot_floats() + (next() ? Arena::padded(next()->codes.size()) : 0);
  }

  /// The cells on the device of a pass, in a step that run() ends.
  const float* generate(Backend& backend, const RowChunks::Pass& pass, Slot& slot) {
    for (std::uint64_t r = pass.row; r < pass.stop; ++r)
      for (std::size_t k = 0; k < conditions_.known; ++k) put(r, k, &slot.host_cells[(r - pass.begin) * stride()]);
    if (conditions_.known > 0) backend.upload(slot.host_cells, slot.cells);
    backend.begin_step();
    on_.ensemble.generate(backend, rows_, draw(pass.begin), on_.parameters, on_.constants, slot.tape, slot.cells,
                          nullptr, known_);
    return slot.cells;
  }

  /// The same by the filler, whose passes are no steps.
  const float* fill(const RowChunks::Pass& pass, Slot& slot) {
    std::fill(slot.host_cells.begin(), slot.host_cells.end(), 0.0f);
    for (std::uint64_t r = pass.row; r < pass.stop; ++r)
      for (std::size_t k = 0; k < columns(); ++k) put(r, k, &slot.host_cells[(r - pass.begin) * stride()]);
    filler_->fill(draw(pass.begin), slot.host_cells);
    return filler_->cells();
  }

  Draw draw(std::uint64_t first_row) const {
    return {.seed = seed_, .first_row = first_row, .temperature = std::max(how_.temperature, kColdest)};
  }

  /// What the first column that is not known is kept to, on the generation order.
  const std::optional<CellSet>& next() const {
    static const std::optional<CellSet> kFree;
    return conditions_.known < conditions_.sets.size() ? conditions_.sets[conditions_.known] : kFree;
  }

  /// A row's cell of column k, where it is known; else code -1.
  void put(std::uint64_t row, std::size_t k, float* cells) const {
    const std::size_t n = on_.coding.columns().size();
    const std::optional<Cell> cell = conditions_.same[k] ? conditions_.same[k] : given_cell(row, k);
    cell ? put_cell(on_.coding.columns()[k], *cell, n, k, cells) : put_unknown(n, k, cells);
  }

  /// Nothing where the column is not given, and for a hole.
  std::optional<Cell> given_cell(std::uint64_t row, std::size_t k) const {
    const std::size_t source = conditions_.given[on_.coding.schema_column(k)];
    if (source == Conditions::kNotGiven || is_hole(row, source)) return {};
    try {
      return on_.coding.columns()[k].encode(given_->cell(row, source), 0.5f);
    } catch (const Error& error) {
      fail("row {} of the given ones: {}", row + 1, error.what());
    }
  }

  /// The cell of a column of the schema, where it is given.
  std::optional<std::string_view> given_text(std::uint64_t row, std::size_t schema_column) const {
    const std::size_t source = conditions_.given[schema_column];
    if (source == Conditions::kNotGiven || is_hole(row, source)) return {};
    return how_.given->cell(row, source);
  }

  /// What is given comes out as it is spelled there, all else as it was made.
  void append_beside_given(const Table& made, std::uint64_t row, Table& out) const {
    for (std::size_t r = 0; r < made.rows(); ++r)
      for (std::size_t c = 0; c < made.columns(); ++c) {
        out.append(given_text(row + r, c).value_or(made.cell(r, c)));
      }
  }

  /// An empty cell of a model of any order is to be generated; in a fixed order it says that the value is missing.
  bool is_hole(std::uint64_t row, std::size_t source) const {
    return on_.ensemble.shape().any_order && trimmed(how_.given->cell(row, source)).empty();
  }

  const TrainedEnsemble& on_;
  std::uint64_t seed_;
  const GenerateOptions& how_;
  Conditions conditions_;
  std::optional<Table> distances_;
  const Table* given_;  // the given rows as they are learned
  int rows_;            // of a pass
  std::vector<Slot> slots_;
  RowChunks chunks_;
  Arena arena_;
  KnownCells known_;
  std::optional<RowFiller> filler_;  // where the generation order does not do
};

}  // namespace

void generate_rows(const TrainedEnsemble& trained, std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                   const GenerateOptions& how, const TakeRows& take) {
  RowGenerator(trained, count, seed, how).run(first_row, first_row + count, take);
}

}  // namespace meg
