#include "core/model/generation.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/model/conditions.h"
#include "core/model/filling.h"

namespace meg {

namespace {

/// Colder than this is the same, and numbers stay finite.
constexpr float kColdest = 1e-6f;

/// Rows that are decoded before they are printed: so many that starting threads costs nothing beside it, no more memory
/// than this, and few enough that there are several chunks, for one is printed while the next is made.
constexpr std::size_t kChunkRows = 32768, kChunkBytes = std::size_t{8} << 20, kChunks = 8;
/// What passes that are made at once work in, together.
constexpr std::size_t kMostPassFloats = std::size_t{64} << 20;

/// Generates rows in passes and decodes them on the device; a chunk of passes is downloaded while the next is made.
class RowGenerator {
 public:
  RowGenerator(const TrainedEnsemble& trained, std::size_t count, std::uint64_t seed, const GenerateOptions& how)
      : on_(trained),
        seed_(seed),
        how_(how),
        conditions_(read_conditions(trained.coding, how, trained.ensemble.shape().any_order)),
        rows_(trained.rows_of_pass(count)),
        slots_(slot_count(count)),
        chunk_(chunk_passes(count) * pass()),
        arena_(trained.backend.allocate(arena_floats())) {
    for (Buffer& buffer : buffers_) {
      buffer.device = arena_.take(decoded_floats());
      buffer.host = trained.backend.allocate_on_host(decoded_floats());
    }
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
    std::optional<Chunk> made;
    for (std::uint64_t row = first_row; row < end;) {
      const Chunk next{row, block_end(row, end, chunk_), made ? 1 - made->buffer : 0};
      start(next);
      if (made && !give(*made, take)) return;
      made = next, row = next.stop;
    }
    if (made) give(*made, take);
  }

 private:
  /// Where a chunk is decoded to: of all its rows the numbers, [rows, number_columns] doubles, then the codes, [rows,
  /// columns].
  struct Buffer {
    float* device = nullptr;
    Memory host;
  };
  /// Rows [row, stop) of the table, within one block of chunk_ rows.
  struct Chunk {
    std::uint64_t row, stop;
    int buffer;
  };
  /// What a pass works in.
  struct Slot {
    MaskedEnsemble::Tape tape{};
    float* cells = nullptr;
    std::vector<float> host_cells;
  };

  std::size_t pass() const { return static_cast<std::size_t>(rows_); }
  std::size_t columns() const { return on_.coding.columns().size(); }
  std::size_t numbers() const { return on_.coding.number_columns().size(); }
  std::size_t stride() const { return on_.ensemble.layout().cell_stride(); }
  std::size_t chunk_passes(std::size_t count) const {
    const std::size_t row_bytes = columns() * sizeof(std::uint32_t) + numbers() * sizeof(double);
    const std::size_t most = std::min(kChunkRows, kChunkBytes / row_bytes) / pass();
    const std::size_t passes = std::max<std::size_t>(1, std::min(most, count / pass() / kChunks));
    return (passes + slots_.size() - 1) / slots_.size() * slots_.size();
  }
  std::size_t slot_floats() const {
    return on_.ensemble.tape_floats(rows_, on_.ensemble.forward_on(on_.backend)) + Arena::padded(pass() * stride());
  }
  std::size_t slot_count(std::size_t count) const {
    if (!conditions_.in_order) return 1;  // the filler makes them one by one
    const std::size_t most = std::min((count + pass() - 1) / pass(), kMostPassFloats / slot_floats());
    return std::clamp<std::size_t>(most, 1, static_cast<std::size_t>(on_.backend.passes_at_once()));
  }
  std::size_t number_floats() const { return chunk_ * numbers() * (sizeof(double) / sizeof(float)); }
  std::size_t decoded_floats() const { return number_floats() + chunk_ * columns(); }
  std::size_t arena_floats() const {
    std::size_t floats = buffers_.size() * Arena::padded(decoded_floats());
    if (!conditions_.in_order) return floats;  // the filler has the rest
    floats += slots_.size() * slot_floats();
    return floats + (next() ? Arena::padded(next()->codes.size()) : 0);
  }
  /// Of row `at` of a chunk in a buffer on; memory is of floats.
  double* numbers_of(float* decoded, std::size_t at) const {
    return reinterpret_cast<double*>(decoded) + at * numbers();
  }
  std::uint32_t* codes_of(float* decoded, std::size_t at) const {
    return reinterpret_cast<std::uint32_t*>(decoded + number_floats()) + at * columns();
  }

