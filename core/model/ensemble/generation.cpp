#include "core/model/ensemble/generation.h"

#include <algorithm>

#include "core/fail.h"
#include "core/model/ensemble/conditions.h"
#include "core/model/ensemble/filling.h"
#include "core/model/ensemble/particle_filler.h"
#include "core/model/row_chunks.h"
#include "core/parallel.h"
#include "core/table/infer/number.h"
#include "core/table/write/fill_column.h"
#include "core/table/write/write_column.h"

namespace meg {

namespace {

/// Colder than this is the same, and numbers stay finite.
constexpr float kColdest = 1e-6f;

/// Generates the rows of passes, on the generation order or by a filler.
class RowGenerator : public RowSource {
 public:
  RowGenerator(const TrainedEnsemble& trained, std::uint64_t first_row, std::size_t count, std::uint64_t seed,
               const GenerateOptions& how)
      : on_(trained),
        seed_(seed),
        how_(how),
        conditions_(read_conditions(trained.coding, how, trained.ensemble.shape().any_order)),
        given_(how.given ? std::optional<ReadTable>(std::in_place, trained.coding.schema(), *how.given, trained.threads)
                         : std::nullopt),
        rows_(trained.rows_of_pass(count)),
        slots_(conditions_.in_order
                   ? static_cast<std::size_t>(RowChunks::slots(trained.backend, count, rows_, slot_floats(), decoded()))
                   : 1),  // a filler makes passes one by one
        chunks_(trained.backend, count, rows_, static_cast<int>(slots_.size()), decoded()),
        arena_(trained.backend.scratch(arena_floats())) {
    for (Slot& slot : slots_) slot.host_cells.resize(pass() * stride());
    prepare();
    chunks_.begin(first_row, first_row + count,
                  [this](Backend& on, int slot, const RowChunks::Pass& pass) { make(on, slot, pass); });
  }

  std::optional<Table> next() override {
    const std::optional<RowChunks::Rows> rows = chunks_.next();
    return rows ? std::optional(table_of(*rows)) : std::nullopt;
  }

 private:
  /// What a pass works in.
  struct Slot {
    MaskedEnsemble::Tape tape{};
    View cells{};
    std::vector<float> host_cells;
  };

  void prepare() {
    if (!conditions_.in_order && on_.ensemble.shape().any_order) {
      filler_.emplace(on_, conditions_.sets, RowFiller::Sets::kCondition, rows_);
      return;
    }
    for (Slot& slot : slots_) {
      if (conditions_.in_order) slot.tape = on_.ensemble.make_tape(arena_, rows_, on_.ensemble.forward_on(on_.backend));
      slot.cells = arena_.take(pass(), stride());
    }
    if (!conditions_.in_order) {
      particles_.emplace(on_, conditions_.sets, /*weighs=*/true, conditions_.asked,
                         ParticleFiller::Settings{.seed = seed_,
                                                  .temperature = draw(0).temperature,
                                                  .given = given_ ? &*given_ : nullptr,
                                                  .advice = advice()});
      return;
    }
    known_.columns = static_cast<int>(conditions_.known);
    if (!next_set()) return;
    const View codes = arena_.take(1, next_set()->codes.size());
    on_.backend.upload(next_set()->codes, codes);
    known_.next = {.codes = codes, .z_low = next_set()->z_low, .z_high = next_set()->z_high};
  }

  void make(Backend& backend, int number, const RowChunks::Pass& pass) {
    Slot& slot = slots_[static_cast<std::size_t>(number)];
    const ConstView cells = conditions_.in_order ? generate(backend, pass, slot) : fill(pass, slot);
    backend.decode(on_.numbers, cells, pass.codes, pass.numbers);
    backend.end_step();
  }

  /// What is given comes out as it is there, cells of texts as they are spelled; all else as it was made.
  Table table_of(const RowChunks::Rows& rows) const {
    const Schema& schema = on_.coding.schema();
    std::vector<Array> made =
        on_.coding.made_columns({.code = rows.codes, .number = rows.numbers, .first_row = rows.row, .seed = seed_},
                                on_.threads, given_ ? &*given_ : nullptr, rows.row);
    std::vector<NamedArray> out(schema.size());
    parallel_for(out.size(), on_.threads, [&](std::size_t c) {
      out[c] = {schema[c].name, conditions_.given[c] == Conditions::kNotGiven
                                    ? write_column(schema[c], made[c], output_type(schema[c]))
                                    : beside_given(c, rows, made[c])};
    });
    return Table(std::move(out));
  }

  Array beside_given(std::size_t c, const RowChunks::Rows& rows, const Array& made) const {
    const std::size_t source = conditions_.given[c];
    std::vector<bool> is_hole_of(rows.count);
    for (std::size_t r = 0; r < rows.count; ++r) is_hole_of[r] = is_hole(rows.row + r, source);
    const ColumnSchema& column = on_.coding.schema()[c];
    const Array given = (*how_.given)[source].slice(rows.row, rows.count);
    if (!how_.given->is_text())
      return fill_column(column, given, /*is_text=*/false, is_hole_of, made, output_type(column));
    Bitmap valid;
    for (std::size_t r = 0; r < rows.count; ++r)
      valid.push_back(is_hole_of[r] ? !made.is_null(r) : !is_missing(column, given.text(r)));
    return fill_texts(column, given, is_hole_of, made).with_validity(std::move(valid));
  }

