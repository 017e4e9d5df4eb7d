#include "core/model/generation.h"

#include <algorithm>

#include "core/error.h"
#include "core/model/conditions.h"
#include "core/model/filling.h"

namespace meg {

namespace {

/// Colder than this is the same, and numbers stay finite.
constexpr float kColdest = 1e-6f;

/// Generates blocks of kRows rows and writes out what is wanted of them.
class RowGenerator {
 public:
  RowGenerator(const TrainedEnsemble& trained, std::uint64_t seed, const GenerateOptions& how)
      : on_(trained),
        seed_(seed),
        how_(how),
        conditions_(read_conditions(trained.coding, how, trained.ensemble.shape().any_order)),
        arena_(trained.backend.allocate(arena_floats())),
        tape_(trained.ensemble.make_tape(arena_, kRows, false)),
        cells_(arena_.take(kBlock * stride())),
        host_(kBlock * stride()),
        made_(trained.coding.empty_table()) {
    if (!conditions_.in_order) {
      filler_.emplace(trained, conditions_.sets, RowFiller::Sets::kCondition);
      return;
    }
    known_.columns = static_cast<int>(conditions_.known);
    if (!next()) return;
    float* const codes = arena_.take(next()->codes.size());
    trained.backend.upload(next()->codes, codes);
    known_.next = {.codes = codes, .z_low = next()->z_low, .z_high = next()->z_high};
  }

  /// Appends rows [row, stop), which lie in one block.
  void append(std::uint64_t row, std::uint64_t stop, Table& out) {
    const std::uint64_t begin = row / kBlock * kBlock;
    const Draw draw{.seed = seed_, .first_row = begin, .temperature = std::max(how_.temperature, kColdest)};
    if (filler_) {
      std::fill(host_.begin(), host_.end(), 0.0f);
      for (std::uint64_t r = row; r < stop; ++r)
        for (std::size_t k = 0; k < on_.coding.columns().size(); ++k) put(r, k, &host_[(r - begin) * stride()]);
      filler_->fill(draw, host_);
    } else {
      for (std::uint64_t r = row; r < stop; ++r)
        for (std::size_t k = 0; k < conditions_.known; ++k) put(r, k, &host_[(r - begin) * stride()]);
      if (conditions_.known > 0) on_.backend.upload(host_, cells_);
      on_.ensemble.generate(on_.backend, kRows, draw, on_.parameters, on_.constants, tape_, cells_, nullptr, known_);
      on_.backend.download(cells_, host_);
    }
    const std::size_t n = on_.coding.columns().size();
    code_.clear(), z_.clear();
    for (std::uint64_t r = row; r < stop; ++r) {
      const float* cell = &host_[(r - begin) * stride()];
      for (std::size_t j = 0; j < n; ++j)
        code_.push_back(static_cast<std::uint32_t>(cell[j])), z_.push_back(cell[n + j]);
    }
    if (!how_.given) return on_.coding.append_rows(code_, z_, seed_, row, out);
    made_.clear();
    on_.coding.append_rows(code_, z_, seed_, row, made_);
    append_beside_given(row, out);
  }

 private:
  static constexpr int kRows = TrainedEnsemble::kRows;
  static constexpr std::size_t kBlock = kRows;

  std::size_t stride() const { return on_.ensemble.layout().cell_stride(); }
  std::size_t arena_floats() const {
    const std::size_t codes = next() ? next()->codes.size() : 0;
    return on_.ensemble.tape_floats(kRows, false) + Arena::padded(kBlock * stride()) + Arena::padded(codes);
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
    cells[k] = cell ? static_cast<float>(cell->code) : -1.0f;
    cells[n + k] = cell ? cell->z : 0;
    cells[2 * n + k] = cell ? on_.coding.columns()[k].position(*cell) : -1;
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
  void append_beside_given(std::uint64_t row, Table& out) const {
    for (std::size_t r = 0; r < made_.rows(); ++r)
      for (std::size_t c = 0; c < made_.columns(); ++c) {
        const std::size_t source = conditions_.given[c];
        const bool given = source != Conditions::kNotGiven && !is_hole(row + r, source);
        out.append(given ? how_.given->cell(row + r, source) : made_.cell(r, c));
      }
  }

  /// An empty cell of a model of any order is to be generated; in a fixed order it says that the value is missing.
  bool is_hole(std::uint64_t row, std::size_t source) const { return filler_ && how_.given->cell(row, source).empty(); }

  const TrainedEnsemble& on_;
  std::uint64_t seed_;
  const GenerateOptions& how_;
  Conditions conditions_;
  Arena arena_;
  MaskedEnsemble::Tape tape_;
  float* cells_;
  KnownCells known_;
  std::optional<RowFiller> filler_;  // where the generation order does not do
  std::vector<float> host_, z_;
  std::vector<std::uint32_t> code_;
  Table made_;
};

}  // namespace

void generate_rows(const TrainedEnsemble& trained, std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                   const GenerateOptions& how, Table& out) {
  RowGenerator rows(trained, seed, how);
  for_blocks(first_row, count, [&](std::uint64_t row, std::uint64_t stop) { rows.append(row, stop, out); });
}

}  // namespace meg