  /// Makes a chunk's rows, and begins to download them.
  void start(const Chunk& chunk) {
    float* const decoded = buffers_[static_cast<std::size_t>(chunk.buffer)].device;
    const std::uint64_t first = chunk.row / pass(), last = (chunk.stop - 1) / pass();
    on_.backend.make_passes(
        static_cast<int>(last - first) + 1, static_cast<int>(slots_.size()), [&](Backend& backend, int slot, int i) {
          const std::uint64_t begin = (first + static_cast<std::uint64_t>(i)) * pass(), at = begin % chunk_;
          const std::uint64_t row = std::max(begin, chunk.row), stop = std::min(begin + pass(), chunk.stop);
          Slot& own = slots_[static_cast<std::size_t>(slot)];
          const float* const cells = filler_ ? fill(begin, row, stop, own) : generate(backend, begin, row, stop, own);
          backend.decode(on_.numbers, static_cast<int>(columns()), rows_, cells, codes_of(decoded, at),
                         numbers_of(decoded, at));
          backend.end_step();
        });
    Memory& host = buffers_[static_cast<std::size_t>(chunk.buffer)].host;
    on_.backend.start_download(chunk.buffer, decoded, {host.data(), host.size()});
  }

  /// The cells on the device of a pass of rows from `begin` on, of which [row, stop) are wanted, in a step that
  /// start() ends.
  const float* generate(Backend& backend, std::uint64_t begin, std::uint64_t row, std::uint64_t stop, Slot& slot) {
    for (std::uint64_t r = row; r < stop; ++r)
      for (std::size_t k = 0; k < conditions_.known; ++k) put(r, k, &slot.host_cells[(r - begin) * stride()]);
    if (conditions_.known > 0) backend.upload(slot.host_cells, slot.cells);
    backend.begin_step();
    on_.ensemble.generate(backend, rows_, draw(begin), on_.parameters, on_.constants, slot.tape, slot.cells, nullptr,
                          known_);
    return slot.cells;
  }

  /// The same by the filler, whose passes are no steps.
  const float* fill(std::uint64_t begin, std::uint64_t row, std::uint64_t stop, Slot& slot) {
    std::fill(slot.host_cells.begin(), slot.host_cells.end(), 0.0f);
    for (std::uint64_t r = row; r < stop; ++r)
      for (std::size_t k = 0; k < columns(); ++k) put(r, k, &slot.host_cells[(r - begin) * stride()]);
    filler_->fill(draw(begin), slot.host_cells);
    return filler_->cells();
  }

  Draw draw(std::uint64_t first_row) const {
    return {.seed = seed_, .first_row = first_row, .temperature = std::max(how_.temperature, kColdest)};
  }

  /// Waits for a chunk's rows and gives them away.
  bool give(const Chunk& chunk, const TakeRows& take) const {
    on_.backend.finish_download(chunk.buffer);
    float* const decoded = buffers_[static_cast<std::size_t>(chunk.buffer)].host.data();
    return take({chunk.stop - chunk.row, [&](std::size_t begin, std::size_t end, Table& out) {
                   append(decoded, chunk.row + begin, chunk.row + end, out);
                 }});
  }

  /// Appends rows [row, stop) of a decoded chunk.
  void append(float* decoded, std::uint64_t row, std::uint64_t stop, Table& out) const {
    const std::size_t at = row % chunk_, count = stop - row;
    const std::span<const std::uint32_t> code(codes_of(decoded, at), count * columns());
    const std::span<const double> number(numbers_of(decoded, at), count * numbers());
    if (!how_.given) return on_.coding.append_rows(code, number, seed_, row, out);
    Table made = on_.coding.empty_table();
    on_.coding.append_rows(code, number, seed_, row, made);
    append_beside_given(made, row, out);
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
      return on_.coding.columns()[k].encode(how_.given->cell(row, source), 0.5f);
    } catch (const Error& error) {
      fail("row {} of the given ones: {}", row + 1, error.what());
    }
  }

  /// What is given comes out as it is spelled there, all else as it was made.
  void append_beside_given(const Table& made, std::uint64_t row, Table& out) const {
    for (std::size_t r = 0; r < made.rows(); ++r)
      for (std::size_t c = 0; c < made.columns(); ++c) {
        const std::size_t source = conditions_.given[c];
        const bool given = source != Conditions::kNotGiven && !is_hole(row + r, source);
        out.append(given ? how_.given->cell(row + r, source) : made.cell(r, c));
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
  int rows_;  // of a pass
  std::vector<Slot> slots_;
  std::size_t chunk_;  // rows of a chunk, whole passes
  Arena arena_;
  std::array<Buffer, 2> buffers_;
  KnownCells known_;
  std::optional<RowFiller> filler_;  // where the generation order does not do
};

}  // namespace

void generate_rows(const TrainedEnsemble& trained, std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                   const GenerateOptions& how, const TakeRows& take) {
  RowGenerator(trained, count, seed, how).run(first_row, first_row + count, take);
}

}  // namespace meg