  std::size_t pass() const { return static_cast<std::size_t>(rows_); }
  std::size_t columns() const { return on_.coding.columns().size(); }
  std::size_t stride() const { return on_.ensemble.layout().cell_stride(); }
  RowChunks::Decoded decoded() const { return {columns(), on_.coding.number_columns().size()}; }
  std::size_t slot_floats() const {
    return on_.ensemble.tape_floats(rows_, on_.ensemble.forward_on(on_.backend)) + Arena::padded(pass() * stride());
  }
  std::size_t arena_floats() const {
    if (!conditions_.in_order) return Arena::padded(pass() * stride());  // fillers have their own
    return slots_.size() * slot_floats() + (next_set() ? Arena::padded(next_set()->codes.size()) : 0);
  }

  /// The cells on the device of a pass, in a step that run() ends.
  ConstView generate(Backend& backend, const RowChunks::Pass& pass, Slot& slot) {
    for (std::uint64_t r = pass.row; r < pass.stop; ++r)
      for (std::size_t k = 0; k < conditions_.known; ++k) put(r, k, &slot.host_cells[(r - pass.row) * stride()]);
    if (conditions_.known > 0) backend.upload(slot.host_cells, slot.cells);
    backend.begin_step();
    on_.ensemble.generate(backend, draw(pass.row), on_.parameters, on_.constants, slot.tape, slot.cells, {}, known_);
    return slot.cells;
  }

  /// The same by the filler, whose passes are no steps.
  ConstView fill(const RowChunks::Pass& pass, Slot& slot) {
    std::fill(slot.host_cells.begin(), slot.host_cells.end(), 0.0f);
    for (std::uint64_t r = pass.row; r < pass.stop; ++r)
      for (std::size_t k = 0; k < columns(); ++k) put(r, k, &slot.host_cells[(r - pass.row) * stride()]);
    if (particles_) return fill_by_particles(pass, slot);
    filler_->fill(draw(pass.row), slot.host_cells);
    return filler_->cells();
  }

  ConstView fill_by_particles(const RowChunks::Pass& pass, Slot& slot) {
    const std::span<float> cells = std::span(slot.host_cells).first((pass.stop - pass.row) * stride());
    if (is_each_alone()) {
      std::vector<std::vector<WantedNumber>> wanted;
      for (std::uint64_t r = pass.row; r < pass.stop; ++r)
        wanted.push_back(wanted_of(r, &cells[(r - pass.row) * stride()]));
      particles_->fill(pass.row, cells, wanted);
    } else {
      particles_->fill_alike(pass.row, cells);
    }
    on_.backend.upload(slot.host_cells, slot.cells);
    return slot.cells;
  }

  /// Whether rows differ in what is known of them.
  bool is_each_alone() const {
    for (std::size_t c = 0; c < conditions_.given.size(); ++c)
      if (conditions_.given[c] != Conditions::kNotGiven && on_.coding.place_of(c) != TableCoding::kNotModelled)
        return true;
    return false;
  }

  /// The given numbers that cells are to come to.
  std::vector<WantedNumber> wanted_of(std::uint64_t row, const float* cells) const {
    std::vector<WantedNumber> out;
    for (std::size_t k = 0; k < columns(); ++k) {
      const std::size_t c = on_.coding.schema_column(k);
      if (!conditions_.is_derived[k] || cells[k] >= 0) continue;
      const Value value = given_->value(row, c);
      if (value.is_odd)
        fail("row {} of the given ones: column '{}' is {}, but '{}' is not", row + 1, on_.coding.schema()[c].name,
             type_name(on_.coding.schema()[c].type), value.text);
      out.push_back(want_number(on_.coding, c, value.number, cells));
    }
    return out;
  }

  std::string advice() const {
    const std::string order = fmt::format("train with `order={}` or `any_order=true`", conditions_.order);
    return how_.given ? order + ", or ask for less" : order + ", with which none is drawn in vain";
  }

  Draw draw(std::uint64_t first_row) const {
    return {.seed = seed_, .first_row = first_row, .temperature = std::max(how_.temperature, kColdest)};
  }

  /// What the first column that is not known is kept to, on the generation order.
  const std::optional<CellSet>& next_set() const {
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
    const std::size_t c = on_.coding.schema_column(k), source = conditions_.given[c];
    if (source == Conditions::kNotGiven || is_hole(row, source)) return {};
    if (conditions_.is_derived[k] && !given_->value(row, c).is_missing()) return {};
    try {
      return on_.coding.encode_cell(*given_, row, k, 0.5f);
    } catch (const Error& error) {
      fail("row {} of the given ones: {}", row + 1, error.what());
    }
  }

  /// An empty cell of a model of any order is to be generated; in a fixed order it says that the value is missing.
  bool is_hole(std::uint64_t row, std::size_t source) const {
    const Array& cells = (*how_.given)[source];
    return on_.ensemble.shape().any_order &&
           (cells.is_null(row) || (how_.given->is_text() && trimmed(cells.text(row)).empty()));
  }

  TrainedEnsemble on_;
  std::uint64_t seed_;
  GenerateOptions how_;
  Conditions conditions_;
  std::optional<ReadTable> given_;
  int rows_;  // of a pass
  std::vector<Slot> slots_;
  RowChunks chunks_;
  Arena arena_;
  KnownCells known_;
  // Where the generation order does not do, one of them.
  std::optional<RowFiller> filler_;
  std::optional<ParticleFiller> particles_;
};

}  // namespace

std::unique_ptr<RowSource> generate_rows(const TrainedEnsemble& trained, std::uint64_t first_row, std::size_t count,
                                         std::uint64_t seed, const GenerateOptions& how) {
  return std::make_unique<RowGenerator>(trained, first_row, count, seed, how);
}

}  // namespace meg
