#include "core/model/generation.h"

#include <algorithm>

#include "core/error.h"
#include "core/model/conditions.h"

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
        conditions_(read_conditions(trained.coding, how)),
        arena_(trained.backend.allocate(arena_floats())),
        tape_(trained.ensemble.make_tape(arena_, kRows, false)),
        cells_(arena_.take(kBlock * stride())),
        host_(kBlock * stride()),
        made_(trained.coding.empty_table()) {
    known_.columns = static_cast<int>(conditions_.known);
    if (!conditions_.next) return;
    float* const codes = arena_.take(conditions_.next->codes.size());
    trained.backend.upload(conditions_.next->codes, codes);
    known_.next = {codes, conditions_.next->z_low, conditions_.next->z_high};
  }

  /// Appends rows [row, stop), which lie in one block.
  void append(std::uint64_t row, std::uint64_t stop, Table& out) {
    const std::uint64_t begin = row / kBlock * kBlock;
    if (conditions_.known > 0) {
      for (std::uint64_t r = row; r < stop; ++r) put_known(r, &host_[(r - begin) * stride()]);
      on_.backend.upload(host_, cells_);
    }
    on_.ensemble.generate(on_.backend, kRows,
                          {.seed = seed_, .first_row = begin, .temperature = std::max(how_.temperature, kColdest)},
                          on_.parameters, on_.constants, tape_, cells_, nullptr, known_);
    on_.backend.download(cells_, host_);
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
    const std::size_t codes = conditions_.next ? conditions_.next->codes.size() : 0;
    return on_.ensemble.tape_floats(kRows, false) + Arena::padded(kBlock * stride()) + Arena::padded(codes);
  }

  /// The known cells of a row, into its cells.
  void put_known(std::uint64_t row, float* cells) const {
    const std::size_t n = on_.coding.columns().size();
    for (std::size_t k = 0; k < conditions_.known; ++k) {
      const Cell cell = conditions_.same[k] ? *conditions_.same[k] : given_cell(row, k);
      cells[k] = static_cast<float>(cell.code);
      cells[n + k] = cell.z;
      cells[2 * n + k] = on_.coding.columns()[k].position(cell);
    }
  }

  Cell given_cell(std::uint64_t row, std::size_t k) const {
    const std::size_t source = conditions_.given[on_.coding.schema_column(k)];
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
        out.append(source != Conditions::kNotGiven ? how_.given->cell(row + r, source) : made_.cell(r, c));
      }
  }

  const TrainedEnsemble& on_;
  std::uint64_t seed_;
  const GenerateOptions& how_;
  Conditions conditions_;
  Arena arena_;
  MaskedEnsemble::Tape tape_;
  float* cells_;
  KnownCells known_;
  std::vector<float> host_, z_;
  std::vector<std::uint32_t> code_;
  Table made_;
};

}  // namespace

void generate_rows(const TrainedEnsemble& trained, std::uint64_t first_row, std::size_t count, std::uint64_t seed,
                   const GenerateOptions& how, Table& out) {
  RowGenerator rows(trained, seed, how);
  constexpr std::uint64_t block = TrainedEnsemble::kRows;
  for (std::uint64_t row = first_row, end = first_row + count; row < end;) {
    const std::uint64_t stop = std::min(end, row / block * block + block);
    rows.append(row, stop, out);
    row = stop;
  }
}

}  // namespace meg
